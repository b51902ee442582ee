# SPDX-License-Identifier: GPL-2.0-or-later
# test: --timeout ends a run with 124
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

start=$SECONDS
guest 124 -- --timeout 8 --exec 'sleep 1000'
complains 'time'
[ $((SECONDS - start)) -lt 20 ] || fail "8 s took $((SECONDS - start)) s"
