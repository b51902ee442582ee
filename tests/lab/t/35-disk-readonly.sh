# SPDX-License-Identifier: GPL-2.0-or-later
# test: readonly=on refuses writes and says so to the guest
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file disk.img 4
chmod 444 disk.img
before=$(checksum disk.img)
guest -- --disk disk.img,readonly=on --exec '
	echo "ro $(cat /sys/block/vda/ro)"
	dd if=/dev/zero of=/dev/vda bs=4k count=1 conv=fsync 2>/dev/null || echo refused'
says '^ro 1$'
says '^refused$'
[ "$(checksum disk.img)" = "$before" ] || fail "the image was written"
