# SPDX-License-Identifier: GPL-2.0-or-later
# test: sixteen disks keep their order
# timeout: 240
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

disks=()
for i in $(seq 1 16); do
	truncate -s 1M "disk$i.img"
	disks+=(--disk "disk$i.img,serial=number-$i")
done
guest -- "${disks[@]}" --exec 'for d in /sys/block/vd*; do echo "$(basename $d) $(cat $d/serial)"; done'
[ "$(grep -c '^vd. number-' out)" = 16 ] || fail "not sixteen disks"
says '^vda number-1$'
says '^vdp number-16$'
