# SPDX-License-Identifier: GPL-2.0-or-later
# place: host
# rounds: 50
# From execve() to the first byte that the smallest guest writes to its serial port; and what the devices of the
# contract add to it.
# shellcheck shell=bash source=../lib.sh
. "$STAGE/lib.sh"

raw_disk 16
for round in $(seq 0 "$ROUNDS"); do
	for name in $(rotated "$round" vise vise-contract microvm); do
		side "$name" "$STAGE/tiny-kernel" ''
		watch -t 10 -1
		# The first round only warms the page cache.
		[ "$round" = 0 ] || sample start-ms "$name" "${mark[0]}"
	done
done
# Pair by pair, as ratios are.
awk '
	$2 == "vise" { basic[++n] = $3 }
	$2 == "vise-contract" { full[++m] = $3 }
	END {
		for (i = 1; i <= n; i++)
			print "contract-less-basic-ms vise", full[i] - basic[i]
	}' samples >differences
cat differences >>samples
report 'start-ms vise <= 5' 'start-ms microvm --' 'start-ms vise/microvm --' 'contract-less-basic-ms vise <= 2'
