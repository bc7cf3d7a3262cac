/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inject.h"

#include <errno.h>

#include "syscall-names.h"
#include "unit.h"

/* The counts up to 12 that a rule means, as "1 3 5". */
static const char *meant(const char *text)
{
	static char list[100];
	struct rec_inject_rule rule;
	char why[200];
	size_t used = 0;

	*list = '\0';
	if (rec_inject_parse(text, &rule, why, sizeof(why)) < 0)
		return why[0] ? "wrong" : "silent";
	for (uint32_t count = 1; count <= 12; count++)
		if (rec_inject_means(&rule, count))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u", used ? " " : "", count);
	rec_inject_done(&rule);
	return list;
}

static void test_when(void)
{
	STRING(meant("write:error=EIO"), "1 2 3 4 5 6 7 8 9 10 11 12");
	STRING(meant("write:error=EIO:when=3"), "3");
	STRING(meant("write:error=EIO:when=3+"), "3 4 5 6 7 8 9 10 11 12");
	STRING(meant("write:error=EIO:when=3+4"), "3 7 11");
	STRING(meant("write:error=EIO:when=3..6"), "3 4 5 6");
	STRING(meant("write:error=EIO:when=2..9+3"), "2 5 8");
	STRING(meant("write:error=EIO:when=0"), "wrong");
	STRING(meant("write:error=EIO:when=5..3"), "wrong");
	STRING(meant("write:error=EIO:when=3+0"), "wrong");
	STRING(meant("write:error=EIO:when=3x"), "wrong");
	STRING(meant("write:error=EIO:when=-3"), "wrong");
	STRING(meant("write:error=EIO:when="), "wrong");
}

static void test_parts(void)
{
	struct rec_inject_rule rule;
	char why[200];

	EQUAL(rec_inject_parse("read,openat:error=ENOENT:signal=PIPE:delay_enter=7:delay_exit=2ms", &rule, why, sizeof(why)), 0);
	HOLDS(rec_inject_has(&rule, (uint64_t)fmt_syscall_number("read")));
	HOLDS(rec_inject_has(&rule, (uint64_t)fmt_syscall_number("openat")));
	HOLDS(!rec_inject_has(&rule, (uint64_t)fmt_syscall_number("write")));
	HOLDS(!rec_inject_has(&rule, 100000));
	EQUAL(rule.result, -ENOENT);
	EQUAL(rule.signo, 13);
	EQUAL(rule.enter_ns, 7000);
	EQUAL(rule.exit_ns, 2000000);
	rec_inject_done(&rule);
	EQUAL(rec_inject_parse("all:retval=0x10", &rule, why, sizeof(why)), 0);
	EQUAL(rule.result, 16);
	HOLDS(rec_inject_has(&rule, 0));
	HOLDS(!rec_inject_has(&rule, (uint64_t)fmt_syscall_number("exit_group")));
	rec_inject_done(&rule);
}

static void test_wrong(void)
{
	static const char *const texts[] = {
		"", "reed:error=EIO", "read", "read:error=EFOO", "read:error=0", "read:error=4096", "read:retval=-1",
		"read:retval=x", "read:signal=SIGNO", "read:signal=65", "read:delay_enter=soon", "read:delay_exit=-5",
		"read:delay_exit=0", "read:errno=EIO", "read:error", "exit_group:error=EIO", "read,:error=EIO", "read:when=1",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct rec_inject_rule rule;
		char why[200] = "";

		EQUAL(rec_inject_parse(texts[i], &rule, why, sizeof(why)), -EINVAL);
		HOLDS(why[0]);
	}
}

int main(void)
{
	test_when();
	test_parts();
	test_wrong();
	return done();
}
