# SPDX-License-Identifier: GPL-2.0-or-later
# test: serial= is what the guest reads
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

truncate -s 1M disk.img
guest -- --disk disk.img,serial=VISE-0123456789-ABCD --exec 'echo "serial $(cat /sys/block/vda/serial)"'
says '^serial VISE-0123456789-ABCD$'
