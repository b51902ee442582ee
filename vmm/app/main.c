/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/commands.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A descriptor that is opened later must never become standard output by being the lowest free. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	/* A reader that is gone and a file that may not grow are errors of a write, not our end. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return commands_main(argc, argv);
}
