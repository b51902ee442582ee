# SPDX-License-Identifier: GPL-2.0-or-later
# test: what Linux plays is in the WAV file, sample by sample, in real time
# timeout: 600
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

# Three seconds of noise, which no two places have in common.
head -c $((3 * 48000 * 4)) /dev/urandom >samples
flavour=amd64 modules='virtio_snd' files="$LAB/guest/pcm samples" tiny_initrd initrd.gz <<'INIT'
until [ -e /dev/snd/pcmC0D0p ]; do usleep 100000; done
pcm info
start=$(cut -d' ' -f1 /proc/uptime)
pcm play 2 </bin/samples
echo "took $start $(cut -d' ' -f1 /proc/uptime)"
poweroff -f
INIT
start --kernel "$FULL" --initrd initrd.gz --snd wav,path=out.wav
ended 0
tr -d '\r' <out >lines && mv lines out
says '^playback\|channels 2..2\|rate 48000..48000\|formats 2$'
says '^capture\|channels 1..1\|rate 48000..48000\|formats 2$'
says '^played'
[ "$(head -c 4 out.wav)" = RIFF ] || fail "out.wav is no WAV file"
[ "$(od -An -tu4 -j40 -N4 out.wav | tr -d ' ')" = $(($(stat -c %s out.wav) - 44)) ] ||
	fail "the header's length is not the file's"
# Played without a gap: the samples are in the file as one piece.
tail -c +45 out.wav >data
found=
for offset in $(od -An -v -tx1 -w4 data | awk -v want="$(od -An -tx1 -N4 samples | tr -s ' ')" \
	'{ gsub(/ +/, " ") } $0 == want { print (NR - 1) * 4 }'); do
	if cmp -s -i "$offset:0" -n "$(stat -c %s samples)" data samples; then
		found=$offset
		break
	fi
done
[ -n "$found" ] || fail "the samples are not in the file as one piece"
awk '$1 == "took" && $3 - $2 < 2.9 { exit 1 }' out || fail "three seconds were played in less"
