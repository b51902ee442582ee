# SPDX-License-Identifier: GPL-2.0-or-later
# test: what plays and records on Vise's sound device does on that of a QEMU which has one
# needs: outer
# timeout: 400
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise
[ -d "$LAB/outer" ] || skip "the outer emulator is not unpacked, and the installed one has no virtio-sound"

# A second of noise, which no two places have in common; a whole number of periods.
head -c $((47 * 1024 * 4)) /dev/urandom >samples
flavour=amd64 modules='virtio_snd' files="$LAB/guest/pcm samples" tiny_initrd initrd.gz <<'INIT'
say() { sed "s/^/same: $1 /"; }
until [ -e /dev/snd/pcmC0D0c ]; do usleep 100000; done
ls /dev/snd | say node
case $(cat /proc/cmdline) in
*record*)
	pcm record 1 48000 >/recorded
	wc -c </recorded | say recorded
	tr -d '\0' </recorded | wc -c | say 'other than silence'
	;;
*)
	# Twice, the second time by a driver that was unbound and bound again.
	pcm play 2 </bin/samples | say first
	for d in /sys/bus/virtio/devices/virtio*; do
		[ "$(cat "$d/device")" = 0x0019 ] || continue
		basename "$d" >/sys/bus/virtio/drivers/virtio_snd/unbind
		basename "$d" >/sys/bus/virtio/drivers/virtio_snd/bind
	done
	until [ -e /dev/snd/pcmC0D0p ]; do usleep 100000; done
	pcm play 2 </bin/samples | say second
	;;
esac
echo finished
poweroff -f
INIT

# heard NAME COMMAND...: runs it to its end and keeps what its guest said in NAME.said
heard() {
	local name=$1
	shift
	"$@" </dev/null >out 2>err || fail "$name ended badly"
	tr -d '\r' <out >lines && mv lines out
	says '^finished'
	grep '^same: ' out >"$name.said"
}

qemu() {
	LD_LIBRARY_PATH=$LAB/lib:$LAB/outer/usr/lib/x86_64-linux-gnu "$LAB/outer/usr/bin/qemu-system-x86_64" \
		-L "$LAB/outer/usr/share/qemu" -L "$LAB/outer/usr/share/seabios" \
		-accel kvm -cpu host -m 512 -nodefaults -no-user-config -display none -serial stdio -no-reboot \
		-kernel "$FULL" -initrd initrd.gz -device virtio-sound-pci,audiodev=a "$@"
}

# has FILE: how often a WAV file has the samples, each time as one piece
has() {
	local offset times=0
	tail -c +45 "$1" >data
	for offset in $(od -An -v -tx1 -w4 data | awk -v want="$(od -An -tx1 -N4 samples | tr -s ' ')" \
		'{ gsub(/ +/, " ") } $0 == want { print (NR - 1) * 4 }'); do
		! cmp -s -i "$offset:0" -n "$(stat -c %s samples)" data samples || times=$((times + 1))
	done
	echo "$times"
}

heard vise vise run --kernel "$FULL" --initrd initrd.gz --snd wav,path=vise.wav
heard qemu qemu -append 'console=ttyS0 panic=-1' \
	-audiodev wav,id=a,path=qemu.wav,out.frequency=48000,out.channels=2,out.format=s16
diff qemu.said vise.said || fail "the guests that play say different things"
# QEMU's file was seen to lack a piece of one of the two.
[ "$(has vise.wav)" = 2 ] || fail "the samples are $(has vise.wav) times in Vise's file"
[ "$(has qemu.wav)" -ge 1 ] || fail "the samples are not in QEMU's file"
heard vise vise run --kernel "$FULL" --initrd initrd.gz --append record --snd none
heard qemu qemu -append 'console=ttyS0 panic=-1 record' -audiodev none,id=a
diff qemu.said vise.said || fail "the guests that record say different things"
[ "$(wc -l <vise.said)" -gt 4 ] || fail "the guest said little: $(cat vise.said)"
