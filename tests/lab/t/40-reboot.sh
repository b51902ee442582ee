# SPDX-License-Identifier: GPL-2.0-or-later
# test: a reset under --no-reboot ends with 127
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

tiny_initrd initrd.gz <<'INIT'
reboot -f
INIT
guest 127 -- --initrd initrd.gz --no-reboot
complains 'reset|reboot'
