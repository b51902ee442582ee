/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "virtio/blk.h"
#include "virtio/console/console.h"
#include "virtio/input/input.h"
#include "virtio/net/net.h"
#include "vmm/app/machine/device_fields.h"

#include <string.h>

/*
 * A device as JSON. Most comes from the tables that every device has of its fields; what a type
 * adds has a row below.
 */

static json_t *queues_to_json(const struct virtio_device *vd)
{
	json_t *list = json_array();

	for (uint16_t q = 0; q < vd->n_queues; q++) {
		const struct virtq *vq = &vd->queues[q];

		json_array_append_new(list,
				      json_pack("{s:i, s:b, s:o, s:o, s:o, s:o}", "size",
						(int)vq->size, "enabled", vq->enabled, "popped",
						device_count_to_json(vq->popped), "completed",
						device_count_to_json(vq->completed), "interrupts",
						device_count_to_json(vq->interrupts), "malformed",
						device_count_to_json(vq->malformed)));
	}
	return list;
}

static json_t *virtio_to_json(const struct virtio_device *vd)
{
	return json_pack("{s:o, s:o, s:b, s:b, s:i, s:o}", "features-offered",
			 device_count_to_json(vd->offered), "features-negotiated",
			 device_count_to_json(vd->negotiated), "driver-ok", vd->driver_ok, "legacy",
			 vd->legacy, "config-generation", (int)vd->config_generation, "queues",
			 queues_to_json(vd));
}

static json_t *show_blk(struct virtio_device *vd)
{
	return json_pack("{s:o}", "size", device_count_to_json(virtio_blk_size(vd)));
}

static json_t *show_net(struct virtio_device *vd)
{
	const uint8_t *mac = virtio_net_mac(vd);
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return json_pack("{s:s, s:b}", "mac", text, "link", virtio_net_link(vd));
}

static json_t *show_input(struct virtio_device *vd)
{
	static const char *const kinds[] = {"keyboard", "mouse", "tablet"};
	struct virtio_input_state s = virtio_input_state(vd);

	return json_pack("{s:s, s:i, s:i, s:i, s:o, s:o, s:o}", "kind",
			 kinds[virtio_input_kind(vd)], "leds", (int)s.leds, "keys-down",
			 (int)s.keys_down, "waiting", (int)s.waiting, "sent",
			 device_count_to_json(s.sent), "dropped", device_count_to_json(s.dropped),
			 "status-events", device_count_to_json(s.status_events));
}

static json_t *show_console(struct virtio_device *vd)
{
	json_t *ports = json_array();

	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++) {
		struct virtio_console_port_state s = virtio_console_port(vd, i);

		json_array_append_new(ports, json_pack("{s:s, s:b, s:b, s:b, s:o, s:o}", "name",
						       s.name, "ready", s.ready, "guest-open",
						       s.guest_open, "host-open", s.host_open,
						       "to-guest", device_count_to_json(s.to_guest),
						       "to-host", device_count_to_json(s.to_host)));
	}
	return json_pack("{s:o}", "ports", ports);
}

static const struct {
	bool (*is)(const struct device *dev);
	json_t *(*show)(struct virtio_device *vd);
} types[] = {
	{virtio_blk_is, show_blk},
	{virtio_net_is, show_net},
	{virtio_input_is, show_input},
	{virtio_console_is, show_console},
};

/* The members that only @vd's type has, added to @object. */
static void add_own(json_t *object, struct virtio_device *vd)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		json_t *own;

		if (!types[i].is(&vd->dev))
			continue;
		own = types[i].show(vd);
		json_object_update(object, own);
		json_decref(own);
	}
}

json_t *machine_show_device(const struct machine *m, struct device *dev)
{
	json_t *object = json_pack("{s:s, s:s}", "id", dev->id, "type", dev->ops->name);

	for (size_t i = 0; i < m->n_virtio; i++) {
		struct virtio_device *vd = m->virtio[i].vd;

		if (&vd->dev != dev)
			continue;
		if (*m->virtio[i].backend_id)
			json_object_set_new(object, "backend",
					    json_string(m->virtio[i].backend_id));
		add_own(object, vd);
		device_lock(dev);
		json_object_set_new(object, "virtio", virtio_to_json(vd));
		device_unlock(dev);
	}
	device_lock(dev);
	json_object_set_new(object, "state", device_fields_to_json(dev, FIELD_STATE));
	json_object_set_new(object, "counters", device_fields_to_json(dev, FIELD_COUNTER));
	device_unlock(dev);
	return object;
}
