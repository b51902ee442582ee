# SPDX-License-Identifier: GPL-2.0-or-later
# test: a qcow2 image: write, read back, kill in the middle, and the image is whole
# timeout: 900
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file base.raw 8
qemu-img convert -q -c -O qcow2 base.raw base.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 disk.qcow2 64M
modules=virtio_blk tiny_initrd initrd.gz <<'INIT'
echo "before $(head -c 8388608 /dev/vda | sha256sum | cut -d' ' -f1)"
head -c 20000000 /dev/urandom >/data
dd if=/data of=/dev/vda bs=65536 seek=64 conv=fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
dd if=/dev/vda bs=65536 skip=64 2>/dev/null | head -c 20000000 | cmp - /data && echo same
case $(cat /proc/cmdline) in
*forever*)
	echo writing
	while :; do dd if=/dev/urandom of=/dev/vda bs=65536 count=64 seek=$((RANDOM % 900)) conv=notrunc,fsync; done ;;
esac
sync
poweroff -f
INIT
sum=$(checksum base.raw)
guest -- --initrd initrd.gz --disk disk.qcow2,format=qcow2
says "^before $sum"
says '^same'
qemu-img check -q disk.qcow2 || fail "qemu-img finds faults after a run"
qemu-img compare -q base.raw base.qcow2 || fail "the base was written"
for round in 1 2 3; do
	vise run --kernel "$CLOUD" --initrd initrd.gz --append forever --disk disk.qcow2,format=qcow2 \
		</dev/null >out 2>err &
	vise=$!
	wait_for 120 grep -q writing out
	sleep "1.$round"
	kill -KILL "$vise"
	wait "$vise" 2>/dev/null || true
	# What lets go of the image after its owner is gone needs a moment.
	sleep 1
	qemu-img check disk.qcow2 >check || fail "after kill $round: $(cat check)"
done
# A snapshot on top of it leaves it alone.
qemu-img convert -q -O raw disk.qcow2 before.raw
guest -- --initrd initrd.gz --disk disk.qcow2,format=qcow2,snapshot=on
qemu-img convert -q -O raw disk.qcow2 after.raw
cmp before.raw after.raw || fail "snapshot=on wrote to the image"
