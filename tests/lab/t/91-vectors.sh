# SPDX-License-Identifier: GPL-2.0-or-later
# test: all devices work by INTx, and with one message for everything
# timeout: 900
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file disk.img 4
modules='virtio_blk virtio_net virtio_input evdev virtio_snd' flavour=amd64 \
	files="$LAB/guest/evdump $LAB/guest/pcm" tiny_initrd initrd.gz <<'INIT'
echo "disk $(sha256sum </dev/vda | cut -d' ' -f1)"
ip link set lo up; ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ping -c 2 -w 20 10.0.2.2 >/dev/null && echo pinged
evdump watch 2 'Aero Virtio Keyboard' &
head -c 131072 /dev/zero | pcm play 2
echo listening
wait
for d in /sys/bus/virtio/devices/virtio*; do
	echo "irqs $(cat "$d/device") $(ls "$d/../msi_irqs" 2>/dev/null | wc -l)"
done
poweroff -f
INIT
for vectors in 0 1; do
	start --kernel "$FULL" --initrd initrd.gz --net "user,vectors=$vectors" --disk "disk.img,vectors=$vectors" \
		--input "keyboard,vectors=$vectors" --snd "none,vectors=$vectors" \
		--console "null,vectors=$vectors"
	wait_for 200 grep -q listening out
	ctl x-input-inject device=aero_virtio_kbd0 'events=[{"type": 1, "code": 30, "value": 1}]'
	ended 0
	tr -d '\r' <out >lines && mv lines out
	says "^disk $(checksum disk.img)"
	says '^pinged'
	says '^played'
	says '^event 1 30 1'
	# Linux falls back to INTx when one message cannot serve it: what it did is what it says.
	[ "$vectors" != 0 ] || says_not '^irqs .* [1-9]'
done
