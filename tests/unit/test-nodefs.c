/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a node, asked as its kernel asks: names, links, exchanges, and what is told of a mapped file. */
#include "nodefs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static struct rec_nodefs *fs;	/* first of what ctx points to, as nodefs.c wants it */
static struct kg_host host;
static char dir[64], lower[80], upper[80];
static unsigned stores, resizes;
static uint64_t last_offset, last_size;

static uint64_t clock_ns(void *arg)
{
	(void)arg;
	return 5000000000;
}

static void on_output(void *arg, unsigned stream, const void *bytes, size_t size)
{
	(void)arg, (void)stream, (void)bytes, (void)size;
}

static void on_stored(void *arg, uint64_t number, uint64_t offset, const void *bytes, uint64_t size)
{
	(void)arg, (void)bytes;
	EQUAL(number, 7);
	stores++;
	last_offset = offset;
	last_size = size;
}

static void on_resized(void *arg, uint64_t number, uint64_t size)
{
	(void)arg;
	EQUAL(number, 7);
	resizes++;
	last_size = size;
}

static void put(const char *in, const char *name, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", in, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	HOLDS(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static uint64_t look(uint64_t in, const char *name)
{
	struct kg_attr attr;
	int r = host.fs_lookup(&fs, in, name, (kg_u32)strlen(name), &attr);

	return r < 0 ? 0 : attr.ino;
}

static uint64_t make(uint64_t in, const char *name, uint32_t mode)
{
	struct kg_attr attr = {.mode = mode}, ret = {0};

	EQUAL(host.fs_create(&fs, in, name, (kg_u32)strlen(name), &attr, NULL, &ret), 0);
	return ret.ino;
}

static struct kg_attr attr_of(uint64_t ino)
{
	struct kg_attr attr = {0};

	EQUAL(host.fs_getattr(&fs, ino, &attr), 0);
	return attr;
}

static int move(uint64_t from, const char *name, uint64_t to, const char *to_name, uint32_t flags)
{
	return host.fs_rename(&fs, from, name, (kg_u32)strlen(name), to, to_name, (kg_u32)strlen(to_name), flags);
}

static void check_text(uint64_t ino, const char *expected)
{
	char bytes[64] = "";

	EQUAL(host.fs_read(&fs, ino, bytes, 0, sizeof(bytes)), strlen(expected));
	STRING(bytes, expected);
}

/* Whether the upper directory holds this. */
static void check_upper(const char *name, const char *expected)
{
	char path[300], bytes[64] = "";

	snprintf(path, sizeof(path), "%s/%s", upper, name);
	int fd = open(path, O_RDONLY);

	EQUAL(fd >= 0, expected != NULL);
	if (fd >= 0 && read(fd, bytes, sizeof(bytes) - 1) >= 0)
		STRING(bytes, expected ? expected : "");
	close(fd);
}

static void test_links(void)
{
	part("hard links");
	uint64_t a = look(1, "a");

	check_text(a, "lower a");
	EQUAL(host.fs_link(&fs, a, 1, "b", 1), 0);
	EQUAL(look(1, "b"), a);
	EQUAL(attr_of(a).nlink, 2);
	EQUAL(host.fs_unlink(&fs, 1, "a", 1, 0), 0);
	EQUAL(look(1, "a"), 0);
	/* Descriptors closed: it has to be found by its other name. */
	host.fs_forget(&fs, a);
	check_text(a, "lower a");
	STRING(rec_nodefs_path(fs, a), "/b");
	EQUAL(host.fs_unlink(&fs, 1, "b", 1, 0), 0);
	STRING(rec_nodefs_path(fs, a), "/b (deleted)");
	check_text(a, "lower a");
	check_upper("b", NULL);
}

static void test_moves(void)
{
	part("moves and exchanges");
	uint64_t d = make(1, "d", S_IFDIR | 0755), e = make(1, "e", S_IFDIR | 0755), f = make(d, "f", S_IFREG | 0644);

	EQUAL(host.fs_write(&fs, f, "in f", 0, 4), 4);
	EQUAL(attr_of(d).nlink, 2);
	uint64_t sub = make(d, "sub", S_IFDIR | 0755);
	EQUAL(attr_of(d).nlink, 3);
	EQUAL(move(d, "sub", e, "sub", 0), 0);
	EQUAL(attr_of(d).nlink, 2);
	EQUAL(attr_of(e).nlink, 3);
	EQUAL(move(d, "f", e, "sub", RENAME_EXCHANGE), 0);
	EQUAL(look(d, "f"), sub);
	EQUAL(look(e, "sub"), f);
	EQUAL(attr_of(d).nlink, 3);
	EQUAL(attr_of(e).nlink, 2);
	check_upper("e/sub", "in f");
	EQUAL(move(d, "f", e, "none", RENAME_EXCHANGE), -ENOENT);
	EQUAL(move(e, "sub", 1, "c", RENAME_NOREPLACE), -EEXIST);
	EQUAL(move(e, "sub", 1, "c", 0), 0);
	check_text(look(1, "c"), "in f");
	check_upper("c", "in f");
	EQUAL(move(1, "d", 1, "e", 0), 0);
	EQUAL(look(1, "d"), 0);
	EQUAL(look(look(1, "e"), "f"), sub);
}

static void test_unnamed(void)
{
	struct kg_attr attr = {.mode = S_IFREG | 0600}, ret;

	part("files without a name");
	EQUAL(host.fs_create(&fs, 1, "", 0, &attr, NULL, &ret), 0);
	EQUAL(ret.nlink, 0);
	EQUAL(host.fs_write(&fs, ret.ino, "none", 0, 4), 4);
	EQUAL(host.fs_link(&fs, ret.ino, 1, "named", 5), 0);
	check_upper("named", "none");
	EQUAL(look(1, "named"), ret.ino);
	EQUAL(host.fs_create(&fs, 0, "memfd:x", 7, &attr, NULL, &ret), 0);
	STRING(rec_nodefs_path(fs, ret.ino), "/memfd:x (deleted)");
	EQUAL(look(1, "memfd:x"), 0);
}

static void test_listing(void)
{
	struct kg_dirent entry;
	char all[200] = "";

	part("listings skip what is gone");
	for (int at = 0; (at = host.fs_readdir(&fs, 1, (kg_u64)at, &entry)) > 0;) {
		strcat(all, entry.name);
		strcat(all, " ");
	}
	STRING(all, "c e named ");
}

static void test_live(void)
{
	uint64_t size = 0, ino = make(1, "live", S_IFREG | 0644);
	struct kg_attr to = {.size = 100}, ret;

	part("what is told of a mapped file");
	EQUAL(host.fs_write(&fs, ino, "before", 0, 6), 6);
	EQUAL(rec_nodefs_number(fs, ino), 0);
	rec_nodefs_set_number(fs, ino, 7);
	EQUAL(rec_nodefs_number(fs, ino), 7);
	HOLDS(rec_nodefs_mapped(fs, ino, &size));
	EQUAL(size, 6);
	HOLDS(!rec_nodefs_mapped(fs, ino, &size));
	EQUAL(stores, 0);
	EQUAL(host.fs_write(&fs, ino, "x", 3, 1), 1);
	EQUAL(stores, 1);
	EQUAL(last_offset, 3);
	EQUAL(host.fs_setattr(&fs, ino, KG_SET_SIZE, &to, &ret), 0);
	EQUAL(resizes, 1);
	EQUAL(last_size, 100);
	EQUAL(host.fs_punch(&fs, ino, 1, 2), 0);
	EQUAL(stores, 2);
	/* A live file keeps its number, another one loses it with its content. */
	EQUAL(rec_nodefs_number(fs, ino), 7);
	uint64_t c = look(1, "c");
	rec_nodefs_set_number(fs, c, 8);
	EQUAL(host.fs_write(&fs, c, "y", 0, 1), 1);
	EQUAL(rec_nodefs_number(fs, c), 0);
	EQUAL(stores, 2);
}

static void test_lower(void)
{
	struct stat st;
	char path[300];

	part("the lower tree is as it was");
	snprintf(path, sizeof(path), "%s/a", lower);
	EQUAL(stat(path, &st), 0);
	EQUAL(st.st_size, 7);
	EQUAL(st.st_nlink, 1);
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int main(void)
{
	strcpy(dir, "/tmp/test-nodefs.XXXXXX");
	HOLDS(mkdtemp(dir) != NULL);
	snprintf(lower, sizeof(lower), "%s/lower", dir);
	snprintf(upper, sizeof(upper), "%s/upper", dir);
	EQUAL(mkdir(lower, 0755), 0);
	put(lower, "a", "lower a");
	put(lower, "c", "lower c");
	EQUAL(rec_nodefs_new(&(struct rec_nodefs_config){.lower = lower, .upper = upper, .realtime_ns = clock_ns,
							 .output = on_output, .stored = on_stored,
							 .resized = on_resized}, &fs), 0);
	rec_nodefs_ops(&host);
	test_links();
	test_moves();
	test_unnamed();
	test_listing();
	test_live();
	test_lower();
	rec_nodefs_free(fs);
	nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
	return done();
}
