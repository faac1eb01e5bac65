/*
 * imagegw-child PARENT PROGRAM [ARGUMENT...]
 *
 * Becomes a program that the kernel kills when the process that started it dies, however it dies. PARENT is the id of that
 * process: when it has died before the kernel was told, nothing would ever end the program, so it is not begun.
 * (`setpriv --pdeathsig` does the first half only, and leaves a program behind now and then.)
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: imagegw-child PARENT PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
		fprintf(stderr, "imagegw-child: PR_SET_PDEATHSIG: %s\n", strerror(errno));
		return 126;
	}
	/* Looked at after it was set: a parent that dies from now on takes the program along. */
	if (getppid() != (pid_t)atol(argv[1]))
		raise(SIGKILL);
	execv(argv[2], argv + 2);
	fprintf(stderr, "imagegw-child: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
