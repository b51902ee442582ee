# SPDX-License-Identifier: GPL-2.0-or-later
# test: what a command wrote last still arrives after it has ended
# timeout: 240
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

# Four KiB of it wait in the guest's terminal when seq ends, and must not be thrown away with it.
guest -- --cpus 2 --exec 'seq 1 3000'
seq 1 3000 | cmp - out || fail "the output differs from what seq prints"
