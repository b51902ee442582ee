# SPDX-License-Identifier: GPL-2.0-or-later
# test: stop halts the guest, cont lets it go on
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

tiny_initrd initrd.gz <<'INIT'
i=0
while :; do i=$((i + 1)); echo "tick $i"; usleep 100000; done
INIT
start --kernel "$CLOUD" --initrd initrd.gz --cpus 2
wait_for 100 grep -q 'tick 3' out
ctl stop
ctl query-status >status
grep -q paused status || fail "query-status says: $(cat status)"
sleep 1 # what was on its way has arrived
before=$(wc -c <out)
sleep 2
[ "$(wc -c <out)" = "$before" ] || fail "the guest goes on while stopped"
ctl cont
wait_for 30 eval '[ "$(wc -c <out)" -gt "$before" ]'
ctl query-status >status
grep -q running status || fail "query-status says: $(cat status)"
ctl quit
ended 0
