/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/run.h"
#include "vmm/app/cli/commands.h"
#include "vmm/app/cli/help.h"
#include "vmm/app/cli/run_end.h"
#include "vmm/app/config/config_json.h"
#include "vmm/app/config/machine_options.h"
#include "vmm/app/control/server.h"
#include "vmm/app/machine/machine.h"
#include "vmm/core/clock.h"
#include "vmm/core/log.h"
#include "vmm/core/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * `vise run`, and what every front end ends with: from a command line to a machine and back to an
 * exit status. The main loop lives here; signals and the time-out are two of its sources.
 */

struct run {
	const struct machine_config *config;
	struct loop *loop;
	struct machine *machine;
	struct control_server *control;
	struct loop_timer *timeout;
	struct loop_fd *signal_watch;
	int signal_fd;
	uint64_t begin_ns;
};

static void on_timeout(void *arg)
{
	struct run *run = arg;
	char text[64];

	snprintf(text, sizeof(text), "no end within %.3g s",
		 (double)run->config->timeout_ns / (double)NS_PER_SEC);
	machine_end(run->machine, MACHINE_END_TIMEOUT, 0, text);
}

static void on_signal(void *arg, unsigned int events)
{
	struct run *run = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(run->signal_fd, &info, sizeof(info)) == sizeof(info))
		machine_end(run->machine, MACHINE_END_SIGNAL, info.ssi_signo,
			    strsignal((int)info.ssi_signo));
}

/* Blocks the signals that end a run, in this thread and all that it will start. */
static int watch_signals(struct run *run, struct err *err)
{
	static const int ending[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaddset(&set, ending[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->signal_fd < 0)
		return err_set_errno(err, errno, "signalfd");
	run->signal_watch = loop_add_fd(run->loop, run->signal_fd, LOOP_READ, on_signal, run, err);
	return run->signal_watch ? 0 : -EIO;
}

static int run_begin(struct run *run, struct err *err)
{
	const struct machine_config *c = run->config;
	struct clock host = clock_host();

	run->loop = loop_create(err);
	if (!run->loop || watch_signals(run, err) < 0)
		return -EIO;
	run->machine = machine_create(c, run->loop, err);
	if (!run->machine)
		return -EIO;
	if (c->control) {
		run->control = control_server_create(c->control, run->loop, run->machine, err);
		if (!run->control) {
			err_prefix(err, "--control");
			return -EIO;
		}
	}
	if (c->timeout_ns) {
		run->timeout = loop_add_timer(run->loop, on_timeout, run);
		if (!run->timeout)
			return err_set(err, -ENOMEM, "--timeout: out of memory");
		loop_set_timer(run->timeout, clock_monotonic_ns(&host) + c->timeout_ns);
	}
	return machine_start(run->machine, err);
}

static void run_finish(struct run *run)
{
	control_server_destroy(run->control);
	machine_destroy(run->machine);
	loop_del_fd(run->signal_watch);
	if (run->signal_fd >= 0)
		close(run->signal_fd);
	loop_destroy(run->loop);
}

static void print_timing(const struct run *run)
{
	struct machine_timing t = machine_timing(run->machine);
	const struct {
		const char *what;
		uint64_t at;
	} rows[] = {
		{"machine built", t.created},
		{"guest loaded", t.started},
		{"first guest instruction", t.first_run},
		{"first console byte", t.first_console},
		{"guest init ready", t.init_ready},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].at)
			fprintf(stderr, "vise: timing: %8.3f ms  %s\n",
				(double)(rows[i].at - run->begin_ns) / 1e6, rows[i].what);
}

void run_machine(const struct machine_config *config, uint64_t begin_ns,
		 const struct run_hook *running, struct machine_result *result)
{
	struct run run = {.config = config, .signal_fd = -1, .begin_ns = begin_ns};
	struct err err = ERR_INIT;
	int rc = run_begin(&run, &err);

	*result = (struct machine_result){.end = MACHINE_END_ERROR};
	if (rc == 0 && running)
		rc = running->call(running->arg, &err);
	if (rc == 0)
		rc = loop_run(run.loop, &err);
	if (rc == 0)
		*result = *machine_result(run.machine);
	else
		snprintf(result->text, sizeof(result->text), "%s", err.text);
	if (run.machine && config->print_timing)
		print_timing(&run);
	/* First the terminal is put back, then there is something to read on it. */
	run_finish(&run);
}

static int dry_run(const struct machine_config *config, struct err *err)
{
	struct loop *loop = loop_create(err);
	int rc = loop ? machine_dry_run(config, loop, err) : -EIO;

	loop_destroy(loop);
	if (rc == 0)
		printf("vise: the machine is complete and its files are in order\n");
	return rc;
}

static int run_with(struct run_options *options, uint64_t begin_ns)
{
	const struct machine_config *config = &options->config;
	struct machine_result result;
	struct err err = ERR_INIT;
	int rc;

	log_set_level((enum log_level)options->log_level);
	rc = machine_config_complete(&options->config, &err);
	if (rc == 0 && options->print_config)
		rc = machine_config_print(config, stdout, &err);
	else if (rc == 0)
		rc = machine_config_check(config, &err);
	if (rc == 0 && options->dry_run)
		rc = dry_run(config, &err);
	if (rc < 0) {
		log_error("%s", err.text);
		return EXIT_STATUS_ERROR;
	}
	if (options->print_config || options->dry_run)
		return 0;
	run_machine(config, begin_ns, NULL, &result);
	return run_end_report(config, &result);
}

int cmd_run(int argc, char **argv)
{
	struct clock host = clock_host();
	uint64_t begin_ns = clock_monotonic_ns(&host);
	struct run_options options;
	struct err err = ERR_INIT;
	int status = 0;

	run_options_init(&options);
	if (run_options_parse(&options, argc, argv, &err) < 0) {
		log_error("%s", err.text);
		status = EXIT_STATUS_ERROR;
	} else if (options.help) {
		help_subcommand(stdout, &subcommands[SUBCOMMAND_RUN]);
	} else {
		status = run_with(&options, begin_ns);
	}
	run_options_fini(&options);
	return status;
}
