# SPDX-License-Identifier: GPL-2.0-or-later
# place: lab
# rounds: 3
# What a VMM with blk, serial and control socket keeps resident beyond guest RAM when the guest's init runs.
# shellcheck shell=bash source=../lib.sh
. "$STAGE/lib.sh"

raw_disk 16
for round in $(seq 0 $((ROUNDS - 1))); do
	for name in $(rotated "$round" vise microvm pc); do
		side "$name" "$VMLINUZ" quiet
		watch -t 120 -r "bash $STAGE/resident.sh $MEMORY" -m done
		while read -r metric value; do
			sample "$metric" "$name" "$value"
		done <resident
	done
done
report 'pss-MiB vise <= 5' 'pss-MiB vise <= 3 (aim)' 'rss-MiB vise <= 5' 'pss-MiB vise/microvm --'
