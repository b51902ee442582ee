# SPDX-License-Identifier: GPL-2.0-or-later
# test: transitional devices work, by the modern and by the legacy interface
# timeout: 900
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file disk.img 4
modules='virtio_blk virtio_net' tiny_initrd initrd.gz <<INIT
$(bulk_port)
echo "disk \$(sha256sum </dev/vda | cut -d' ' -f1)"
ip link set lo up; ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ping -c 2 -w 20 10.0.2.2 >/dev/null && echo pinged
exec 3<>"\$port"
echo over >&3
for d in /sys/bus/virtio/devices/virtio*; do
	f=\$(cat "\$d/features")
	echo "device \$(cat "\$d/../device") version \$(echo "\$f" | cut -c33)"
done
echo listening
sleep 3
poweroff -f
INIT
# The interface, and how many vectors.
for variant in 1:9 0:9 0:0; do
	version=${variant%:*} vectors=${variant#*:}
	append=
	[ "$version" = 1 ] || append=virtio_pci.force_legacy=1
	start --kernel "$CLOUD" --initrd initrd.gz --append "$append" \
		--net "user,transitional=on,vectors=$vectors" \
		--disk "disk.img,transitional=on,vectors=$vectors" \
		--console "null,transitional=on,vectors=$vectors" --bulk "file:$T/bulk"
	wait_for 100 grep -q listening out
	ctl x-device-show device=console0
	ended 0
	tr -d '\r' <out >lines && mv lines out
	says "^disk $(checksum disk.img)"
	says '^pinged'
	[ "$(cat bulk)" = over ] || fail "the port's file holds '$(cat bulk)'"
	for id in 1000 1001 1003; do
		says "^device 0x$id version $version"
	done
done
