/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ink.h"

#include <adwaita.h>

/* In high contrast what is drawn in part is drawn in the better part; grounds, which are fainter than that, stay as faint. */
static float strengthen(float alpha)
{
	return alpha >= 0.25f && alpha < 1 ? 0.6f + 0.4f * alpha : alpha;
}

GdkRGBA insp_ink_alpha(GdkRGBA color, float alpha)
{
	const bool contrast = adw_style_manager_get_high_contrast(adw_style_manager_get_default());

	color.alpha *= contrast ? strengthen(alpha) : alpha;
	return color;
}

static GdkRGBA look_up(GtkStyleContext *style, const char *name, const char *fallback)
{
	GdkRGBA color;

	if (!gtk_style_context_lookup_color(style, name, &color))
		gdk_rgba_parse(&color, fallback);
	return color;
}

void insp_ink_get(GtkWidget *widget, struct insp_ink *ret)
{
	GtkStyleContext *style = gtk_widget_get_style_context(widget);
	AdwStyleManager *manager = adw_style_manager_get_default();
	const bool contrast = adw_style_manager_get_high_contrast(manager);

	gtk_style_context_get_color(style, &ret->text);
	ret->faint = insp_ink_alpha(ret->text, 0.72f);
	ret->grid = ret->text;
	ret->grid.alpha *= contrast ? 0.4f : 0.1f;
	ret->accent = look_up(style, "accent_color", "#1c71d8");
	ret->error = look_up(style, "error_color", "#c01c28");
	ret->warning = look_up(style, "warning_color", "#9c6e03");
	ret->background = look_up(style, "view_bg_color", "#ffffff");
	ret->dark = adw_style_manager_get_dark(manager);
}

const char *insp_ink_run(int run)
{
	static const char *const colors[2][2] = {{"#1c71d8", "#9c6e03"}, {"#78aeed", "#f8e45c"}};

	return colors[adw_style_manager_get_dark(adw_style_manager_get_default())][run];
}

/* Muted, apart in lightness too; more lanes than these repeat. */
GdkRGBA insp_ink_lane(const struct insp_ink *ink, guint lane)
{
	static const char *const light[] = {"#5e5c64", "#3a6ea5", "#4b8065", "#8a6a3b", "#7a5a96", "#36808a", "#985667"};
	static const char *const dark[] = {"#9a9996", "#78aeea", "#86c8a4", "#d5b27a", "#bf9ee0", "#74c4cf", "#e59aac"};
	GdkRGBA color;

	gdk_rgba_parse(&color, lane == 0 ? (ink->dark ? dark : light)[0]
					 : (ink->dark ? dark : light)[1 + (lane - 1) % 6]);
	return color;
}

static PangoLayout *layout_new(GtkWidget *widget, const char *text, double width_max, int *ret_width, int *ret_height)
{
	PangoLayout *layout = gtk_widget_create_pango_layout(widget, text);
	PangoAttrList *attributes = pango_attr_list_new();

	pango_attr_list_insert(attributes, pango_attr_font_features_new("tnum=1"));
	pango_attr_list_insert(attributes, pango_attr_scale_new(0.86));
	pango_layout_set_attributes(layout, attributes);
	pango_attr_list_unref(attributes);
	pango_layout_get_pixel_size(layout, ret_width, ret_height);
	if (*ret_width > width_max) {
		pango_layout_set_width(layout, (int)(width_max * PANGO_SCALE));
		pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
		pango_layout_get_pixel_size(layout, ret_width, ret_height);
	}
	return layout;
}

static void put_layout(GtkSnapshot *snapshot, PangoLayout *layout, double x, double y, const GdkRGBA *color)
{
	gtk_snapshot_save(snapshot);
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)x, (float)y));
	gtk_snapshot_append_layout(snapshot, layout, color);
	gtk_snapshot_restore(snapshot);
}

double insp_ink_text(GtkSnapshot *snapshot, GtkWidget *widget, const char *text, double x, double y, double anchor,
		     double width_max, const GdkRGBA *color)
{
	int width, height;
	g_autoptr(PangoLayout) layout = layout_new(widget, text, width_max, &width, &height);

	put_layout(snapshot, layout, x - width * anchor, y - height / 2.0, color);
	return width;
}

void insp_ink_name(GtkSnapshot *snapshot, GtkWidget *widget, const char *text, double x, double y, double width_max,
		   const GdkRGBA *color, const GdkRGBA *ground)
{
	int width, height;
	g_autoptr(PangoLayout) layout = layout_new(widget, text, width_max, &width, &height);

	insp_ink_rect(snapshot, ground, x - width / 2.0 - 3, y - height / 2.0, width + 6, height);
	put_layout(snapshot, layout, x - width / 2.0, y - height / 2.0, color);
}

void insp_ink_rect(GtkSnapshot *snapshot, const GdkRGBA *color, double x, double y, double width, double height)
{
	gtk_snapshot_append_color(snapshot, color,
				  &GRAPHENE_RECT_INIT((float)x, (float)y, (float)width, (float)height));
}
