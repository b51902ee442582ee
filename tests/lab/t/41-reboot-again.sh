# SPDX-License-Identifier: GPL-2.0-or-later
# test: without --no-reboot a reset boots anew
# timeout: 240
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

truncate -s 1M disk.img
modules=virtio_blk tiny_initrd initrd.gz <<'INIT'
if grep -q again /dev/vda; then
	echo 'second life'
	poweroff -f
fi
echo again >/dev/vda
sync
echo 'first life'
reboot -f
INIT
guest -- --initrd initrd.gz --disk disk.img
says '^first life$'
says '^second life$'
