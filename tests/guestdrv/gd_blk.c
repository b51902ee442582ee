/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_blk.h"

#include <string.h>

struct gd_block *gd_blk_plug(struct gd_machine *m, const char *id, uint8_t devfn,
			     const struct gd_blk_config *config, struct virtio_device **vd)
{
	struct gd_block *disk =
		gd_block_create(m->loop, (uint64_t)GD_BLK_SECTORS * BLOCK_SECTOR, config->mode);
	struct virtio_blk_config blk = {
		.id = id,
		.mem = m->mem,
		.backend = &disk->blk,
		.loop = m->loop,
		.block_size = config->block_size,
		.on_read_error = config->on_read_error,
		.on_write_error = config->on_write_error,
		.error = config->error,
		.error_arg = config->error_arg,
	};
	struct virtio_pci_config pci = {
		.devfn = devfn,
		.mode = config->transport,
		.event_idx = config->event_idx,
		.vectors = config->vectors,
	};
	struct err err = ERR_INIT;

	*vd = virtio_blk_create(&blk, &err);
	if (!*vd)
		gd_die("blk", err.text);
	gd_plug_with(m, *vd, &pci);
	return disk;
}

void gd_blk_open(struct gd_blk *b, const struct gd_blk_config *config)
{
	static const struct gd_blk_config plain;

	if (!config)
		config = &plain;
	memset(b, 0, sizeof(*b));
	b->m = gd_machine_create(&config->machine);
	b->disk = gd_blk_plug(b->m, "blk0", GD_BLK_DEVFN, config, &b->vd);
	gd_assign(b->m);
	gd_dev_open(&b->dev, b->m, GD_BLK_DEVFN);
}

void gd_blk_close(struct gd_blk *b)
{
	gd_machine_destroy(b->m);
}

const char *gd_blk_start(struct gd_blk *b, const struct gd_persona *persona)
{
	const char *why = gd_init_device(&b->dev, persona);

	if (why)
		return why;
	if (!gd_queue_setup(&b->q, &b->dev, 0, persona->used_align))
		return "queue_enable does not read back as 1";
	gd_driver_ok(&b->dev);
	return NULL;
}

struct gd_blk_req gd_blk_req(struct gd_blk *b, uint32_t type, uint64_t sector, uint32_t len)
{
	struct gd_blk_req r = {.type = type, .len = len};

	r.header = gd_alloc(b->m, 17, 16);
	r.status = r.header + 16;
	r.data = len ? gd_alloc(b->m, len, 16) : 0;
	gd_st32(b->m, r.header, type);
	gd_st64(b->m, r.header + 8, sector);
	gd_fill(b->m, r.status, GD_BLK_PRESET, 1);
	return r;
}

uint32_t gd_blk_segs(const struct gd_blk_req *r, struct gd_seg *segs)
{
	uint32_t n = 0;

	segs[n++] = (struct gd_seg){r->header, 16, false};
	if (r->len)
		segs[n++] = (struct gd_seg){r->data, r->len, r->type != VIRTIO_BLK_T_OUT};
	segs[n++] = (struct gd_seg){r->status, 1, true};
	return n;
}

int gd_blk_add(struct gd_blk *b, const struct gd_blk_req *r)
{
	struct gd_seg segs[3];

	return gd_add(&b->q, segs, gd_blk_segs(r, segs));
}

int gd_blk_do_segs(struct gd_blk *b, const struct gd_seg *segs, uint32_t n, gpa_t status,
		   uint32_t *used_len)
{
	struct gd_used used;
	int head = n <= b->q.n_free ? gd_add(&b->q, segs, n) : gd_add_indirect(&b->q, 0, segs, n);

	gd_kick(&b->q);
	if (head < 0 || !gd_wait_used(&b->q, &used) || used.id != (uint32_t)head)
		return -1;
	if (used_len)
		*used_len = used.len;
	return gd_ld8(b->m, status);
}

int gd_blk_do(struct gd_blk *b, const struct gd_blk_req *r, uint32_t *used_len)
{
	struct gd_seg segs[3];
	uint32_t n = gd_blk_segs(r, segs);

	gd_fill(b->m, r->status, GD_BLK_PRESET, 1);
	return gd_blk_do_segs(b, segs, n, r->status, used_len);
}

bool gd_blk_works(struct gd_blk *b)
{
	struct gd_blk_req r = gd_blk_req(b, VIRTIO_BLK_T_IN, 0, BLOCK_SECTOR);
	uint8_t got[BLOCK_SECTOR];

	if (gd_blk_do(b, &r, NULL) != VIRTIO_BLK_S_OK)
		return false;
	gd_read(b->m, r.data, got, sizeof(got));
	return memcmp(got, b->disk->bytes, sizeof(got)) == 0;
}
