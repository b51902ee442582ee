# SPDX-License-Identifier: GPL-2.0-or-later
# test: --status-file tells programs how the run ended
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

guest 3 -- --status-file "$T/status" --exec 'exit 3'
[ -s status ] || fail "no status file"
grep -q 3 status || fail "the status file does not name status 3: $(cat status)"
