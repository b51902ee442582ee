# SPDX-License-Identifier: GPL-2.0-or-later
# test: a command reads what vise reads, to the end
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

# Input comes long before the guest is up, and its last line has no newline.
{ seq 1 200; printf 'last'; } >input
vise run --kernel "$CLOUD" --exec cat <input >out 2>err || fail "cat ended with $?"
cmp input out || fail "cat printed something else"
