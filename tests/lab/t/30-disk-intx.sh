# SPDX-License-Identifier: GPL-2.0-or-later
# test: a disk without MSI-X works by INTx
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file disk.img 4
guest -- --disk disk.img,vectors=0 --exec 'sha256sum </dev/vda; cat /proc/interrupts;
	echo "driver $(basename "$(readlink /sys/block/vda/device)")"'
says "^$(checksum disk.img)"
driver=$(sed -n 's/^driver //p' out)
says "IO-APIC.*\\b$driver\\b"
says_not "MSI.*$driver-"
