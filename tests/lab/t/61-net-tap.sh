# SPDX-License-Identifier: GPL-2.0-or-later
# test: a tap interface: TCP both ways, and a capture of it
# timeout: 400
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

busybox tunctl -t tap61 >/dev/null
busybox ip addr add 192.168.61.1/24 dev tap61
busybox ip link set tap61 up
random_file down 16
random_file up 16
busybox nc -l -p 7061 <down &
modules=virtio_net tiny_initrd initrd.gz <<INIT
ip link set eth0 up
ip addr add 192.168.61.2/24 dev eth0
# A peer whose input has ended is taken for gone: this one never speaks, and never ends.
mkfifo /mute
sleep 10000 >/mute &
nc 192.168.61.1 7061 </mute >/got
echo "bytes \$(wc -c </got)"
sha256sum </got | sed 's/^/down /'
$(receive_script)
poweroff -f
INIT
start --kernel "$CLOUD" --initrd initrd.gz --net tap,ifname=tap61,pcap=frames.pcap
wait_for 200 grep -q listening out
busybox nc 192.168.61.2 7 <up
ended 0
tr -d '\r' <out >lines && mv lines out
says "^down $(checksum down)"
says "^up $(checksum up)"
# A capture has all of it, behind the header of a pcap file with nanoseconds.
[ "$(od -An -tx4 -N4 frames.pcap | tr -d ' ')" = a1b23c4d ] || fail "frames.pcap is no capture"
[ "$(stat -c %s frames.pcap)" -gt $((32 << 20)) ] || fail "the capture is too short"
