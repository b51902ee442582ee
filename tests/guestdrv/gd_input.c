/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_input.h"

#include "vmm/core/le.h"

#include <ctype.h>
#include <string.h>

#define CONFIG_BYTES  136U
#define OUTER_RETRIES 5U
#define LEDS_MAX      5U

const uint8_t gd_input_required_keys[72] = {
	1,  2,	3,  4,	5,  6,	7,  8,	 9,   10,  11,	14,  15,  16,  17,  18,	 19,  20,
	21, 22, 23, 24, 25, 28, 29, 30,	 31,  32,  33,	34,  35,  36,  37,  38,	 42,  44,
	45, 46, 47, 48, 49, 50, 54, 56,	 57,  58,  59,	60,  61,  62,  63,  64,	 65,  66,
	67, 68, 69, 70, 87, 88, 97, 100, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
};

/* What the driver wants to find, by kind. */
struct expected {
	const char *name;
	uint16_t product;
	uint16_t types[3];
	struct {
		uint16_t type;
		uint16_t codes[3]; /* unused ones repeat the first */
	} bits[2];
};

static const struct expected expected[GD_INPUT_KINDS] = {
	[VIRTIO_INPUT_KEYBOARD] = {"aero virtio keyboard",
				   1,
				   {GD_EV_SYN, GD_EV_KEY, GD_EV_LED},
				   {{GD_EV_LED, {0, 1, 2}}, {GD_EV_KEY, {1, 1, 1}}}},
	[VIRTIO_INPUT_MOUSE] = {"aero virtio mouse",
				2,
				{GD_EV_SYN, GD_EV_KEY, GD_EV_REL},
				{{GD_EV_REL, {0, 1, 8}}, {GD_EV_KEY, {0x110, 0x111, 0x112}}}},
	[VIRTIO_INPUT_TABLET] = {"aero virtio tablet",
				 3,
				 {GD_EV_SYN, GD_EV_ABS, GD_EV_ABS},
				 {{GD_EV_ABS, {0, 1, 1}}, {GD_EV_ABS, {0, 1, 1}}}},
};

void gd_input_open(struct gd_input *in, const struct gd_input_config *config)
{
	static const struct gd_input_config plain;
	static const char *const ids[] = {"kbd0", "mouse0", "tablet0"};

	if (!config)
		config = &plain;
	memset(in, 0, sizeof(*in));
	in->m = gd_machine_create(&config->machine);
	for (uint8_t k = 0; k < GD_INPUT_KINDS; k++) {
		struct virtio_input_config input = {
			.id = ids[k], .mem = in->m->mem, .kind = (enum virtio_input_kind)k};
		struct virtio_pci_config wish = {
			.devfn = PCI_DEVFN(GD_INPUT_SLOT, k),
			.vectors = config->vectors,
			.subsystem = (uint16_t)(VIRTIO_INPUT_SUBSYSTEM + k),
		};
		struct err err = ERR_INIT;

		in->fn[k].vd = virtio_input_create(&input, &err);
		if (!in->fn[k].vd)
			gd_die("input", err.text);
		gd_plug_with(in->m, in->fn[k].vd, &wish);
	}
	gd_assign(in->m);
	for (uint8_t k = 0; k < GD_INPUT_KINDS; k++)
		gd_dev_open(&in->fn[k].dev, in->m, PCI_DEVFN(GD_INPUT_SLOT, k));
}

void gd_input_close(struct gd_input *in)
{
	gd_machine_destroy(in->m);
}

bool gd_input_ask(struct gd_input_fn *fn, uint8_t select, uint8_t subsel,
		  struct gd_input_answer *answer)
{
	uint8_t bytes[CONFIG_BYTES];

	for (unsigned int i = 0; i < OUTER_RETRIES; i++) {
		uint64_t before = gd_rd(&fn->dev, GD_GENERATION);

		gd_bar_wr(&fn->dev, VIRTIO_PCI_DEVICE, 2, select | (uint64_t)subsel << 8);
		for (uint32_t at = 0; at < CONFIG_BYTES; at += 4)
			st_le32(bytes + at,
				(uint32_t)gd_bar_rd(&fn->dev, VIRTIO_PCI_DEVICE + at, 4));
		memcpy(answer, bytes, sizeof(bytes));
		if (gd_rd(&fn->dev, GD_GENERATION) == before && answer->select == select &&
		    answer->subsel == subsel)
			return true;
	}
	return false;
}

bool gd_input_bit(const struct gd_input_answer *answer, unsigned int code)
{
	return answer->payload[code / 8] >> code % 8 & 1;
}

