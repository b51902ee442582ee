# SPDX-License-Identifier: GPL-2.0-or-later
# test: visectl presses the power button
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

modules='evdev button' tiny_initrd initrd.gz <<'INIT'
for event in /dev/input/event*; do
	(head -c 24 $event >/dev/null; echo 'pressed'; poweroff -f) &
done
sleep 1
echo 'ready'
wait
INIT
start --kernel "$CLOUD" --initrd initrd.gz
wait_for 100 grep -q ready out
ctl system_powerdown
ended 0
says 'pressed'
