/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>

#define CONNECT_EVERY_MS 15

struct waiting {
	guint id;
	gboolean stays;			/* not to be cancelled */
	gboolean cancelled;		/* the server has been told */
	insp_answer_func func;
	gpointer data;
	GDestroyNotify data_free;
};

static void waiting_free(gpointer data)
{
	struct waiting *w = data;

	w->data_free(w->data);
	g_free(w);
}

struct _InspEngine {
	GObject parent;
	char *trace, *folder, *socket_path;
	int leash;			/* the server's standard input, which ends with this process however that ends; -1: there is none */
	char *failure;
	GSubprocess *server;
	GSocketConnection *connection;
	GDataInputStream *input;
	GString *unsent;		/* lines */
	GBytes *writing;		/* that are being sent; NULL: none are */
	GQueue waiting;			/* struct waiting *, in the order of the requests */
	GCancellable *cancel;
	guint last_id;
	guint connect_timer;
	gboolean stopped;
};

G_DEFINE_FINAL_TYPE(InspEngine, insp_engine, G_TYPE_OBJECT)

static guint signal_changed;

static void changed(InspEngine *engine)
{
	if (!engine->stopped)
		g_signal_emit(engine, signal_changed, 0);
}

/* Everybody who waits is told. */
static void fail(InspEngine *engine, const char *text)
{
	if (engine->stopped || engine->failure)
		return;
	engine->failure = g_strdup(text);
	g_clear_handle_id(&engine->connect_timer, g_source_remove);
	g_string_truncate(engine->unsent, 0);
	for (struct waiting *w; (w = g_queue_pop_head(&engine->waiting));) {
		w->func(NULL, engine->failure, w->data);
		waiting_free(w);
	}
	changed(engine);
}

/* ---- lines ---- */

static struct waiting *take_waiting(InspEngine *engine, guint id)
{
	for (GList *at = engine->waiting.head; at; at = at->next) {
		struct waiting *w = at->data;

		if (w->id == id) {
			g_queue_delete_link(&engine->waiting, at);
			return w;
		}
	}
	return NULL;
}

static void take_line(InspEngine *engine, const char *line)
{
	g_autoptr(JsonParser) parser = json_parser_new();

	if (!json_parser_load_from_data(parser, line, -1, NULL) ||
	    !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser))) {
		fail(engine, "the replay answered something that is no JSON");
		return;
	}
	JsonObject *answer = json_node_get_object(json_parser_get_root(parser));
	struct waiting *w = take_waiting(engine, (guint)json_object_get_int_member_with_default(answer, "id", 0));

	if (!w)
		return;
	const gboolean ok = json_object_get_boolean_member_with_default(answer, "ok", FALSE);

	w->func(ok ? answer : NULL, ok ? NULL : json_object_get_string_member_with_default(answer, "error", "refused"), w->data);
	waiting_free(w);
	changed(engine);
}

static void line_read(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autoptr(InspEngine) engine = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(object), result, NULL, &error);

	if (engine->stopped)
		return;
	if (!line) {
		fail(engine, error ? error->message : "the replay has ended");
		return;
	}
	take_line(engine, line);
	if (!engine->stopped && !engine->failure)
		g_data_input_stream_read_line_async(engine->input, G_PRIORITY_DEFAULT, engine->cancel, line_read,
						    g_object_ref(engine));
}

static void write_on(InspEngine *engine);

static void written(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autoptr(InspEngine) engine = data;
	g_autoptr(GError) error = NULL;
	const gboolean done = g_output_stream_write_all_finish(G_OUTPUT_STREAM(object), result, NULL, &error);

	g_clear_pointer(&engine->writing, g_bytes_unref);
	if (engine->stopped)
		return;
	if (done)
		write_on(engine);
	else
		fail(engine, error->message);
}

