# SPDX-License-Identifier: GPL-2.0-or-later
# test: what is injected arrives, event by event, at Linux's evdev
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

modules='virtio_input evdev' files=$LAB/guest/evdump tiny_initrd initrd.gz <<'INIT'
evdump list
evdump watch 5 'Aero Virtio Keyboard' >/keyboard &
evdump watch 12 'Aero Virtio Mouse' >/mouse &
evdump watch 3 'Aero Virtio Tablet' >/tablet &
until grep -q ready /keyboard && grep -q ready /mouse && grep -q ready /tablet; do usleep 100000; done
echo listening
wait
for f in keyboard mouse tablet; do sed "s/^/$f /" /$f; done
evdump led 'Aero Virtio Keyboard' 1 1
evdump led 'Aero Virtio Keyboard' 2 1
echo lit
sleep 1000
INIT
start --kernel "$CLOUD" --initrd initrd.gz --input keyboard --input mouse --input tablet
wait_for 100 grep -q listening out
# event TYPE CODE VALUE...: JSON of a batch
batch() {
	local sep='' list=''
	while [ $# -gt 0 ]; do
		list="$list$sep{\"type\": $1, \"code\": $2, \"value\": $3}" sep=', '
		shift 3
	done
	echo "[$list]"
}
inject() {
	local device=$1
	shift
	ctl x-input-inject "device=$device" "events=$(batch "$@")"
}
inject aero_virtio_kbd0 1 30 1
inject aero_virtio_kbd0 1 30 0 1 113 1
# Vertical and horizontal wheel, buttons, a move.
inject aero_virtio_mouse0 2 0 -5 2 1 7
inject aero_virtio_mouse0 2 8 1 2 6 -2
inject aero_virtio_mouse0 1 272 1 1 275 1
inject aero_virtio_mouse0 1 272 0 1 275 0
inject aero_virtio_tablet0 3 0 32767 3 1 1
wait_for 60 grep -q '^lit' out
tr -d '\r' <out >lines && mv lines out
cat >want <<'WANT'
keyboard ready
keyboard event 1 30 1
keyboard event 0 0 0
keyboard event 1 30 0
keyboard event 1 113 1
keyboard event 0 0 0
mouse ready
mouse event 2 0 -5
mouse event 2 1 7
mouse event 0 0 0
mouse event 2 8 1
mouse event 2 6 -2
mouse event 0 0 0
mouse event 1 272 1
mouse event 1 275 1
mouse event 0 0 0
mouse event 1 272 0
mouse event 1 275 0
mouse event 0 0 0
tablet ready
tablet event 3 0 32767
tablet event 3 1 1
tablet event 0 0 0
WANT
# The high resolution axes are Linux's own doing, not the device's.
grep -E '^(keyboard|mouse|tablet) ' out | grep -vE ' event 2 1[12] ' | head -n "$(wc -l <want)" >got
# The last key that went down was taken as an event of five: the sixth is its SYN.
diff want got || fail "the events differ"
says '^Aero Virtio Keyboard\|id\| 0006:1af4:0001:0001'
says '^Aero Virtio Mouse\|id\| 0006:1af4:0002:0001'
says '^Aero Virtio Tablet\|id\| 0006:1af4:0003:0001'
says '^Aero Virtio Tablet\|abs 0\| 0..32767 fuzz 0 flat 0 res 0'
wait_for 30 sh -c "visectl --socket '$T/control' x-device-show device=aero_virtio_kbd0 | grep -q '\"leds\": 6'"
# All or nothing: a code that a keyboard does not have takes the whole batch with it.
! inject aero_virtio_kbd0 1 31 1 2 0 1 2>err || fail "a batch with a foreign event was taken"
ctl quit
ended 0
