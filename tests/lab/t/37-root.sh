# SPDX-License-Identifier: GPL-2.0-or-later
# test: --root runs a program of the disk
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

busybox_tree tree
mkdir tree/opt
printf '#!/bin/sh\necho "hello from $(busybox cat /opt/name)"\nexit 9\n' >tree/opt/hello
echo 'the disk' >tree/opt/name
chmod +x tree/opt/hello
ext4_disk disk.img 32 tree
guest 9 -- --disk disk.img --root /dev/vda --exec /opt/hello
says '^hello from the disk$'
e2fsck -fn disk.img >fsck.log 2>&1 || fail "the root was not unmounted: $(cat fsck.log)"
