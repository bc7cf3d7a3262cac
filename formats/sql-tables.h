/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sql-tables.h - the tables that are made of others, as views.
 *
 * A call that blocks is two events; its row is where it returned, and the entry is looked for backwards from there.
 */
#ifndef FMT_SQL_TABLES_H
#define FMT_SQL_TABLES_H

#define ENTER(column) \
	"(SELECT " column " FROM ev_syscall_enter e WHERE e.seq < x.seq AND e.node = x.node AND e.tid = x.tid " \
	"ORDER BY e.seq DESC LIMIT 1)"

static const char *const sql_views[] = {
	"CREATE TEMP VIEW syscall AS "
	"SELECT seq, time, node, tid, call_name(nr) AS name, nr, time AS entered, 0 AS duration, a0, a1, a2, a3, a4, a5, "
	"ret, error_name(ret) AS error, effects FROM ev_syscall UNION ALL "
	"SELECT seq, time, node, tid, call_name(nr), nr, " ENTER("e.time") ", time - " ENTER("e.time") ", "
	ENTER("e.a0") ", " ENTER("e.a1") ", " ENTER("e.a2") ", " ENTER("e.a3") ", " ENTER("e.a4") ", " ENTER("e.a5")
	", ret, error_name(ret), effects FROM ev_syscall_exit x",

	"CREATE TEMP VIEW slice AS "
	"SELECT seq, time - ran AS start, time, node, tid, ran, 'syscall' AS ended_by FROM ev_syscall UNION ALL "
	"SELECT seq, time - ran, time, node, tid, ran, 'syscall-enter' FROM ev_syscall_enter UNION ALL "
	"SELECT seq, time - ran, time, node, tid, ran, 'tsc' FROM ev_tsc UNION ALL "
	"SELECT seq, time - ran, time, node, tid, ran, 'fault' FROM ev_fault UNION ALL "
	"SELECT seq, time - ran, time, node, tid, ran, 'code-page' FROM ev_code_page",

	"CREATE TEMP VIEW signal AS SELECT seq, time, node, tid, signo, signal_name(signo) AS name, handler FROM ev_signal",
	"CREATE TEMP VIEW fault AS SELECT seq, time, node, tid, signo, signal_name(signo) AS name, pc, code, addr FROM ev_fault",
	"CREATE TEMP VIEW output AS SELECT seq, time, node, tid, fd, text FROM ev_output",
	"CREATE TEMP VIEW link AS SELECT id, (SELECT n.name FROM ev_node n WHERE n.id = node_a) AS node_a, if_a, "
	"(SELECT n.name FROM ev_node n WHERE n.id = node_b) AS node_b, if_b, rate_bps, delay_ns, loss_ppb FROM ev_link",
	"CREATE TEMP VIEW load AS SELECT from_ns, time, link, side, frames, bytes, busy_ns, "
	"CASE WHEN time > from_ns THEN 1.0 * busy_ns / (time - from_ns) END AS utilisation, queue_max, queue FROM ev_link_load",
	"CREATE TEMP VIEW loss AS SELECT from_ns, time, link, side, reason, frames FROM ev_link_loss",
	"CREATE TEMP VIEW injected AS "
	"SELECT seq, time, node, tid, fault, process, what, cause FROM ev_injected UNION ALL "
	"SELECT seq, time, node, tid, why, '', 'down', cause FROM ev_node_down UNION ALL "
	"SELECT seq, time, node, tid, 'restart', '', 'up, disk ' || disk, cause FROM ev_node_up UNION ALL "
	"SELECT seq, time, node, tid, 'clock', '', 'drift ' || drift_ppb || ' ppb', cause FROM ev_clock UNION ALL "
	"SELECT seq, time, node, tid, 'inject', '', rule, cause FROM ev_inject",
	"CREATE TEMP VIEW node AS SELECT id, name, address FROM ev_node",
	"CREATE TEMP VIEW note AS SELECT w.seq, (SELECT e.time FROM event e WHERE e.seq = w.seq) AS time, "
	"(SELECT e.node FROM event e WHERE e.seq = w.seq) AS node, author, written, text FROM written_note w UNION ALL "
	"SELECT seq, time, node, NULL, NULL, text FROM ev_note",
	"CREATE TEMP VIEW message AS SELECT seq, time, node, 'console' AS kind, text FROM ev_console UNION ALL "
	"SELECT seq, time, node, 'warn', text FROM ev_warn UNION ALL SELECT seq, time, node, 'panic', text FROM ev_panic",

	/* A process is what begins with start (by the experiment) or with a clone that makes a new thread group; its program is
	 * that of its last exec. */
	"CREATE TEMP VIEW process AS WITH born AS ("
	"SELECT node, pid, time AS start, NULL AS parent FROM ev_start UNION ALL "
	"SELECT node, child_pid, time, tid FROM ev_clone WHERE child_pid = child_tid) "
	"SELECT node, pid, parent, start, "
	"(SELECT x.path FROM ev_exec x WHERE x.node = b.node AND x.pid = b.pid ORDER BY seq DESC LIMIT 1) AS path, "
	"(SELECT x.args FROM ev_exec x WHERE x.node = b.node AND x.pid = b.pid ORDER BY seq DESC LIMIT 1) AS args, "
	"(SELECT x.time FROM ev_exit x WHERE x.node = b.node AND x.pid = b.pid AND x.last) AS \"end\", "
	"(SELECT (x.code >> 8) & 255 FROM ev_exit x WHERE x.node = b.node AND x.pid = b.pid AND x.last AND x.code & 127 = 0) "
	"AS status, "
	"(SELECT signal_name(x.code & 127) FROM ev_exit x WHERE x.node = b.node AND x.pid = b.pid AND x.last "
	"AND x.code & 127) AS killed_by FROM born b",

	"CREATE TEMP VIEW thread AS WITH born AS ("
	"SELECT node, pid AS tid, pid, time AS start FROM ev_start UNION ALL "
	"SELECT node, child_tid, child_pid, time FROM ev_clone) "
	"SELECT node, tid, pid, start, (SELECT x.time FROM ev_exit x WHERE x.node = b.node AND x.tid = b.tid) AS \"end\" FROM born b",

	"CREATE TEMP VIEW fd AS SELECT seq, time, node, tid, ret AS fd, name AS made_by FROM syscall "
	"WHERE ret >= 0 AND name IN ('open', 'openat', 'creat', 'socket', 'accept', 'accept4', 'dup', 'dup2', 'dup3', "
	"'epoll_create', 'epoll_create1', 'eventfd', 'eventfd2', 'timerfd_create', 'signalfd', 'signalfd4', "
	"'memfd_create', 'inotify_init1', 'pidfd_open')",
	"CREATE TEMP VIEW socket AS SELECT seq, time, node, tid, ret AS fd, "
	"CASE a0 WHEN 1 THEN 'unix' WHEN 2 THEN 'inet' WHEN 10 THEN 'inet6' WHEN 16 THEN 'netlink' WHEN 17 THEN 'packet' "
	"ELSE a0 END AS family, CASE a1 & 15 WHEN 1 THEN 'stream' WHEN 2 THEN 'dgram' WHEN 3 THEN 'raw' "
	"WHEN 5 THEN 'seqpacket' ELSE a1 & 15 END AS type, a2 AS protocol FROM syscall WHERE name = 'socket' AND ret >= 0",
	"CREATE TEMP VIEW tcp AS SELECT seq, time, node, what, packet, link, conn, src, sport, dst, dport, flags, tcp_seq, tcp_ack, "
	"window, len, reason FROM packet WHERE proto = 'tcp'",
};

#endif
