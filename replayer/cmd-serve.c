/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-serve.c - `hindcast serve` and `hindcast ctl`: the control protocol, served and spoken. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "rep-commands.h"
#include "serve.h"

static struct rep_control *open_control(const char *path, enum fmt_status *ret_status)
{
	struct rep_control *control;
	struct fmt_error error = {{0}};
	struct fmt_reader *reader = fmt_open_trace(path, ret_status);

	/* Opened first, so that what is no trace at all is refused as by every other command. */
	if (!reader)
		return NULL;
	fmt_reader_close(reader);
	const int r = rep_control_new(path, NULL, &control, &error);

	if (r == 0)
		return control;
	fmt_complain("%s: %s", path, error.text[0] ? error.text : strerror(-r));
	*ret_status = r == -ENODEV ? FMT_STATUS_HOST : r == -EBADMSG ? FMT_STATUS_NO : FMT_STATUS_USAGE;
	return NULL;
}

static enum fmt_status command_serve(const struct fmt_arguments *args)
{
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	_cleanup_free_ char *path = args->value[FMT_OPTION_SOCKET] ? fmt_text_of("%s", args->value[FMT_OPTION_SOCKET]) :
								    fmt_text_of("%s.socket", args->operand[0]);
	_cleanup_(rep_control_freep) struct rep_control *control = open_control(args->operand[0], &status);

	if (!control)
		return status;
	const int fd = rep_serve_listen(path, &error);

	if (fd < 0) {
		fmt_complain("%s", error.text);
		return FMT_STATUS_HOST;
	}
	fprintf(stderr, "serving %s at %s\n", args->operand[0], path);
	rep_serve(control, fd, args->value[FMT_OPTION_STDIN] ? STDIN_FILENO : -1, path);
	return FMT_STATUS_OK;
}

/* ---- speaking to one --------------------------------------------------------------- */

struct speaker {
	struct rep_control *control;	/* NULL: fd is a server's */
	int fd;
	FILE *from;			/* of fd */
	int64_t id;
	bool refused;
};

/* The control that a Ctrl-C ends the move of. */
static struct rep_control *interrupted;

static void on_interrupt(int signo)
{
	(void)signo;
	rep_control_interrupt(interrupted);
}

static bool is_refusal(const char *answer)
{
	return strstr(answer, "\"ok\":false") != NULL;
}

static bool ask_server(struct speaker *speaker, const struct fmt_buf *line)
{
	char *answer = NULL;
	size_t capacity = 0;
	bool got;

	if (send(speaker->fd, line->data, line->size, MSG_NOSIGNAL) != (ssize_t)line->size ||
	    send(speaker->fd, "\n", 1, MSG_NOSIGNAL) != 1) {
		fmt_complain("the server is gone");
		return false;
	}
	got = getline(&answer, &capacity, speaker->from) > 0;
	if (got) {
		fputs(answer, stdout);
		speaker->refused |= is_refusal(answer);
	} else {
		fmt_complain("the server is gone");
	}
	free(answer);
	return got;
}

static bool ask(struct speaker *speaker, const char *text, enum fmt_status *ret_status)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0}, answer = {0};
	struct fmt_error error = {{0}};
	bool good;

	if (!rep_request_line(text, ++speaker->id, &line, &error)) {
		fmt_complain("%s: %s", text, error.text);
		*ret_status = FMT_STATUS_USAGE;
		return false;
	}
	if (speaker->control) {
		rep_control_begin(speaker->control);
		speaker->refused |= !rep_control_handle(speaker->control, (const char *)line.data, line.size, &answer);
		fmt_buf_put(&answer, "\n", 1);
		good = fwrite(answer.data, 1, answer.size, stdout) == answer.size;
	} else {
		good = ask_server(speaker, &line);
	}
	fflush(stdout);
	*ret_status = good ? FMT_STATUS_OK : FMT_STATUS_HOST;
	return good && !(speaker->control && rep_control_is_over(speaker->control));
}

static enum fmt_status ask_all(struct speaker *speaker, const struct fmt_arguments *args, size_t first)
{
	enum fmt_status status = FMT_STATUS_OK;
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	for (size_t i = first; i < args->operand_count; i++)
		if (!ask(speaker, args->operand[i], &status))
			return status;
	while (first == args->operand_count && (size = getline(&line, &capacity, stdin)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[strspn(line, " ")] && !ask(speaker, line, &status))
			break;
	}
	free(line);
	return status != FMT_STATUS_OK ? status : speaker->refused ? FMT_STATUS_NO : FMT_STATUS_OK;
}

static enum fmt_status ctl_server(const struct fmt_arguments *args)
{
	struct fmt_error error = {{0}};
	struct speaker speaker = {.fd = rep_serve_connect(args->value[FMT_OPTION_SOCKET], &error)};

	if (speaker.fd < 0) {
		fmt_complain("%s; is `hindcast serve` there?", error.text);
		return FMT_STATUS_HOST;
	}
	speaker.from = fdopen(dup(speaker.fd), "r");
	CHECK(speaker.from);
	const enum fmt_status status = ask_all(&speaker, args, 0);

	fclose(speaker.from);
	close(speaker.fd);
	return status;
}

static enum fmt_status command_ctl(const struct fmt_arguments *args)
{
	enum fmt_status status = FMT_STATUS_OK;

	if (args->value[FMT_OPTION_SOCKET])
		return ctl_server(args);
	if (!args->operand_count) {
		fmt_complain("ctl takes a trace, or --socket");
		return FMT_STATUS_USAGE;
	}
	_cleanup_(rep_control_freep) struct rep_control *control = open_control(args->operand[0], &status);

	if (!control)
		return status;
	struct speaker speaker = {.control = control, .fd = -1};

	interrupted = control;
	signal(SIGINT, on_interrupt);
	status = ask_all(&speaker, args, 1);
	signal(SIGINT, SIG_DFL);
	return status;
}

const struct fmt_command rep_cmd_serve = {
	.name = "serve",
	.usage = "TRACE",
	.summary = "let programs drive a replay, over a local socket",
	.options = "socket stdin",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_serve,
};

const struct fmt_command rep_cmd_ctl = {
	.name = "ctl",
	.usage = "TRACE [REQUEST...] | --socket PATH [REQUEST...]",
	.summary = "drive a replay by requests of the control protocol",
	.options = "socket",
	.operand_min = 0,
	.operand_max = 256,
	.run = command_ctl,
};
