/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queues.c - System V semaphores and messages, POSIX message queues. */
#include "say.h"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/stat.h>

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

static int operate(int id, unsigned short number, short by, short flags)
{
	return (int)syscall(SYS_semop, id, &(struct sembuf){number, by, flags}, 1);
}

static void semaphores(void)
{
	int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600);
	unsigned short values[3] = {1, 0, 5};
	struct timespec soon = {0, 5000000};
	struct semid_ds ds;

	IS(id >= 0);
	TRY(semctl(id, 0, SETALL, (union semun){.array = values}));
	TRY(operate(id, 0, -1, IPC_NOWAIT));
	TRY(operate(id, 0, -1, IPC_NOWAIT));
	TRY(operate(id, 1, 0, IPC_NOWAIT));
	TRY(operate(id, 2, 0, IPC_NOWAIT));
	TRY(operate(id, 3, 1, 0));
	TRY(operate(id, 2, 32767, 0));
	TRY(semop(id, (struct sembuf[]){{2, -1, 0}, {0, -1, IPC_NOWAIT}}, 2));
	TRY(semctl(id, 2, GETVAL));
	TRY(semop(id, (struct sembuf[]){{2, -1, 0}, {0, 1, 0}}, 2));
	TRY(semctl(id, 0, GETALL, (union semun){.array = values}));
	say("%u %u %u", values[0], values[1], values[2]);
	TRY(semtimedop(id, &(struct sembuf){1, -1, 0}, 1, &soon));
	const pid_t child = fork();
	if (child == 0) {
		say("child waits");
		say_result("child", operate(id, 1, -2, 0));
		/* What it undoes at its end. */
		operate(id, 2, 3, SEM_UNDO);
		_exit(0);
	}
	pause_ms(5);
	TRY(semctl(id, 1, GETNCNT));
	TRY(operate(id, 1, 1, 0));
	pause_ms(5);
	TRY(operate(id, 1, 1, 0));
	wait_and_say("child", child);
	TRY(semctl(id, 2, GETVAL));
	IS(semctl(id, 1, GETPID) == child);
	const pid_t second = fork();
	if (second == 0) {
		say_result("removed", operate(id, 1, -1, 0));
		_exit(0);
	}
	pause_ms(5);
	TRY(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}));
	say("mode %o count %lu", ds.sem_perm.mode & 0777, ds.sem_nsems);
	TRY(semctl(id, 0, IPC_RMID));
	wait_and_say("second", second);
	TRY(operate(id, 0, 1, 0));
	TRY(semget(0x7654321, 1, 0));
	id = semget(0x7654321, 1, IPC_CREAT | 0600);
	TRY(semget(0x7654321, 2, 0));
	TRY(semget(0x7654321, 1, IPC_CREAT | IPC_EXCL));
	TRY(semctl(id, 0, SETVAL, (union semun){.val = 40000}));
	TRY(semctl(id, 0, IPC_RMID));
}

struct message {
	long type;
	char text[60];
};

static void receive(int id, size_t size, long type, int flags)
{
	struct message m = {0};
	ssize_t got = msgrcv(id, &m, size, type, flags);

	if (got < 0)
		say("type %ld: %s", type, strerrorname_np(errno));
	else
		say("type %ld: %ld %zd %s", type, m.type, got, m.text);
}

