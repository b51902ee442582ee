# SPDX-License-Identifier: GPL-2.0-or-later
# test: vise-init loads modules as distributions compress them
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

# An initramfs of one's own: vise-init, a job, and a module as it stands in the package.
module=$(find "$(dirname "$FULL")"/lib/modules -name 'virtio_blk.ko.*' | head -n 1)
[ -n "$module" ] || fail "the full kernel has no compressed virtio_blk"
busybox_tree root
mkdir -p root/lib/vise/modules
cp "$(dirname "$(type -P vise)")/vise-init" root/init
cp "$module" root/lib/vise/modules/
echo "/lib/vise/modules/${module##*/}" >root/lib/vise/modules.list
echo 'exec=cat /proc/partitions' >root/lib/vise/job
(cd root && find . | cpio -o -H newc --quiet) >initrd
truncate -s 4M disk.img
start --kernel "$FULL" --initrd initrd --disk disk.img --com2 "file:$T/com2"
ended 0
says ' vda$'
grep -q '^VISE-INIT exit 0' com2 || fail "COM2 says: $(cat com2)"
