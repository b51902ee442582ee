# SPDX-License-Identifier: GPL-2.0-or-later
# test: every line of a flood on the console arrives, in order
# timeout: 400
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

guest -- --exec 'seq 1 20000'
seq 1 20000 >want
grep -E '^[0-9]+$' out >got || true
cmp want got || fail "$(wc -l <got) of 20000 lines"
