/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_BLK_H
#define VISE_GUESTDRV_BLK_H

#include "tests/guestdrv/gd_block.h"
#include "tests/guestdrv/gd_queue.h"
#include "virtio/blk.h"

/* A machine with one virtio-blk function on a disk in memory, and requests for it. */

#define GD_BLK_DEVFN   PCI_DEVFN(4, 0)
#define GD_BLK_SECTORS 8192U
#define GD_BLK_SEG_MAX 126U
#define GD_BLK_PRESET  0xffU /* what the driver puts into a status byte */

struct gd_blk_config {
	struct gd_machine_config machine;
	enum gd_block_mode mode;
	uint16_t vectors;
	enum virtio_pci_mode transport;
	bool event_idx;
	uint32_t block_size;
	enum virtio_blk_on_error on_read_error, on_write_error;
	virtio_blk_error_fn error;
	void *error_arg;
};

struct gd_blk {
	struct gd_machine *m;
	struct gd_block *disk;
	struct virtio_device *vd;
	struct gd_dev dev;
	struct gd_queue q;
};

/* Builds it, BAR placed and decoding on; the device is as after power-on. NULL @config: defaults.
 */
void gd_blk_open(struct gd_blk *b, const struct gd_blk_config *config);
void gd_blk_close(struct gd_blk *b);

/* Makes another virtio-blk device on a new disk of @m, plugged in at @devfn; the disk. */
struct gd_block *gd_blk_plug(struct gd_machine *m, const char *id, uint8_t devfn,
			     const struct gd_blk_config *config, struct virtio_device **vd);

/* gd_init_device(), queue 0, DRIVER_OK; NULL or what went wrong. */
const char *gd_blk_start(struct gd_blk *b, const struct gd_persona *persona);

/* One request in RAM: header, data, status byte. */
struct gd_blk_req {
	gpa_t header, data, status;
	uint32_t type, len;
};

/* Allocates a request with @len bytes of data; the status byte is preset. */
struct gd_blk_req gd_blk_req(struct gd_blk *b, uint32_t type, uint64_t sector, uint32_t len);

/* Its segments as drivers lay them: header, data (left out when @len is 0), status; how many. */
uint32_t gd_blk_segs(const struct gd_blk_req *r, struct gd_seg *segs);

/* Makes it available as a direct chain; its head. */
int gd_blk_add(struct gd_blk *b, const struct gd_blk_req *r);

/* Adds, kicks, waits: the status byte, or -1 when nothing came within 10 s. @used_len may be NULL.
 */
int gd_blk_do(struct gd_blk *b, const struct gd_blk_req *r, uint32_t *used_len);

/* The same for an odd request: any segments, the status byte being at @status. */
int gd_blk_do_segs(struct gd_blk *b, const struct gd_seg *segs, uint32_t n, gpa_t status,
		   uint32_t *used_len);

/* Reads sector 0 and says whether that works and gives what the disk holds: the queue goes on. */
bool gd_blk_works(struct gd_blk *b);

#endif
