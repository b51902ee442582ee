# SPDX-License-Identifier: GPL-2.0-or-later
# test: a file system written by the guest is sound and complete outside
# timeout: 400
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

ext4_disk disk.img 64
guest -- --disk disk.img --exec '
	set -e
	mkdir -p /mnt
	mount -t ext4 /dev/vda /mnt
	for i in $(seq 1 200); do dd if=/dev/urandom of=/mnt/f$i bs=1k count=$i 2>/dev/null; done
	for i in $(seq 1 3 200); do rm /mnt/f$i; done
	cd /mnt; sha256sum f*; cd /
	umount /mnt'
e2fsck -fn disk.img >fsck.log 2>&1 || fail "e2fsck: $(cat fsck.log)"
mkdir files
debugfs -R 'rdump / files' disk.img >/dev/null 2>&1
grep -E '^[0-9a-f]{64}  f[0-9]+$' out >sums
[ "$(wc -l <sums)" = 133 ] || fail "$(wc -l <sums) files instead of 133"
(cd files && sha256sum --quiet -c ../sums) || fail "files differ"