static void messages(void)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	struct msqid_ds ds;

	for (long i = 1; i <= 5; i++) {
		struct message m = {.type = 6 - i};
		snprintf(m.text, sizeof(m.text), "message %ld", i);
		TRY(msgsnd(id, &m, 10, 0));
	}
	receive(id, 60, 3, 0);
	receive(id, 60, 3, IPC_NOWAIT);
	receive(id, 60, -2, 0);
	receive(id, 60, 5, MSG_EXCEPT);
	receive(id, 4, 0, 0);
	receive(id, 4, 0, MSG_NOERROR);
	receive(id, 60, 0, MSG_COPY | IPC_NOWAIT);
	TRY(msgctl(id, IPC_STAT, &ds));
	say("left %lu bytes %lu", ds.msg_qnum, ds.__msg_cbytes);
	TRY(msgsnd(id, &(struct message){0}, 10, 0));
	TRY(msgsnd(id, &(struct message){1, ""}, 100000, 0));
	ds.msg_qbytes = 20;
	TRY(msgctl(id, IPC_SET, &ds));
	TRY(msgsnd(id, &(struct message){1, "x"}, 15, IPC_NOWAIT));
	const pid_t child = fork();
	if (child == 0) {
		receive(id, 60, 77, 0);
		receive(id, 60, 78, 0);
		_exit(0);
	}
	pause_ms(5);
	receive(id, 60, 2, 0);
	TRY(msgsnd(id, &(struct message){77, "to the child"}, 13, 0));
	pause_ms(5);
	TRY(msgctl(id, IPC_RMID, NULL));
	wait_and_say("child", child);
	TRY(msgctl(id, IPC_RMID, NULL));
	TRY(msgget(0x7654321, 0));
}

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)context;
	say("%s code %d value %d", signal_text(signo), info->si_code, info->si_value.sival_int);
}

static void posix_queues(void)
{
	struct mq_attr attr = {.mq_maxmsg = 3, .mq_msgsize = 16}, now;
	struct timespec past = {1, 0};
	char text[32];
	unsigned priority;
	mqd_t q = mq_open("/conformance-mq", O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);

	IS(q >= 0);
	TRY(mq_open("/conformance-mq", O_RDWR | O_CREAT | O_EXCL, 0600, &attr));
	TRY(mq_open("/no-such-queue", O_RDWR));
	TRY(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL));
	TRY(mq_send(q, "low", 4, 1));
	TRY(mq_send(q, "high", 5, 9));
	TRY(mq_send(q, "low again", 10, 1));
	TRY(mq_send(q, "full", 5, 1));
	TRY(mq_send(q, text, 17, 1));
	TRY(mq_receive(q, text, 8, NULL));
	for (int i = 0; i < 3; i++) {
		ssize_t got = mq_receive(q, text, sizeof(text), &priority);
		say("%zd %s %u", got, text, priority);
	}
	TRY(mq_receive(q, text, sizeof(text), &priority));
	attr.mq_flags = 0;
	TRY(mq_setattr(q, &attr, &now));
	say("was %ld max %ld size %ld messages %ld", now.mq_flags & O_NONBLOCK ? 1l : 0l, now.mq_maxmsg, now.mq_msgsize,
	    now.mq_curmsgs);
	TRY(mq_timedreceive(q, text, sizeof(text), NULL, &past));
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	sigaction(SIGUSR1, &action, NULL);
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
	TRY(mq_notify(q, &event));
	TRY(mq_notify(q, &event));
	const pid_t child = fork();
	if (child == 0) {
		pause_ms(5);
		mq_send(q, "from child", 11, 0);
		_exit(0);
	}
	pause_ms(20);
	wait_and_say("child", child);
	TRY(mq_receive(q, text, sizeof(text), NULL));
	TRY(mq_notify(q, NULL));
	const pid_t reader = fork();
	if (reader == 0) {
		say_result("reader", mq_receive(q, text, sizeof(text), NULL));
		_exit(0);
	}
	pause_ms(5);
	TRY(mq_send(q, "for reader", 11, 0));
	wait_and_say("reader", reader);
	TRY(mq_unlink("/conformance-mq"));
	TRY(mq_unlink("/conformance-mq"));
	TRY(mq_send(q, "nameless", 9, 0));
	TRY(mq_close(q));
	TRY(mq_send(q, "x", 1, 0));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	PART(semaphores);
	PART(messages);
	PART(posix_queues);
	return 0;
}