/* PrepareHardware: what it reads at status 0. */
static const char *prepare(const struct gd_input_fn *fn, unsigned int *kind)
{
	struct gd_machine *m = fn->dev.m;
	uint8_t devfn = fn->dev.devfn;

	if (gd_cfg_read(m, devfn, PCI_VENDOR_ID, 2) != VIRTIO_PCI_VENDOR)
		return "vendor";
	if (gd_cfg_read(m, devfn, PCI_REVISION_ID, 1) != 1)
		return "revision";
	if (gd_cfg_read(m, devfn, PCI_DEVICE_ID, 2) != 0x1052)
		return "device id";
	if (fn->dev.bar == 0)
		return "BAR 0 has no address";
	*kind = gd_cfg_read(m, devfn, PCI_SUBSYSTEM_ID, 2) - VIRTIO_INPUT_SUBSYSTEM;
	if (*kind >= GD_INPUT_KINDS)
		return "subsystem id";
	if (gd_rd(&fn->dev, GD_NUM_QUEUES) < 2)
		return "fewer than two queues";
	return NULL;
}

static const char *check_sizes(const struct gd_input_fn *fn)
{
	for (uint16_t q = 0; q < 2; q++)
		if (gd_queue_rd(&fn->dev, q, GD_QUEUE_SIZE) != 64 ||
		    gd_rd(&fn->dev, GD_QUEUE_NOTIFY_OFF) != q)
			return "queue size or notify offset";
	return NULL;
}

static bool name_is(const struct gd_input_answer *answer, const char *name)
{
	size_t n = strnlen((const char *)answer->payload, answer->size < 128 ? answer->size : 128U);

	if (n != strlen(name))
		return false;
	for (size_t i = 0; i < n; i++)
		if (tolower(answer->payload[i]) != name[i])
			return false;
	return true;
}

static const char *check_identity(struct gd_input_fn *fn, const struct expected *want)
{
	struct gd_input_answer a;

	if (!gd_input_ask(fn, GD_INPUT_NAME, 0, &a) || !name_is(&a, want->name))
		return "ID_NAME";
	if (!gd_input_ask(fn, GD_INPUT_DEVIDS, 0, &a) || a.size < 8 ||
	    ld_le16(a.payload) != 0x0006 || ld_le16(a.payload + 2) != 0x1af4 ||
	    ld_le16(a.payload + 4) != want->product || ld_le16(a.payload + 6) != 1)
		return "ID_DEVIDS";
	if (!gd_input_ask(fn, GD_INPUT_BITS, 0, &a) || a.size == 0)
		return "EV_BITS";
	for (unsigned int i = 0; i < 3; i++)
		if (!gd_input_bit(&a, want->types[i]))
			return "a required event type";
	return NULL;
}

static const char *check_codes(struct gd_input_fn *fn, const struct expected *want)
{
	struct gd_input_answer a;

	for (unsigned int b = 0; b < 2; b++) {
		if (!gd_input_ask(fn, GD_INPUT_BITS, (uint8_t)want->bits[b].type, &a))
			return "EV_BITS of a type";
		for (unsigned int i = 0; i < 3; i++)
			if (!gd_input_bit(&a, want->bits[b].codes[i]))
				return "a required code";
	}
	return NULL;
}

static const char *check_keys(struct gd_input_fn *fn)
{
	struct gd_input_answer a;

	if (!gd_input_ask(fn, GD_INPUT_BITS, GD_EV_KEY, &a))
		return "EV_BITS of EV_KEY";
	for (size_t i = 0; i < sizeof(gd_input_required_keys); i++)
		if (!gd_input_bit(&a, gd_input_required_keys[i]))
			return "a required key";
	return NULL;
}

static const char *check_axes(struct gd_input_fn *fn)
{
	struct gd_input_answer a;

	for (uint8_t axis = 0; axis < 2; axis++)
		if (!gd_input_ask(fn, GD_INPUT_ABS, axis, &a) || a.size < 8 ||
		    (int32_t)ld_le32(a.payload + 4) <= (int32_t)ld_le32(a.payload))
			return "ABS_INFO";
	return NULL;
}

static const char *discover(struct gd_input_fn *fn, unsigned int kind)
{
	const char *why = check_identity(fn, &expected[kind]);

	if (!why)
		why = check_codes(fn, &expected[kind]);
	if (!why && kind == VIRTIO_INPUT_KEYBOARD)
		why = check_keys(fn);
	if (!why && kind == VIRTIO_INPUT_TABLET)
		why = check_axes(fn);
	return why;
}

const char *gd_input_probe(struct gd_input_fn *fn, const struct gd_persona *persona)
{
	unsigned int kind = 0;
	const char *why = prepare(fn, &kind);

	if (!why)
		why = check_sizes(fn);
	if (!why)
		why = gd_init_device(&fn->dev, persona);
	if (!why)
		why = check_sizes(fn);
	if (!why)
		why = discover(fn, kind);
	return why;
}

