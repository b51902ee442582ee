# SPDX-License-Identifier: GPL-2.0-or-later
# test: four writers at once copy a disk bit by bit
# timeout: 480
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file from.img 64
truncate -s 64M to.img
guest -- --cpus 2 --disk from.img,readonly=on --disk to.img --exec '
	set -e
	part() { # block size, blocks, first block: a quarter of the disk
		dd if=/dev/vda of=/dev/vdb bs=$1 count=$2 skip=$3 seek=$3 conv=notrunc 2>/dev/null; }
	part 4k 4096 0 & part 64k 256 256 & part 1M 16 32 & part 512 32768 98304 &
	wait
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sha256sum </dev/vdb'
cmp from.img to.img || fail "the copy differs"
says "^$(checksum from.img)"
