/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "call-text.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "syscall-names.h"
#include "text.h"

static const struct {
	uint16_t nr;
	char letters[7];
} CALLS[] = {
#define ARGS(name, text) {__NR_##name, text},
#include "syscall-args.def"
#undef ARGS
};

struct name {
	uint64_t value;
	const char *name;
};

#define NAME(symbol) {symbol, #symbol}
static const struct name OPEN_FLAGS[] = {NAME(O_CREAT), NAME(O_EXCL), NAME(O_NOCTTY), NAME(O_TRUNC), NAME(O_APPEND),
					 NAME(O_NONBLOCK), NAME(O_DIRECT), NAME(O_DIRECTORY), NAME(O_NOFOLLOW),
					 NAME(O_CLOEXEC), NAME(O_PATH), {0, NULL}};
static const struct name ACCESS[] = {NAME(O_RDONLY), NAME(O_WRONLY), NAME(O_RDWR), {0, NULL}};
static const struct name FAMILIES[] = {NAME(AF_UNIX), NAME(AF_INET), NAME(AF_INET6), NAME(AF_NETLINK), NAME(AF_PACKET), {0, NULL}};
static const struct name SOCKET_TYPES[] = {NAME(SOCK_STREAM), NAME(SOCK_DGRAM), NAME(SOCK_RAW), NAME(SOCK_SEQPACKET), {0, NULL}};
static const struct name SOCKET_FLAGS[] = {NAME(SOCK_NONBLOCK), NAME(SOCK_CLOEXEC), {0, NULL}};
static const struct name PROTECTIONS[] = {NAME(PROT_READ), NAME(PROT_WRITE), NAME(PROT_EXEC), {0, NULL}};
static const struct name MAPPINGS[] = {NAME(MAP_SHARED), NAME(MAP_PRIVATE), NAME(MAP_FIXED), NAME(MAP_ANONYMOUS),
				       NAME(MAP_NORESERVE), NAME(MAP_POPULATE), NAME(MAP_STACK), {0, NULL}};
static const struct name CLOCKS[] = {NAME(CLOCK_REALTIME), NAME(CLOCK_MONOTONIC), NAME(CLOCK_PROCESS_CPUTIME_ID),
				     NAME(CLOCK_THREAD_CPUTIME_ID), NAME(CLOCK_MONOTONIC_RAW), NAME(CLOCK_BOOTTIME), {0, NULL}};
static const struct name WHENCES[] = {NAME(SEEK_SET), NAME(SEEK_CUR), NAME(SEEK_END), {0, NULL}};
static const struct name FCNTLS[] = {NAME(F_DUPFD), NAME(F_GETFD), NAME(F_SETFD), NAME(F_GETFL), NAME(F_SETFL), NAME(F_SETLK),
				     NAME(F_SETLKW), NAME(F_GETLK), NAME(F_DUPFD_CLOEXEC), {0, NULL}};
static const struct name FUTEXES[] = {NAME(FUTEX_WAIT), NAME(FUTEX_WAKE), NAME(FUTEX_REQUEUE), NAME(FUTEX_CMP_REQUEUE),
				      NAME(FUTEX_WAKE_OP), NAME(FUTEX_LOCK_PI), NAME(FUTEX_UNLOCK_PI), NAME(FUTEX_WAIT_BITSET),
				      NAME(FUTEX_WAKE_BITSET), {0, NULL}};
static const struct name EPOLLS[] = {NAME(EPOLL_CTL_ADD), NAME(EPOLL_CTL_DEL), NAME(EPOLL_CTL_MOD), {0, NULL}};

