# SPDX-License-Identifier: GPL-2.0-or-later
# place: lab
# rounds: 3
# One guest and the machine that its VMM runs on: TCP both ways and datagrams by a tap (no vhost), TCP by user networking.
# Both sides offer the same features: none, and for tap once more checksums, segmentation and merged buffers.
# shellcheck shell=bash source=../lib.sh
. "$STAGE/lib.sh"

seconds=4
busybox tunctl -t tap0 >/dev/null
busybox ip addr add 192.168.99.1/24 dev tap0
busybox ip link set tap0 up
netpeer 0.0.0.0 2>netpeer.log &

# What QEMU offers unasked and Vise does not, and the other way round with the offloads.
plain=csum=off,guest_csum=off,gso=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off,host_tso4=off
plain+=,host_tso6=off,host_ecn=off,host_ufo=off,mrg_rxbuf=off,ctrl_vq=off,event_idx=off
plain+=,ctrl_rx=off,ctrl_vlan=off,ctrl_rx_extra=off,ctrl_mac_addr=off,guest_announce=off

# net SIDE KIND: appends the network to the side's command line
net() {
	case $1-$2 in
	vise-tap) vmm+=(--net "tap,ifname=tap0,event-idx=off") ;;
	vise-offload) vmm+=(--net "tap,ifname=tap0,csum=on,tso=on,mrg-rxbuf=on,event-idx=on") ;;
	vise-user) vmm+=(--net "user,event-idx=off") ;;
	pc-tap) vmm+=(-netdev "tap,id=n,ifname=tap0,script=no,downscript=no,vhost=off"
		-device "virtio-net-pci,netdev=n,romfile=,$plain") ;;
	pc-offload) vmm+=(-netdev "tap,id=n,ifname=tap0,script=no,downscript=no,vhost=off"
		-device "virtio-net-pci,netdev=n,romfile=") ;;
	pc-user) vmm+=(-netdev "user,id=n" -device "virtio-net-pci,netdev=n,romfile=,$plain") ;;
	esac
}

raw_disk 1
for round in $(seq 0 $((ROUNDS - 1))); do
	for kind in tap offload user; do
		work=tap
		[ "$kind" != user ] || work=user
		for name in $(rotated "$round" vise pc); do
			side "$name" "$VMLINUZ" "quiet BENCH=net:$seconds,$work"
			net "$name" "$kind"
			watch -t 300 -m done
			if grep -q failed marks; then
				cat marks complaints >&2
				exit 1
			fi
			while read -r _ _ what value; do
				sample "$kind-$what" "$name" "$value"
			done < <(grep ' net ' marks)
		done
	done
done
report 'tap-tx-Mbit vise/pc >= 1.0' 'tap-rx-Mbit vise/pc >= 1.0' 'tap-tx-64-pps vise/pc --' 'tap-rx-64-pps vise/pc --' \
	'tap-tx-1500-pps vise/pc --' 'tap-rx-1500-pps vise/pc --' 'offload-tx-Mbit vise/pc --' \
	'offload-rx-Mbit vise/pc --' 'user-tx-Mbit vise/pc >= 1.0' 'user-rx-Mbit vise/pc >= 1.0'
