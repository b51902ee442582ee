# SPDX-License-Identifier: GPL-2.0-or-later
# test: a guest of 128 MiB boots
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

guest -- --memory 128M --exec 'grep MemTotal /proc/meminfo'
total=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' out)
[ "${total:-0}" -gt $((64 * 1024)) ] || fail "only ${total:-0} kB of memory"
[ "$total" -lt $((128 * 1024)) ] || fail "more memory than there is: $total kB"
