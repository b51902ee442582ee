# SPDX-License-Identifier: GPL-2.0-or-later
# test: the guest sees a disk grow
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

truncate -s 16M disk.img
modules=virtio_blk tiny_initrd initrd.gz <<'INIT'
while :; do echo "size $(cat /sys/block/vda/size)"; usleep 200000; done
INIT
start --kernel "$CLOUD" --initrd initrd.gz --disk disk.img
wait_for 100 grep -q 'size 32768' out
ctl block_resize device=drive0 size=33554432
wait_for 30 grep -q 'size 65536' out
[ "$(stat -c %s disk.img)" = 33554432 ] || fail "the image has $(stat -c %s disk.img) bytes"
ctl quit
ended 0
