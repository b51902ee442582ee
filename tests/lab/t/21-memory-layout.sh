# SPDX-License-Identifier: GPL-2.0-or-later
# test: RAM ends at 3 GiB and goes on from 4 GiB
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

guest -- --memory 5G --exec 'cat /proc/iomem; grep MemTotal /proc/meminfo'
# 2 GiB of the five lie above 4 GiB; the very top is RAM, whatever the kernel put into it.
says '^100000000-17fffffff : System RAM$'
! grep 'System RAM' out | grep -E '^(c|d|e|f)[0-9a-f]{7}-' || fail "RAM between 3 and 4 GiB"
total=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' out)
[ "${total:-0}" -gt $((4700 * 1024)) ] || fail "only ${total:-0} kB of memory"