static void post(struct gd_input_fn *fn)
{
	/* The next descriptor is the last of the free list: its buffer has the same number. */
	uint16_t d = fn->eventq.n_free ? fn->eventq.free[fn->eventq.n_free - 1] : 0;
	struct gd_seg seg = {fn->buffers + (gpa_t)GD_INPUT_EVENT * d, GD_INPUT_EVENT, true};

	gd_add(&fn->eventq, &seg, 1);
}

const char *gd_input_queues(struct gd_input_fn *fn, const struct gd_persona *persona)
{
	if (!gd_queue_setup(&fn->eventq, &fn->dev, 0, persona->used_align) ||
	    !gd_queue_setup(&fn->statusq, &fn->dev, 1, persona->used_align))
		return "queue_enable does not read back as 1";
	gd_input_post(fn);
	return NULL;
}

void gd_input_post(struct gd_input_fn *fn)
{
	fn->buffers = gd_alloc(fn->dev.m, (uint64_t)GD_INPUT_BUFFERS * GD_INPUT_EVENT, 4);
	while (fn->eventq.n_free)
		post(fn);
	gd_kick(&fn->eventq);
}

/* Config on 0, queue q on 1 + q mod (n - 1); everything on 0 with a single vector. The common start
 * has written the same before the queues; this driver does it after the first doorbell. */
static bool assign_vectors(const struct gd_dev *dev)
{
	unsigned int n = gd_msix_vectors(dev);
	bool msix = n && gd_cfg_read(dev->m, dev->devfn, GD_MSIX_CAP + 2, 2) & PCI_MSIX_CONTROL_EN;
	uint16_t config = msix ? 0 : VIRTIO_MSI_NO_VECTOR;

	gd_wr(dev, GD_MSIX_CONFIG, config);
	if (gd_rd(dev, GD_MSIX_CONFIG) != config)
		return false;
	for (uint16_t q = 0; q < 2; q++) {
		uint16_t vector = msix && n > 1 ? (uint16_t)(1 + q % (n - 1)) : config;

		gd_queue_wr(dev, q, GD_QUEUE_VECTOR, vector);
		if (gd_rd(dev, GD_QUEUE_VECTOR) != vector)
			return false;
	}
	return true;
}

const char *gd_input_start(struct gd_input_fn *fn, const struct gd_persona *persona)
{
	const char *why = gd_input_probe(fn, persona);

	if (!why)
		why = gd_input_queues(fn, persona);
	if (!why && !assign_vectors(&fn->dev))
		why = "a vector does not read back";
	if (why)
		return why;
	gd_driver_ok(&fn->dev);
	return NULL;
}

size_t gd_input_take(struct gd_input_fn *fn, struct virtio_input_event *events, size_t max)
{
	struct gd_machine *m = fn->dev.m;
	struct gd_used used;
	size_t n = 0;

	gd_settle(m);
	while (n < max && gd_take_used(&fn->eventq, &used)) {
		gpa_t at = fn->buffers + (gpa_t)GD_INPUT_EVENT * used.id;

		if (used.len != GD_INPUT_EVENT || used.id >= GD_INPUT_BUFFERS) {
			fn->dropped++;
		} else {
			events[n++] = (struct virtio_input_event){
				gd_ld16(m, at), gd_ld16(m, at + 2), (int32_t)gd_ld32(m, at + 4)};
		}
		post(fn);
		gd_kick(&fn->eventq);
		if (gd_used_ready(&fn->eventq) == 0)
			gd_settle(m);
	}
	return n;
}

bool gd_input_leds(struct gd_input_fn *fn, uint32_t lit, unsigned int n)
{
	uint8_t bytes[(LEDS_MAX + 1) * GD_INPUT_EVENT] = {0};
	uint32_t len = (n + 1) * GD_INPUT_EVENT;
	struct gd_seg seg = {gd_alloc(fn->dev.m, sizeof(bytes), 4), len, false};
	struct gd_used used;

	if (n > LEDS_MAX)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		st_le16(bytes + (size_t)GD_INPUT_EVENT * i, GD_EV_LED);
		st_le16(bytes + (size_t)GD_INPUT_EVENT * i + 2, (uint16_t)i);
		st_le32(bytes + (size_t)GD_INPUT_EVENT * i + 4, lit >> i & 1);
	}
	gd_write(fn->dev.m, seg.addr, bytes, len);
	if (gd_add(&fn->statusq, &seg, 1) < 0)
		return false;
	gd_kick(&fn->statusq);
	return gd_wait_used(&fn->statusq, &used) && used.len == 0;
}