/* The server may be in the middle of an answer, which nobody reads while we wait for it to read: so nobody waits. */
static void write_on(InspEngine *engine)
{
	gsize size;

	if (engine->writing || !engine->connection || !engine->unsent->len)
		return;
	engine->writing = g_string_free_to_bytes(engine->unsent);
	engine->unsent = g_string_new(NULL);
	const void *lines = g_bytes_get_data(engine->writing, &size);

	g_output_stream_write_all_async(g_io_stream_get_output_stream(G_IO_STREAM(engine->connection)), lines, size, G_PRIORITY_DEFAULT,
					engine->cancel, written, g_object_ref(engine));
}

static void send_line(InspEngine *engine, const char *line)
{
	g_string_append(engine->unsent, line);
	write_on(engine);
}

/* ---- the server ---- */

/* HINDCAST, then beside this program, then where it lies in the build, then in PATH. */
char *insp_engine_program(void)
{
	const char *named = g_getenv("HINDCAST");
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = g_path_get_dirname(self ? self : ".");
	g_autofree char *beside = g_build_filename(folder, "hindcast", NULL);
	g_autofree char *above = g_build_filename(folder, "..", "hindcast", NULL);

	if (named && *named)
		return g_strdup(named);
	if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
		return g_steal_pointer(&beside);
	if (g_file_test(above, G_FILE_TEST_IS_EXECUTABLE) && !g_file_test(above, G_FILE_TEST_IS_DIR))
		return g_steal_pointer(&above);
	return g_find_program_in_path("hindcast");
}

static gboolean try_connect(gpointer data)
{
	InspEngine *engine = data;
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(engine->socket_path);

	engine->connection = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), engine->cancel, NULL);
	if (!engine->connection)
		return G_SOURCE_CONTINUE;
	engine->connect_timer = 0;
	engine->input = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(engine->connection)));
	g_data_input_stream_read_line_async(engine->input, G_PRIORITY_DEFAULT, engine->cancel, line_read, g_object_ref(engine));
	write_on(engine);
	return G_SOURCE_REMOVE;
}

/* What it said last is why. */
static void server_ended(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autoptr(InspEngine) engine = data;
	g_autofree char *text = NULL;

	g_subprocess_communicate_utf8_finish(G_SUBPROCESS(object), result, NULL, &text, NULL);
	g_strchomp(text ? text : "");
	fail(engine, text && *text ? text : "the replay has ended");
}

static GSubprocess *spawn(InspEngine *engine, const char *program, GError **error)
{
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
	int ends[2];

	if (!g_unix_open_pipe(ends, FD_CLOEXEC, error))
		return NULL;
	g_subprocess_launcher_take_stdin_fd(launcher, ends[0]);
	engine->leash = ends[1];
	return g_subprocess_launcher_spawn(launcher, error, program, "serve", "--stdin", "--socket", engine->socket_path, engine->trace,
					   NULL);
}

static void start(InspEngine *engine)
{
	g_autofree char *program = insp_engine_program();
	g_autoptr(GError) error = NULL;

	if (!program) {
		fail(engine, "there is no program `hindcast` beside this one or in PATH");
		return;
	}
	engine->folder = g_dir_make_tmp("hindcast-inspector-XXXXXX", &error);
	if (!engine->folder) {
		fail(engine, error->message);
		return;
	}
	engine->socket_path = g_build_filename(engine->folder, "replay", NULL);
	engine->server = spawn(engine, program, &error);
	if (!engine->server) {
		fail(engine, error->message);
		return;
	}
	g_subprocess_communicate_utf8_async(engine->server, NULL, engine->cancel, server_ended, g_object_ref(engine));
	engine->connect_timer = g_timeout_add(CONNECT_EVERY_MS, try_connect, engine);
}

/* ---- asking ---- */

