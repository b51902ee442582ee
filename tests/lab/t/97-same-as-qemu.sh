# SPDX-License-Identifier: GPL-2.0-or-later
# test: one guest script says the same on Vise's devices and on QEMU's
# timeout: 240
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise
type -P qemu-system-x86_64 >/dev/null || skip "there is no QEMU to compare with"

mkdir www
random_file www/file 4
random_file start.img 8
busybox httpd -f -p 127.0.0.1:8000 -h www &
modules='virtio_blk virtio_net virtio_input evdev' files=$LAB/guest/evdump tiny_initrd initrd.gz <<INIT
say() { sed "s|^|same: \$1 |"; }
# The disk: geometry, a write, a flush, the end of the medium.
for f in size ro queue/logical_block_size queue/physical_block_size queue/rotational; do
	say "disk \$f" </sys/block/vda/\$f
done
sha256sum </dev/vda | say 'disk before'
seq 1 100000 | dd of=/dev/vda bs=4096 seek=17 conv=fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
sha256sum </dev/vda | say 'disk after'
dd if=/dev/zero of=/dev/vda bs=512 seek=16384 count=1 2>&1 | grep -o 'No space left on device' | say 'disk end'
# The network.
$(network_script)
cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu /sys/class/net/eth0/carrier | say net
wget -q -O - http://10.0.2.2:8000/file | sha256sum | say 'net get'
wget -q -O - http://10.0.2.2:8000/absent 2>&1 | grep -o '404' | say 'net get'
ping -c 3 -w 30 10.0.2.2 | grep -o '[0-9]* packets received' | say ping
# The console and a port.
cat /sys/class/virtio-ports/*/name | sort | say port
$(bulk_port)
exec 3<>"\$port"
read -r line <&3
echo "\$line" | say 'port heard'
seq 1 50000 >&3
exec 3>&-
# The keyboard, event by event.
name=\$(evdump list | sed -n 's/^\(.*Virtio Keyboard\)|id|.*/\1/p')
evdump watch 7 "\$name" >/events &
until grep -q ready /events; do usleep 100000; done
echo listening
wait \$!
say key </events
# Unloaded and loaded, all is there again.
for d in /sys/bus/virtio/devices/virtio*; do
	driver=\$(basename "\$(readlink "\$d/driver")")
	basename "\$d" >"/sys/bus/virtio/drivers/\$driver/unbind"
	basename "\$d" >"/sys/bus/virtio/drivers/\$driver/bind"
done
usleep 500000
sha256sum </dev/vda | say 'disk again'
ls /sys/class/net | say 'net again'
cat /sys/class/virtio-ports/*/name | sort | say 'port again'
echo finished
sync
poweroff -f
INIT

# one NAME COMMAND...: runs a VMM with disk, network, port and keyboard, and keeps what its guest said
one() {
	local name=$1
	shift
	cp start.img disk.img
	rm -f control port
	"$@" </dev/null >out 2>err &
	vise=$!
	wait_for 60 test -S port
	(echo hello; sleep 600) | socat STDIO "UNIX-CONNECT:$T/port" >"$name.port" &
	wait_for 100 grep -q listening out
	# The keys: a press and a release, two at once.
	if [ "$name" = vise ]; then
		ctl x-input-inject device=aero_virtio_kbd0 'events=[{"type":1,"code":30,"value":1}]'
		ctl x-input-inject device=aero_virtio_kbd0 'events=[{"type":1,"code":30,"value":0}]'
		ctl x-input-inject device=aero_virtio_kbd0 \
			'events=[{"type":1,"code":42,"value":1},{"type":1,"code":48,"value":1}]'
	else
		local key='{"type":"key","data":{"down":%s,"key":{"type":"qcode","data":"%s"}}}'
		# shellcheck disable=SC2059 # a pattern
		{
			ctl input-send-event "events=[$(printf "$key" true a)]"
			ctl input-send-event "events=[$(printf "$key" false a)]"
			ctl input-send-event "events=[$(printf "$key" true shift),$(printf "$key" true b)]"
		}
	fi >/dev/null
	wait "$vise" || fail "$name ended with $?"
	tr -d '\r' <out | grep '^same: ' | sed 's/QEMU Virtio Keyboard/Aero Virtio Keyboard/' >"$name.said" || true
	grep -q '^finished' out || fail "the guest of $name did not finish"
	sha256sum <disk.img >"$name.disk"
}

one vise vise run --kernel "$CLOUD" --initrd initrd.gz --disk disk.img --net user --input keyboard \
	--bulk "unix:$T/port" --control "unix:$T/control"
one qemu qemu-system-x86_64 -accel kvm -cpu host -m 512 -nodefaults -no-user-config -display none -serial stdio \
	-no-reboot -kernel "$CLOUD" -initrd initrd.gz -append 'console=ttyS0 panic=-1' \
	-qmp "unix:$T/control,server=on,wait=off" \
	-drive if=none,id=d,file=disk.img,format=raw -device virtio-blk-pci,drive=d \
	-netdev user,id=n -device 'virtio-net-pci,netdev=n,mac=52:54:00:12:34:56,romfile=' \
	-device virtio-serial-pci -chardev null,id=c -device 'virtconsole,nr=0,name=ktstr-console,chardev=c' \
	-device 'virtserialport,nr=1,name=ktstr-bulk,chardev=p' -device 'virtserialport,nr=2,name=ktstr-stats,chardev=q' \
	-chardev "socket,id=p,path=$T/port,server=on,wait=off" -chardev null,id=q -device virtio-keyboard-pci
[ "$(wc -l <vise.said)" -gt 30 ] || fail "the guest said little: $(cat vise.said)"
diff qemu.said vise.said || fail "the guests say different things"
cmp qemu.disk vise.disk || fail "the disks differ"
cmp qemu.port vise.port || fail "the port's bytes differ"
