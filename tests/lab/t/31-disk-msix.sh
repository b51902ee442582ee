# SPDX-License-Identifier: GPL-2.0-or-later
# test: a disk interrupts by MSI-X
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file disk.img 4
guest -- --disk disk.img --exec 'sha256sum </dev/vda; cat /proc/interrupts;
	echo "driver $(basename "$(readlink /sys/block/vda/device)")"'
says "^$(checksum disk.img)"
driver=$(sed -n 's/^driver //p' out)
says "MSI.*$driver-req"
grep "$driver-req" out | grep -Eq ':.* [1-9]' || fail "no interrupt was counted"