static void ask(InspEngine *engine, const struct waiting *asked, const char *request, va_list args)
{
	g_autofree char *members = g_strdup_vprintf(request, args);

	if (!engine->server && !engine->failure && !engine->stopped)
		start(engine);
	if (engine->failure && !engine->stopped)
		asked->func(NULL, engine->failure, asked->data);
	if (engine->failure || engine->stopped) {
		asked->data_free(asked->data);
		return;
	}
	struct waiting *w = g_new(struct waiting, 1);

	*w = *asked;
	w->id = ++engine->last_id;
	g_queue_push_tail(&engine->waiting, w);
	g_autofree char *line = g_strdup_printf("{\"id\":%u,%s}\n", w->id, members);

	send_line(engine, line);
	changed(engine);
}

#define ASK(name, lasts)                                                                           \
	void name(InspEngine *engine, insp_answer_func func, gpointer data, GDestroyNotify data_free,  \
		  const char *request, ...)                                                        \
	{                                                                                          \
		const struct waiting asked = {.stays = lasts, .func = func, .data = data, .data_free = data_free}; \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, request);                                                           \
		ask(engine, &asked, request, args);                                                \
		va_end(args);                                                                      \
	}

ASK(insp_engine_ask, FALSE)
ASK(insp_engine_tell, TRUE)

char *insp_engine_quote(const char *text)
{
	g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), text);

	return json_to_string(node, FALSE);
}

/* Latest first: what waits is refused before what it waits for ends.  Lines may not be sent yet, so the cancelling takes the same
 * way. */
void insp_engine_cancel(InspEngine *engine)
{
	for (GList *at = engine->waiting.tail; at && !engine->failure && !engine->stopped; at = at->prev) {
		struct waiting *w = at->data;
		g_autofree char *line = g_strdup_printf("{\"id\":0,\"do\":\"cancel\",\"request\":%u}\n", w->id);

		/* Not twice: each is answered. */
		if (w->stays || w->cancelled)
			continue;
		w->cancelled = TRUE;
		send_line(engine, line);
	}
}

guint insp_engine_pending(InspEngine *engine)
{
	return engine->stopped ? 0 : engine->waiting.length;
}

const char *insp_engine_failure(InspEngine *engine)
{
	return engine->failure;
}

void insp_engine_stop(InspEngine *engine)
{
	if (engine->stopped)
		return;
	engine->stopped = TRUE;
	g_cancellable_cancel(engine->cancel);
	g_clear_handle_id(&engine->connect_timer, g_source_remove);
	/* It ends its tracees when it is terminated, and when its only client is gone it has nothing else to do. */
	if (engine->server)
		g_subprocess_send_signal(engine->server, SIGTERM);
	g_clear_object(&engine->input);
	g_clear_object(&engine->connection);
	if (engine->socket_path)
		g_unlink(engine->socket_path);
	if (engine->folder)
		g_rmdir(engine->folder);
	g_string_truncate(engine->unsent, 0);
	g_queue_clear_full(&engine->waiting, waiting_free);
}

static void insp_engine_finalize(GObject *object)
{
	InspEngine *engine = INSP_ENGINE(object);

	insp_engine_stop(engine);
	if (engine->leash >= 0)
		g_close(engine->leash, NULL);
	g_clear_object(&engine->server);
	g_object_unref(engine->cancel);
	g_string_free(engine->unsent, TRUE);
	g_clear_pointer(&engine->writing, g_bytes_unref);
	g_free(engine->trace);
	g_free(engine->folder);
	g_free(engine->socket_path);
	g_free(engine->failure);
	G_OBJECT_CLASS(insp_engine_parent_class)->finalize(object);
}

static void insp_engine_class_init(InspEngineClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_engine_finalize;
	signal_changed = g_signal_new("changed", INSP_TYPE_ENGINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void insp_engine_init(InspEngine *engine)
{
	engine->cancel = g_cancellable_new();
	engine->leash = -1;
	engine->unsent = g_string_new(NULL);
	g_queue_init(&engine->waiting);
}

InspEngine *insp_engine_new(const char *trace)
{
	InspEngine *engine = g_object_new(INSP_TYPE_ENGINE, NULL);

	engine->trace = g_strdup(trace);
	return engine;
}
