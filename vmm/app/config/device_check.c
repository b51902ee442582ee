/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/device_check.h"

#include "vmm/app/config/config_devices.h"
#include "vmm/core/option/option.h"
#include "vmm/host/net/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Keys of --net, and the one kind that each is for. */
static int check_kind_of_keys(const struct nic_config *nic, struct err *err)
{
	static const char *const names[] = {
		[NET_NONE] = "none", [NET_USER] = "user", [NET_TAP] = "tap", [NET_PASST] = "passt"};
	const struct {
		const char *key;
		bool given;
		uint32_t kind;
	} keys[] = {
		{"hostfwd", nic->n_hostfwd > 0, NET_USER},
		{"restrict", nic->restricted, NET_USER},
		{"ifname", nic->ifname, NET_TAP},
		{"fd", nic->fd, NET_TAP},
		{"tso", nic->tso, NET_TAP},
		{"path", nic->path, NET_PASST},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].given && keys[i].kind != nic->kind)
			return err_set(err, -EINVAL, "--net: %s is for kind %s, not for %s",
				       keys[i].key, names[keys[i].kind], names[nic->kind]);
	return 0;
}

static int check_fd(const char *text, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	if (strspn(text, "0123456789") == strlen(text) && strlen(text) < 7 &&
	    strtol(text, NULL, 10) > STDERR_FILENO)
		return 0;
	return err_set(
		err, -EINVAL,
		"--net: fd: expected the number of an inherited descriptor, from 3 on, not %s",
		option_quote(text, quoted, sizeof(quoted)));
}

static int check_nic(const struct machine_config *config, size_t i, struct err *err)
{
	const struct nic_config *nic = &config->nics[i];
	char quoted[OPTION_QUOTE_SIZE];
	uint8_t mac[6];
	int rc = check_kind_of_keys(nic, err);

	if (rc)
		return rc;
	if (machine_config_mac(config, i, mac) < 0)
		return err_set(err, -EINVAL,
			       "--net: mac: expected six pairs of hex digits, the first even, such "
			       "as 52:54:00:12:34:56, not %s",
			       option_quote(nic->mac, quoted, sizeof(quoted)));
	if (nic->kind == NET_TAP && !nic->ifname == !nic->fd)
		return err_set(err, -EINVAL,
			       "--net: tap needs ifname=NAME or fd=N, one of the two");
	if (nic->fd && check_fd(nic->fd, err) < 0)
		return -EINVAL;
	if (nic->kind == NET_PASST && !nic->path)
		return err_set(err, -EINVAL, "--net: passt needs path=SOCKET");
	if (nic->tso && !nic->csum)
		return err_set(err, -EINVAL, "--net: tso needs csum=on");
	return 0;
}

static int check_inputs(const struct machine_config *config, struct err *err)
{
	static const char *const names[] = {"keyboard", "mouse", "tablet"};

	for (size_t i = 0; i < config->n_inputs; i++)
		for (size_t j = i + 1; j < config->n_inputs; j++)
			if (config->inputs[i].kind == config->inputs[j].kind)
				return err_set(err, -EINVAL,
					       "--input: there can be one %s, not two",
					       names[config->inputs[i].kind]);
	if (config->tablet && config->kind != MACHINE_CONTRACT)
		return err_set(err, -EINVAL,
			       "--tablet needs --machine contract; use --input tablet");
	return 0;
}

static int check_sound(const struct sound_config *sound, struct err *err)
{
	bool wav = sound->backend && strcmp(sound->backend, "wav") == 0;

	if (wav && !sound->path)
		return err_set(err, -EINVAL, "--snd: wav needs path=FILE");
	if (!wav && sound->path)
		return err_set(err, -EINVAL, "--snd: path is for backend wav, not for none");
	return 0;
}

int device_config_check(const struct machine_config *config, struct err *err)
{
	struct config_device devices[CONFIG_MAX_DEVICES];
	size_t n;
	int rc = 0;

	for (size_t i = 0; i < config->n_nics && !rc; i++)
		rc = check_nic(config, i, err);
	if (!rc)
		rc = check_inputs(config, err);
	for (size_t i = 0; i < config->n_sound && !rc; i++)
		rc = check_sound(&config->sound[i], err);
	return rc ? rc : config_devices(config, devices, &n, err);
}
