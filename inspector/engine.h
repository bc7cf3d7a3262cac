/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - the replay, in a process of its own, reached by its control socket (docs/control-protocol.7.md).
 *
 *	idle --first request--> starting --socket is there--> ready --server ends--> failed
 *	                            \-------server ends--------------------------------^
 *
 * Nothing that a replayed program does reaches the window: it and its server are other processes, and all that comes from them
 * is lines of JSON.  Requests are answered in their order; none blocks.  All functions are for the main thread.
 *
 * Signal "changed": pending requests, or whether there is an engine at all.
 */
#ifndef INSP_ENGINE_H
#define INSP_ENGINE_H

#include <json-glib/json-glib.h>

#define INSP_TYPE_ENGINE (insp_engine_get_type())
G_DECLARE_FINAL_TYPE(InspEngine, insp_engine, INSP, ENGINE, GObject)

InspEngine *insp_engine_new(const char *trace);

/* Calls back once, unless the engine is stopped before: answer is NULL when the request was refused, and error says why;
 * it and what it holds are valid until the callback returns.  data is freed by data_free after that, in any case. */
typedef void (*insp_answer_func)(JsonObject *answer, const char *error, gpointer data);
/* request: the members of a JSON object without "id", printed as by printf; %s must be quoted by insp_engine_quote(). */
__attribute__((format(printf, 5, 6))) void insp_engine_ask(InspEngine *engine, insp_answer_func func, gpointer data,
							   GDestroyNotify data_free, const char *request, ...);
/* As insp_engine_ask(), for what insp_engine_cancel() leaves alone: it changes something that stays. */
__attribute__((format(printf, 5, 6))) void insp_engine_tell(InspEngine *engine, insp_answer_func func, gpointer data,
							    GDestroyNotify data_free, const char *request, ...);
/* "text" as JSON has it. */
char *insp_engine_quote(const char *text);
/* The program `hindcast` that belongs to this one; NULL: there is none. */
char *insp_engine_program(void);
/* Ends the move that is under way, and refuses what was asked and has not begun: a move that waits for another would else begin
 * when that one ends.  All are called back. */
void insp_engine_cancel(InspEngine *engine);
/* Requests without an answer. */
guint insp_engine_pending(InspEngine *engine);
/* NULL: it works, or was not asked yet. */
const char *insp_engine_failure(InspEngine *engine);
/* Ends the server; nobody is called back any more. */
void insp_engine_stop(InspEngine *engine);

#endif
