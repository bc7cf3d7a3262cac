/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pager.h"

#include <string.h>

#include "base/check.h"
#include "summary.h"
#include "text.h"

struct page {
	guint64 used;			/* larger: later */
	struct insp_line lines[INSP_PAGE];
	char *text;			/* what the lines point to */
};

enum job_type { JOB_PAGE, JOB_BODY, JOB_QUIT };
struct job {
	enum job_type type;
	uint32_t number;		/* of the page or event */
	guint serial;			/* of body requests */
	InspPager *pager;		/* a reference, so that answers find it */
	struct page *page;		/* the answers */
	GBytes *body;
};

struct _InspPager {
	GObject parent;
	const struct insp_run *run;
	GHashTable *pages;		/* number -> struct page; NULL value: asked for */
	guint64 clock;
	GThread *thread;
	GAsyncQueue *jobs;
	gboolean stopped;
	guint pending;
	guint body_serial;
	insp_body_func body_func;
	gpointer body_data;
};

G_DEFINE_FINAL_TYPE(InspPager, insp_pager, G_TYPE_OBJECT)

static guint signal_loaded;

static void page_free(gpointer data)
{
	struct page *page = data;

	if (!page)
		return;
	g_free(page->text);
	g_free(page);
}

static void job_free(struct job *job)
{
	page_free(job->page);
	g_clear_pointer(&job->body, g_bytes_unref);
	g_object_unref(job->pager);
	g_free(job);
}

/* ---- the thread ---- */

/* An arrival or a loss in the words of the frame, which stands in the event of its sending. */
static bool put_arrival(const struct insp_run *run, struct fmt_reader *reader, uint32_t seq, struct fmt_buf *text)
{
	const uint32_t packet = insp_packet_of(run, seq);
	struct fmt_ev_packet_send sent;
	struct fmt_event event;

	if (packet == INSP_NONE || fmt_reader_event(reader, run->packets[packet].send, &event, NULL) < 0 ||
	    event.kind != FMT_packet_send || fmt_get_packet_send(&event, &sent) < 0)
		return false;
	insp_put_frame(text, sent.frame.data, sent.frame.size);
	return true;
}

static void put_line(const struct insp_run *run, struct fmt_reader *reader, uint32_t seq, struct fmt_buf *text, vtime_ns *ret_ran)
{
	struct fmt_error error = {{0}};
	struct fmt_event event;

	if (run->kind[seq] == FMT_packet_recv && put_arrival(run, reader, seq, text))
		return;
	if (fmt_reader_event(reader, seq, &event, &error) < 0) {
		fmt_buf_put(text, error.text, strlen(error.text));
		return;
	}
	insp_put_summary(text, &event, ret_ran);
	if (run->kind[seq] != FMT_packet_drop)
		return;
	fmt_put_text(text, ": ");
	put_arrival(run, reader, seq, text);
}

static struct page *read_page(const struct insp_run *run, struct fmt_reader *reader, uint32_t number)
{
	struct page *page = g_new0(struct page, 1);
	size_t starts[INSP_PAGE];
	struct fmt_buf text = {0};
	const uint32_t first = number * INSP_PAGE;

	for (uint32_t i = 0; i < INSP_PAGE; i++) {
		starts[i] = text.size;
		if (reader && first + i < run->count)
			put_line(run, reader, first + i, &text, &page->lines[i].ran);
		fmt_buf_put(&text, "", 1);
	}
	page->text = g_memdup2(text.data, text.size);
	for (uint32_t i = 0; i < INSP_PAGE; i++)
		page->lines[i].text = page->text + starts[i];
	fmt_buf_done(&text);
	return page;
}

static void forget_oldest(InspPager *pager)
{
	GHashTableIter iter;
	gpointer key, value, oldest = NULL;
	guint64 used = G_MAXUINT64;

	g_hash_table_iter_init(&iter, pager->pages);
	while (g_hash_table_iter_next(&iter, &key, &value))
		if (value && ((struct page *)value)->used < used) {
			used = ((struct page *)value)->used;
			oldest = key;
		}
	if (used != G_MAXUINT64)
		g_hash_table_remove(pager->pages, oldest);
}

