# SPDX-License-Identifier: GPL-2.0-or-later
# test: two machines run beside each other
# timeout: 240
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

start --kernel "$CLOUD" --exec 'sleep 1000'
guest 5 -- --exec 'exit 5'
kill -0 "$vise" || fail "the first one is gone"
ctl quit
ended 0