static const char *name_of(const struct name *names, uint64_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

static void put_one(struct fmt_buf *out, const struct name *names, uint64_t value)
{
	const char *name = name_of(names, value);

	if (name)
		fmt_put_text(out, "%s", name);
	else
		fmt_put_text(out, "%#llx", (unsigned long long)value);
}

/* Bits by name, then those that have none; first: whether something stands before them. */
static void put_bits(struct fmt_buf *out, const struct name *names, uint64_t value, bool first)
{
	for (; names->name; names++)
		if (names->value && (value & names->value) == names->value) {
			fmt_put_text(out, first ? "%s" : "|%s", names->name);
			value &= ~names->value;
			first = false;
		}
	if (value || first)
		fmt_put_text(out, first ? "%#llx" : "|%#llx", (unsigned long long)value);
}

static void put_fd(struct fmt_buf *out, uint64_t value, rep_call_fd fd, void *arg)
{
	const char *what = fd && (int32_t)value >= 0 ? fd(arg, (uint32_t)value) : NULL;

	fmt_put_text(out, "%d", (int32_t)value);
	if (what)
		fmt_put_text(out, "<%s>", what);
}

static void put_open_flags(struct fmt_buf *out, uint64_t value)
{
	put_one(out, ACCESS, value & O_ACCMODE);
	if (value & ~(uint64_t)O_ACCMODE)
		put_bits(out, OPEN_FLAGS, value & ~(uint64_t)O_ACCMODE, /* first= */ false);
}

static void put_socket_type(struct fmt_buf *out, uint64_t value)
{
	put_one(out, SOCKET_TYPES, value & 0xf);
	if (value & ~0xfull)
		put_bits(out, SOCKET_FLAGS, value & ~0xfull, /* first= */ false);
}

static void put_signal(struct fmt_buf *out, uint64_t value)
{
	const char *name = fmt_signal_name(value);

	if (name)
		fmt_put_text(out, "%s", name);
	else
		fmt_put_text(out, "%d", (int32_t)value);
}

static void put_futex(struct fmt_buf *out, uint64_t value)
{
	put_one(out, FUTEXES, value & FUTEX_CMD_MASK);
	if (value & FUTEX_CLOCK_REALTIME)
		fmt_put_text(out, "|FUTEX_CLOCK_REALTIME");
}

static void put_argument(struct fmt_buf *out, char letter, uint64_t value, rep_call_fd fd, void *arg)
{
	switch (letter) {
	case 'a':
		if ((int32_t)value == AT_FDCWD)
			fmt_put_text(out, "AT_FDCWD");
		else
			put_fd(out, value, fd, arg);
		break;
	case 'f':
		put_fd(out, value, fd, arg);
		break;
	case 'd':
	case 'm':
		fmt_put_text(out, "%d", (int32_t)value);
		break;
	case 'u':
		fmt_put_text(out, "%llu", (unsigned long long)value);
		break;
	case 'o':
		fmt_put_text(out, "0%llo", (unsigned long long)value);
		break;
	case 'p':
		fmt_put_text(out, value ? "%#llx" : "NULL", (unsigned long long)value);
		break;
	case 'g':
		put_signal(out, value);
		break;
	case 'F':
		put_open_flags(out, value);
		break;
	case 'A':
		put_one(out, FAMILIES, value);
		break;
	case 'T':
		put_socket_type(out, value);
		break;
	case 'P':
		if (value)
			put_bits(out, PROTECTIONS, value, /* first= */ true);
		else
			fmt_put_text(out, "PROT_NONE");
		break;
	case 'M':
		put_bits(out, MAPPINGS, value, /* first= */ true);
		break;
	case 'c':
		put_one(out, CLOCKS, value);
		break;
	case 'w':
		put_one(out, WHENCES, value);
		break;
	case 'C':
		put_one(out, FCNTLS, value);
		break;
	case 'X':
		put_futex(out, value);
		break;
	case 'E':
		put_one(out, EPOLLS, value);
		break;
	default:
		fmt_put_text(out, "%#llx", (unsigned long long)value);
	}
}

void rep_call_text(struct fmt_buf *out, uint64_t nr, const uint64_t args[6], rep_call_fd fd, void *arg)
{
	const char *name = fmt_syscall_name(nr), *letters = "xxxxxx";

	for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++)
		if (CALLS[i].nr == nr)
			letters = CALLS[i].letters;
	if (name)
		fmt_put_text(out, "%s(", name);
	else
		fmt_put_text(out, "call %llu(", (unsigned long long)nr);
	for (size_t i = 0; letters[i]; i++) {
		if (i)
			fmt_put_text(out, ", ");
		put_argument(out, letters[i], args[i], fd, arg);
	}
	fmt_put_text(out, ")");
}
