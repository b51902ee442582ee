/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/machine_config.h"
#include "vmm/app/config/machine_options.h"
#include "vmm/core/option/option.h"

#include <errno.h>
#include <string.h>

void machine_config_init(struct machine_config *config)
{
	memset(config, 0, sizeof(*config));
	options_init(machine_options, config);
}

void machine_config_fini(struct machine_config *config)
{
	options_fini(machine_options, config);
}

/* The option that makes Vise build an initramfs with its own init, or NULL. */
static const char *init_option(const struct machine_config *config)
{
	if (config->exec)
		return "--exec";
	if (config->shell)
		return "--shell";
	return config->root ? "--root" : NULL;
}

/* What --include names must be a path, and a place when one is given. */
static int check_include(const struct machine_config *config, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; i < config->n_include; i++) {
		const char *item = config->include[i];

		if (item[0] == ':' || item[strlen(item) - 1] == ':')
			return err_set(err, -EINVAL,
				       "--include: expected PATH or PATH:GUEST, not %s",
				       option_quote(item, quoted, sizeof(quoted)));
	}
	return 0;
}

static int check_init(const struct machine_config *config, struct err *err)
{
	const char *init = init_option(config);

	if (config->exec && config->shell)
		return err_set(
			err, -EINVAL,
			"--exec and --shell exclude each other: the run ends with the command "
			"or with the shell");
	if (init && config->initrd)
		return err_set(
			err, -EINVAL,
			"--initrd and %s exclude each other: %s makes an initial RAM disk of "
			"its own (--include adds files to it)",
			init, init);
	if (init && config->com2)
		return err_set(
			err, -EINVAL,
			"--com2 and %s exclude each other: the guest's init reports over the "
			"second serial port",
			init);
	if (!init && config->n_include)
		return err_set(err, -EINVAL,
			       "--include needs --exec, --shell or --root: without one of them no "
			       "initial RAM disk is made");
	if (!init && config->modules)
		return err_set(err, -EINVAL,
			       "--modules needs --exec, --shell or --root: without one of them no "
			       "initial RAM disk is made");
	return check_include(config, err);
}

/* Two devices on one file, socket or terminal would eat each other's bytes. */
static int check_streams(const struct machine_config *config, struct err *err)
{
	const struct {
		const char *option;
		const char *where;
	} user[] = {
		{"--serial", config->serial ? config->serial : "stdio"},
		{"--com2", config->com2},
		{"--control", config->control},
	};
	const size_t n = sizeof(user) / sizeof(user[0]);
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			if (!user[i].where || !user[j].where ||
			    strcmp(user[i].where, user[j].where) != 0 ||
			    strcmp(user[i].where, "null") == 0)
				continue;
			return err_set(err, -EINVAL,
				       "%s and %s both use %s%s; only one of them can",
				       user[i].option, user[j].option,
				       option_quote(user[i].where, quoted, sizeof(quoted)),
				       i == 0 && !config->serial ? " (standard for --serial)" : "");
		}
	return 0;
}

int machine_config_check(const struct machine_config *config, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];
	char size[32];
	const struct option *memory = options_find(machine_options, "memory", strlen("memory"));
	int rc;

	rc = options_check(machine_options, config, err);
	if (rc)
		return rc;
	if (!config->kernel)
		return err_set(
			err, -EINVAL,
			"--kernel is missing: a machine boots a kernel directly (a bzImage or "
			"a PVH ELF image); booting a disk by firmware is not there yet");
	if (config->hugepages && config->memory % (2U << 20) != 0)
		return err_set(err, -EINVAL,
			       "--memory: expected a multiple of 2M with --hugepages, not %s",
			       option_quote(option_text(memory, config, size, sizeof(size)), quoted,
					    sizeof(quoted)));
	rc = check_init(config, err);
	if (rc)
		return rc;
	return check_streams(config, err);
}
