# SPDX-License-Identifier: GPL-2.0-or-later
# test: what the guest init cannot do is said in one line, with 125
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

truncate -s 4M empty.img
guest 125 -- --disk empty.img --root /dev/vda --exec true
complains '/dev/vda'
