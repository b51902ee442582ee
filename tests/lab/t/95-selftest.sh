# SPDX-License-Identifier: GPL-2.0-or-later
# test: the guest's self test passes on a contract machine, with every opt-in test
# timeout: 900
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

selftest-servers >servers.log 2>&1 &
wait_for 10 grep -q ready servers.log
truncate -s 64M disk.img
vise run --kernel "$FULL" --machine contract --tablet --snd "wav,path=out.wav,capture=tone" \
	--disk disk.img --control "unix:$T/control" --selftest \
	"--test-blk-reset --test-blk-resize --test-net-link-flap --test-input-events --test-input-events-extended
	--test-input-media-keys --test-input-led --test-input-leds --test-input-tablet-events --require-snd
	--require-snd-capture --require-non-silence --test-snd-buffer-limits --require-net-msix --require-input-msix
	--require-snd-msix --expect-blk-msi" </dev/null >out 2>err &
vise=$!
wait_for 60 test -S control

# inject DEVICE TYPE CODE VALUE...: one batch
inject() {
	local device=$1 list='' sep=''
	shift
	while [ $# -gt 0 ]; do
		list="$list$sep{\"type\": $1, \"code\": $2, \"value\": $3}" sep=', '
		shift 3
	done
	ctl x-input-inject "device=$device" "events=[$list]" >/dev/null
}
key() { inject aero_virtio_kbd0 1 "$1" 1 && inject aero_virtio_kbd0 1 "$1" 0; }
button() { inject aero_virtio_mouse0 1 "$1" 1 && inject aero_virtio_mouse0 1 "$1" 0; }

# What a host does when the guest says that it is ready for it.
answer() {
	case $1 in
	virtio-blk-resize) ctl block_resize device=drive0 size=$((80 << 20)) >/dev/null ;;
	virtio-net-link-flap)
		ctl set_link name=net0 up=false >/dev/null
		sleep 3
		ctl set_link name=net0 up=true >/dev/null
		;;
	virtio-input-events)
		for _ in 1 2 3; do
			key 30
			inject aero_virtio_mouse0 2 0 10 2 1 5
			button 272
			inject aero_virtio_kbd0 1 42 1
			key 48
			inject aero_virtio_kbd0 1 42 0
			for code in 29 56; do key "$code"; done
			key 59
			button 275
			button 276
			inject aero_virtio_mouse0 2 8 1
			inject aero_virtio_mouse0 2 6 -2
			sleep 0.5
		done
		;;
	virtio-input-media-keys) key 115 ;;
	virtio-input-tablet-events)
		inject aero_virtio_tablet0 3 0 0 3 1 0
		inject aero_virtio_tablet0 3 0 10000 3 1 20000
		inject aero_virtio_tablet0 1 330 1
		inject aero_virtio_tablet0 1 330 0
		;;
	esac
}
answer_ready answer
ended 0
tr -d '\r' <out >lines && mv lines out
cat out
says '^AERO_VIRTIO_SELFTEST\|RESULT\|PASS'
says_not '\|FAIL'
for name in virtio-blk virtio-net virtio-net-udp virtio-input virtio-snd virtio-snd-capture virtio-snd-duplex \
	virtio-blk-reset virtio-blk-resize virtio-net-link-flap virtio-input-events virtio-input-media-keys \
	virtio-input-led virtio-input-leds virtio-input-tablet-events virtio-snd-buffer-limits; do
	says "^AERO_VIRTIO_SELFTEST\|TEST\|$name\|PASS"
done
