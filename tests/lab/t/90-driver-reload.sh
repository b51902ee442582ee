# SPDX-License-Identifier: GPL-2.0-or-later
# test: drivers are unloaded and loaded again, and every device works as before
# timeout: 600
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file disk.img 4
modules='virtio_blk virtio_net virtio_input evdev virtio_snd' flavour=amd64 \
	files="$LAB/guest/evdump $LAB/guest/pcm" tiny_initrd initrd.gz <<'INIT'
for round in 1 2 3; do
	echo "disk $(sha256sum </dev/vda | cut -d' ' -f1)"
	ip link set eth0 up && echo "carrier $(cat /sys/class/net/eth0/carrier)"
	echo "input $(evdump list | grep -c '^Aero.*|id|')"
	head -c 65536 /dev/zero | pcm play 2
	echo "ports $(ls /sys/class/virtio-ports | wc -l)"
	for d in /sys/bus/virtio/devices/virtio*; do
		driver=$(basename "$(readlink "$d/driver")")
		echo "$(basename "$d")" >"/sys/bus/virtio/drivers/$driver/unbind"
		echo "$(basename "$d")" >"/sys/bus/virtio/drivers/$driver/bind"
	done
	usleep 300000
done
rmmod virtio_net virtio_blk && insmod /virtio_blk.ko && echo "disk $(sha256sum </dev/vda | cut -d' ' -f1)"
poweroff -f
INIT
start --kernel "$FULL" --initrd initrd.gz --machine contract --tablet --net none --disk disk.img
ended 0
tr -d '\r' <out >lines && mv lines out
[ "$(grep -c "^disk $(checksum disk.img)" out)" = 4 ] || fail "the disk was not read four times"
[ "$(grep -c '^carrier 1' out)" = 3 ] || fail "the network was not up three times"
[ "$(grep -c '^input 3' out)" = 3 ] || fail "not all three input devices were there three times"
[ "$(grep -c '^played' out)" = 3 ] || fail "the sound device did not play three times"
[ "$(grep -c '^ports 3' out)" = 3 ] || fail "the console's ports were not there three times"
