# SPDX-License-Identifier: GPL-2.0-or-later
# test: Linux uses each offload and the control queue when they are offered
# timeout: 900
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

busybox tunctl -t tap63 >/dev/null
busybox ip addr add 192.168.63.1/24 dev tap63
busybox ip link set tap63 up
random_file down 8
random_file up 8
modules=virtio_net tiny_initrd initrd.gz <<INIT
# The driver programs its filters when the interface goes up.
ip link add link eth0 name eth0.7 type vlan id 7 2>/dev/null
ip link set eth0 promisc on
ip link set eth0 up
ip addr add 192.168.63.2/24 dev eth0
echo "features \$(cat /sys/bus/virtio/devices/virtio*/features | head -1)"
# A peer whose input has ended is taken for gone: this one never speaks, and never ends.
mkfifo /mute
sleep 10000 >/mute &
nc 192.168.63.1 7063 </mute | sha256sum | sed 's/^/down /'
$(receive_script)
poweroff -f
INIT
# Feature bits of virtio 1.2, section 5.1.3, and EVENT_IDX.
for variant in csum=on,ctrl-vq=on,event-idx=off:0,1,17,18,19,23 csum=on,tso=on,event-idx=on:7,8,9,11,12,13,29 \
	csum=on,tso=on,mrg-rxbuf=on,ctrl-vq=on:7,15,18,29; do
	options=${variant%:*} bits=${variant##*:}
	busybox nc -l -p 7063 <down &
	start --kernel "$CLOUD" --initrd initrd.gz --net "tap,ifname=tap63,$options"
	wait_for 200 grep -q listening out
	busybox nc 192.168.63.2 7 <up
	ended 0
	tr -d '\r' <out >lines && mv lines out
	says "^down $(checksum down)"
	says "^up $(checksum up)"
	features=$(sed -n 's/^features //p' out)
	for bit in ${bits//,/ }; do
		[ "${features:bit:1}" = 1 ] || fail "$options: feature $bit was not taken: $features"
	done
done
