# SPDX-License-Identifier: GPL-2.0-or-later
# test: the guest sees its cable go out and in
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

modules=virtio_net tiny_initrd initrd.gz <<'INIT'
ip link set eth0 up
while :; do echo "carrier $(cat /sys/class/net/eth0/carrier)"; usleep 200000; done
INIT
start --kernel "$CLOUD" --initrd initrd.gz --net none,mac=52:54:00:ab:cd:ef
wait_for 100 grep -q 'carrier 1' out
ctl set_link name=net0 up=false
wait_for 30 sh -c 'tail -3 out | grep -q "carrier 0"'
ctl set_link name=aero_virtio_net0 up=true
wait_for 30 sh -c 'tail -3 out | grep -q "carrier 1"'
ctl x-device-show device=net0 | grep -q '52:54:00:ab:cd:ef' || fail "device show lacks the address"
ctl quit
ended 0
