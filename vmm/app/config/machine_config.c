/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/machine_config.h"
#include "vmm/app/config/device_check.h"
#include "vmm/app/config/file_check.h"
#include "vmm/app/config/machine_options.h"
#include "vmm/core/option/option.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
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
	if (config->selftest)
		return "--selftest";
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

static int check_job(const struct machine_config *config, struct err *err)
{
	if (config->exec && config->shell)
		return err_set(
			err, -EINVAL,
			"--exec and --shell exclude each other: the run ends with the command "
			"or with the shell");
	if (config->selftest && (config->exec || config->shell || config->root))
		return err_set(err, -EINVAL,
			       "--selftest and %s exclude each other: the run ends with the test",
			       init_option(config));
	return 0;
}

static int check_init(const struct machine_config *config, struct err *err)
{
	const char *init = init_option(config);
	int rc = check_job(config, err);

	if (rc)
		return rc;
	if (init && config->initrd)
		return err_set(
			err, -EINVAL,
			"--initrd and %s exclude each other: %s makes an initial RAM disk of "
			"its own (--include adds files to it)",
			init, init);
	if (init && config->append_only)
		return err_set(
			err, -EINVAL,
			"--append-only and %s exclude each other: the command line names the "
			"init of %s",
			init, init);
	if (init && config->com2)
		return err_set(
			err, -EINVAL,
			"--com2 and %s exclude each other: the guest's init reports over the "
			"second serial port",
			init);
	if (!init && config->n_include)
		return err_set(err, -EINVAL,
			       "--include needs --exec, --shell, --selftest or --root: without one "
			       "of them no "
			       "initial RAM disk is made");
	if (!init && config->modules)
		return err_set(err, -EINVAL,
			       "--modules needs --exec, --shell, --selftest or --root: without one "
			       "of them no "
			       "initial RAM disk is made");
	return check_include(config, err);
}

/* Nothing, and memory of its own. */
static bool may_be_shared(const char *where)
{
	return strcmp(where, "null") == 0 || strncmp(where, "ring", strlen("ring")) == 0;
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
		{"--console", config->n_console ? config->console[0].where : NULL},
		{"--bulk", config->bulk},
		{"--stats", config->stats},
		{"--control", config->control},
	};
	const size_t n = sizeof(user) / sizeof(user[0]);
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			if (!user[i].where || !user[j].where ||
			    strcmp(user[i].where, user[j].where) != 0 ||
			    may_be_shared(user[i].where))
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
	if (rc == 0)
		rc = device_config_check(config, err);
	if (rc == 0)
		rc = check_streams(config, err);
	if (rc == 0)
		rc = file_config_check(config, err);
	return rc;
}

bool machine_config_speaks_virtio(const struct machine_config *config)
{
	return config->dialect ? strcmp(config->dialect, "virtio") == 0 : config->kernel != NULL;
}

bool machine_config_offers(const struct machine_config *config, uint32_t offer)
{
	return offer == OFFER_ON || (offer == OFFER_AUTO && machine_config_speaks_virtio(config));
}

int machine_config_mac(const struct machine_config *config, size_t i, uint8_t mac[6])
{
	static const uint8_t standard[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
	static const uint8_t zero[6];
	const char *text = config->nics[i].mac;

	if (!text) {
		memcpy(mac, standard, sizeof(standard));
		mac[5] = (uint8_t)(mac[5] + i);
		return 0;
	}
	if (strlen(text) != strlen("00:00:00:00:00:00"))
		return -EINVAL;
	for (size_t b = 0; b < 6; b++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (b < 5 ? ':' : '\0'))
			return -EINVAL;
		mac[b] = (uint8_t)strtoul(text, NULL, 16);
	}
	return (mac[0] & 1) || memcmp(mac, zero, sizeof(zero)) == 0 ? -EINVAL : 0;
}

/* Appends a device with standard values; for input, of kind @kind. */
static int add_device(struct machine_config *config, const char *name, uint32_t kind,
		      struct err *err)
{
	const struct option *row = options_find(machine_options, name, strlen(name));
	void *element = option_append(row, config, err);

	if (!element)
		return -E2BIG;
	if (strcmp(name, "input") == 0)
		((struct input_config *)element)->kind = kind;
	return 0;
}

static bool has_input(const struct machine_config *config, uint32_t kind)
{
	for (size_t i = 0; i < config->n_inputs; i++)
		if (config->inputs[i].kind == kind)
			return true;
	return false;
}

int machine_config_complete(struct machine_config *config, struct err *err)
{
	const uint32_t kinds = config->tablet ? 3 : 2;
	int rc = 0;

	if (!config->n_console)
		rc = add_device(config, "console", 0, err);
	if (rc || config->kind != MACHINE_CONTRACT)
		return rc;
	if (!config->n_nics)
		rc = add_device(config, "net", 0, err);
	for (uint32_t kind = 0; kind < kinds && !rc; kind++)
		if (!has_input(config, kind))
			rc = add_device(config, "input", kind, err);
	if (!rc && !config->n_sound)
		rc = add_device(config, "snd", 0, err);
	return rc;
}
