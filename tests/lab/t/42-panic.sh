# SPDX-License-Identifier: GPL-2.0-or-later
# test: a guest panic ends with 126
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

guest 126 -- --exec 'echo c >/proc/sysrq-trigger'
complains 'panic'
