# SPDX-License-Identifier: GPL-2.0-or-later
# test: a port with a ring is read and written by control commands, and holds the guest back when full
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

tiny_initrd initrd.gz <<'INIT'
exec 3<>/dev/vport0p1
echo hello >&3
read -r line <&3
echo "heard $line"
# More than the ring holds: the write ends only when somebody reads.
seq 1 20000 >&3
echo written
stty size </dev/hvc0
while :; do stty size </dev/hvc0 | sed 's/^/size /'; usleep 200000; done
INIT
start --kernel "$CLOUD" --initrd initrd.gz --bulk ring:65536
wait_for 100 sh -c "visectl --socket '$T/control' x-device-show device=console0 | grep -q '\"to-host\": 6'"
[ "$(ctl ringbuf-read device=bulk size=100)" = '"hello\n"' ] || fail "the ring holds something else"
ctl ringbuf-write device=bulk data=$'how are you\n' >/dev/null
wait_for 60 grep -q 'heard how are you' out
sleep 2
! grep -q written out || fail "the guest wrote more than the ring holds"
: >read
wait_for 120 sh -c "visectl --socket '$T/control' ringbuf-read device=bulk size=65536 format=base64 |
	tr -d '\"' | base64 -d >>read; grep -q written out"
ctl ringbuf-read device=bulk size=65536 format=base64 | tr -d '"' | base64 -d >>read
seq 1 20000 | cmp - read || fail "what was read differs"
ctl x-console-resize cols=132 rows=50
wait_for 60 grep -q 'size 50 132' out
ctl quit
ended 0
