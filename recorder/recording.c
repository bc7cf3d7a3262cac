/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording.c - where experiments, traces and data directories lie. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command.h"
#include "nodefs.h"
#include "recording.h"

char *rec__without_suffix(const char *name, const char *suffix)
{
	const size_t length = strlen(name), cut = strlen(suffix);

	if (length > cut && strcmp(name + length - cut, suffix) == 0)
		return fmt_text_of("%.*s", (int)(length - cut), name);
	return fmt_text_of("%s", name);
}

char *rec__experiment_file(const char *experiment)
{
	struct stat st;
	const bool folder = stat(experiment, &st) == 0 && S_ISDIR(st.st_mode);

	return folder ? fmt_text_of("%s/experiment.yaml", experiment) : fmt_text_of("%s", experiment);
}

char *rec__trace_path(const char *experiment)
{
	_cleanup_free_ char *file = rec__experiment_file(experiment);
	char folder[PATH_MAX];
	_cleanup_free_ char *copy_of_file = fmt_text_of("%s", file);
	_cleanup_free_ char *copy_of_path = fmt_text_of("%s", file);
	const char *const dir = dirname(copy_of_path);
	_cleanup_free_ char *stem = rec__without_suffix(basename(copy_of_file), ".yaml");

	if (strcmp(stem, "experiment") == 0 && realpath(dir, folder))
		return fmt_text_of("%s/%s.hct", dir, basename(folder));
	return fmt_text_of("%s/%s.hct", dir, stem);
}

char *rec__branch_path(const char *trace)
{
	_cleanup_free_ char *stem = rec__without_suffix(trace, ".hct");

	return fmt_text_of("%s.branch.hct", stem);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	/* The directory itself stays; its marker goes with the rest and is made again. */
	if (ftw->level == 0)
		return 0;
	return remove(path);
}

bool rec__data_prepare(const char *dir, const char *option)
{
	_cleanup_free_ char *marker = fmt_text_of("%s/" REC_NODEFS_DATA_MARKER, dir);

	if (mkdir(dir, 0777) < 0) {
		if (errno != EEXIST) {
			fmt_complain("cannot make %s: %s", dir, strerror(errno));
			return false;
		}
		/* rmdir() tells whether it is empty; an empty one is as good as a new one. */
		if (access(marker, F_OK) < 0 && (rmdir(dir) < 0 || mkdir(dir, 0777) < 0)) {
			fmt_complain("%s exists and is not of an earlier run; name another with %s", dir, option);
			return false;
		}
		if (nftw(dir, remove_entry, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0) {
			fmt_complain("cannot empty %s: %s", dir, strerror(errno));
			return false;
		}
	}
	_cleanup_close_ int fd = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		fmt_complain("cannot write to %s: %s", dir, strerror(errno));
		return false;
	}
	return true;
}

void rec__data_remove(const char *dir)
{
	if (nftw(dir, remove_entry, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0)
		rmdir(dir);
}
