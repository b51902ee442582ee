# SPDX-License-Identifier: GPL-2.0-or-later
# test: under QEMU's name, by a harness's own command line and QMP, the guest's self test passes
# timeout: 900
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

selftest-servers >servers.log 2>&1 &
wait_for 10 grep -q ready servers.log
truncate -s 64M disk.img
ln -s "$LAB/bin/vise" qemu-system-x86_64
flavour=amd64 modules='virtio_blk virtio_net virtio_input evdev virtio_snd' files=$LAB/bin/vise-init \
	tiny_initrd initrd.gz <<'INIT'
exec vise-init
INIT
flags='--test-blk-resize --test-net-link-flap --test-input-events-extended --test-input-media-keys --require-snd
	--require-net-msix --expect-blk-msi'

# What such a harness asks first.
for device in virtio-net-pci virtio-blk-pci virtio-keyboard-pci virtio-mouse-pci virtio-sound-pci; do
	expect 0 ./qemu-system-x86_64 -device "$device,help"
	for property in disable-legacy vectors x-pci-revision; do
		says "^ *$property="
	done
	expect 0 ./qemu-system-x86_64 -device "$device,vectors=0,help"
done
expect 1 ./qemu-system-x86_64 -device virtio-absent-pci,help
grep -q "Device 'virtio-absent-pci' not found" err || fail "an unknown device is called: $(cat err)"

contract=disable-legacy=on,x-pci-revision=0x01
./qemu-system-x86_64 -m 512 -smp 1 -display none -no-reboot -qmp "unix:$T/control,server,nowait" \
	-chardev "file,id=charserial0,path=\"$T/out\"" -serial chardev:charserial0 -netdev user,id=net0 \
	-device "virtio-net-pci,id=aero_virtio_net0,netdev=net0,$contract" \
	-device "virtio-keyboard-pci,id=aero_virtio_kbd0,$contract" \
	-device "virtio-mouse-pci,id=aero_virtio_mouse0,$contract" \
	-drive "file=\"$T/disk.img\",if=none,id=drive0,cache=writeback" \
	-device "virtio-blk-pci,drive=drive0,$contract" \
	-audiodev "wav,id=snd0,path=\"$T/out.wav\"" -device "virtio-sound-pci,audiodev=snd0,$contract" \
	-- -kernel "$FULL" -initrd initrd.gz -append "console=ttyS0 panic=-1 vise.selftest=\"${flags//[$'\n\t']/ }\"" \
	</dev/null >quiet 2>err &
vise=$!
wait_for 60 test -S control

# Each command comes by a connection of its own.
send() { # send DEVICE EVENT...: one command
	local device=$1 list
	shift
	list=$(IFS=,; echo "$*")
	ctl input-send-event "device=$device" "events=[$list]" >/dev/null
}
key() { # key NAME DOWN
	send aero_virtio_kbd0 "{\"type\":\"key\",\"data\":{\"down\":$2,\"key\":{\"type\":\"qcode\",\"data\":\"$1\"}}}"
}
button() {
	for down in true false; do
		send aero_virtio_mouse0 "{\"type\":\"btn\",\"data\":{\"down\":$down,\"button\":\"$1\"}}"
	done
}
rel() { echo "{\"type\":\"rel\",\"data\":{\"axis\":\"$1\",\"value\":$2}}"; }
typed() { key "$1" true && key "$1" false; }
events() {
	typed a
	send aero_virtio_mouse0 "$(rel x 10)" "$(rel y 5)" "$(rel wheel 1)" "$(rel hscroll -2)"
	button left
	key shift true
	typed b
	key shift false
	for name in ctrl alt f1; do typed "$name"; done
	button side
	button extra
}
answer() {
	case $1 in
	virtio-blk-resize) ctl blockdev-resize node-name=drive0 size=$((80 << 20)) >/dev/null ;;
	virtio-net-link-flap)
		ctl set_link name=aero_virtio_net0 up=false >/dev/null
		sleep 3
		ctl set_link name=aero_virtio_net0 up=true >/dev/null
		;;
	virtio-input-events) for _ in 1 2 3; do events; sleep 0.5; done ;;
	virtio-input-media-keys)
		ctl query-pci >pci
		ctl human-monitor-command 'command-line=info pci' >info
		typed volumeup
		;;
	esac
}
answer_ready answer
ended 0
tr -d '\r' <out >lines && mv lines out
cat out
[ ! -s quiet ] || fail "standard output is not quiet: $(cat quiet)"
says '^AERO_VIRTIO_SELFTEST\|RESULT\|PASS'
says_not '\|FAIL'
for name in virtio-blk virtio-net virtio-net-udp virtio-input virtio-input-bind virtio-snd virtio-blk-resize \
	virtio-net-link-flap virtio-input-events virtio-input-wheel virtio-input-events-modifiers \
	virtio-input-events-buttons virtio-input-media-keys virtio-net-msix virtio-blk-msix; do
	says "^AERO_VIRTIO_SELFTEST\|TEST\|$name\|PASS"
done
# Six functions of the contract, revision 1, whose message interrupts the guest has enabled.
[ "$(grep -c '"revision": 1,' pci)" -ge 6 ] || fail "revisions: $(cat pci)"
[ "$(grep -c '"enabled": true' pci)" -ge 5 ] || fail "MSI-X: $(cat pci)"
grep -q 'MSI-X: enabled' info || fail "info pci: $(cat info)"
