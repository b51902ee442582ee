# SPDX-License-Identifier: GPL-2.0-or-later
# test: a guest that powers off ends the run with 0
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

tiny_initrd initrd.gz <<'INIT'
echo up
poweroff -f
INIT
guest -- --initrd initrd.gz
says '^up$'
