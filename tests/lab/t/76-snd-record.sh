# SPDX-License-Identifier: GPL-2.0-or-later
# test: what Linux records is the source, sample by sample
# timeout: 600
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

# A WAV file of one channel: two seconds of noise, of no value 0.
head -c $((2 * 48000 * 2)) /dev/urandom | tr '\0' '\1' >samples
le32() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 >> 16 & 255)))\\x$(printf %02x $(($1 >> 24 & 255)))"; }
{
	printf 'RIFF'; le32 $((36 + 192000)); printf 'WAVEfmt '; le32 16
	printf '\x01\x00\x01\x00'; le32 48000; le32 96000; printf '\x02\x00\x10\x00data'; le32 192000
	cat samples
} >source.wav
flavour=amd64 modules='virtio_snd virtio_blk' files="$LAB/guest/pcm" tiny_initrd initrd.gz <<'INIT'
until [ -e /dev/snd/pcmC0D0c ]; do usleep 100000; done
pcm record 1 48000 >/recorded
echo "bytes $(wc -c </recorded)"
dd if=/recorded of=/dev/vda bs=4096 conv=sync 2>/dev/null
sync
poweroff -f
INIT
truncate -s 1M recorded
start --kernel "$FULL" --initrd initrd.gz --snd none,capture=wav:source.wav --disk recorded
ended 0
tr -d '\r' <out >lines && mv lines out
says '^bytes 96000'
# Recording begins at the source's first sample.
cmp -n 96000 recorded samples || fail "the samples differ"