/* In the main thread again. */
static gboolean answer(gpointer data)
{
	struct job *job = data;
	InspPager *pager = job->pager;

	if (!pager->stopped) {
		pager->pending--;
		if (job->type == JOB_PAGE) {
			job->page->used = ++pager->clock;
			g_hash_table_replace(pager->pages, GUINT_TO_POINTER(job->number), g_steal_pointer(&job->page));
			if (g_hash_table_size(pager->pages) > INSP_PAGES_MAX)
				forget_oldest(pager);
			g_signal_emit(pager, signal_loaded, 0, job->number * INSP_PAGE, INSP_PAGE);
		} else if (job->serial == pager->body_serial && pager->body_func) {
			pager->body_func(job->number, job->body, pager->body_data);
		}
	}
	job_free(job);
	return G_SOURCE_REMOVE;
}

static gpointer read_jobs(gpointer data)
{
	InspPager *pager = data;
	struct fmt_reader *reader = NULL;
	struct fmt_event event;

	/* A trace that opened a moment ago may be gone: then all lines are empty. */
	if (fmt_reader_open(pager->run->path, &reader, NULL) < 0)
		reader = NULL;
	for (;;) {
		struct job *job = g_async_queue_pop(pager->jobs);

		if (job->type == JOB_QUIT) {
			job_free(job);
			break;
		}
		if (job->type == JOB_PAGE)
			job->page = read_page(pager->run, reader, job->number);
		else if (reader && fmt_reader_event(reader, job->number, &event, NULL) == 0)
			job->body = g_bytes_new(event.body, event.body_size);
		g_idle_add_full(G_PRIORITY_DEFAULT, answer, job, NULL);
	}
	fmt_reader_close(reader);
	return NULL;
}

/* ---- asking ---- */

/* What was asked for last is on the screen now: it comes first. */
static struct job *push(InspPager *pager, enum job_type type, uint32_t number)
{
	struct job *job = g_new0(struct job, 1);

	job->type = type;
	job->number = number;
	job->pager = g_object_ref(pager);
	if (type == JOB_BODY)
		job->serial = ++pager->body_serial;
	if (type != JOB_QUIT)
		pager->pending++;
	g_async_queue_push_front(pager->jobs, job);
	return job;
}

const struct insp_line *insp_pager_peek(InspPager *pager, uint32_t seq)
{
	struct page *page = g_hash_table_lookup(pager->pages, GUINT_TO_POINTER(seq / INSP_PAGE));

	if (!page)
		return NULL;
	page->used = ++pager->clock;
	return &page->lines[seq % INSP_PAGE];
}

const struct insp_line *insp_pager_line(InspPager *pager, uint32_t seq)
{
	const struct insp_line *line = insp_pager_peek(pager, seq);

	if (line || pager->stopped || seq >= pager->run->count)
		return line;
	if (!g_hash_table_contains(pager->pages, GUINT_TO_POINTER(seq / INSP_PAGE))) {
		g_hash_table_insert(pager->pages, GUINT_TO_POINTER(seq / INSP_PAGE), NULL);
		push(pager, JOB_PAGE, seq / INSP_PAGE);
	}
	return NULL;
}

void insp_pager_body(InspPager *pager, uint32_t seq, insp_body_func func, gpointer data)
{
	pager->body_func = func;
	pager->body_data = data;
	if (!pager->stopped)
		push(pager, JOB_BODY, seq);
}

guint insp_pager_pending(InspPager *pager)
{
	return pager->pending;
}

void insp_pager_stop(InspPager *pager)
{
	if (pager->stopped)
		return;
	pager->stopped = TRUE;
	push(pager, JOB_QUIT, 0);
	g_thread_join(g_steal_pointer(&pager->thread));
	for (struct job *job; (job = g_async_queue_try_pop(pager->jobs));)
		job_free(job);
}

static void insp_pager_finalize(GObject *object)
{
	InspPager *pager = INSP_PAGER(object);

	CHECK(!pager->thread);
	g_hash_table_unref(pager->pages);
	g_async_queue_unref(pager->jobs);
	G_OBJECT_CLASS(insp_pager_parent_class)->finalize(object);
}

static void insp_pager_class_init(InspPagerClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_pager_finalize;
	signal_loaded = g_signal_new("loaded", INSP_TYPE_PAGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
				     G_TYPE_UINT, G_TYPE_UINT);
}

static void insp_pager_init(InspPager *pager)
{
	pager->pages = g_hash_table_new_full(NULL, NULL, NULL, page_free);
	pager->jobs = g_async_queue_new();
}

InspPager *insp_pager_new(const struct insp_run *run)
{
	InspPager *pager = g_object_new(INSP_TYPE_PAGER, NULL);

	pager->run = run;
	pager->thread = g_thread_new("pager", read_jobs, pager);
	return pager;
}
