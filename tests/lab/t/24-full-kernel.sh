# SPDX-License-Identifier: GPL-2.0-or-later
# test: the distribution's full kernel boots, its ext4 being a module
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

busybox_tree tree
ext4_disk disk.img 32 tree
guest -- --kernel "$FULL" --disk disk.img --root /dev/vda --exec 'uname -r; grep -w ext4 /proc/modules'
says '^6\.12\.[0-9]+\+deb[0-9]+-amd64$'
says '^ext4 '
