# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The stopwatch's hook for memory: resident.sh GUEST_MIB PID MARK...
# At init, writes to the file resident what the process tree keeps, less guest RAM: for Vise the
# mapping by its name, for others any single mapping of the guest's size.
[ "$3" = init ] || exit 0

tree() {
	local child
	echo "$1"
	for child in $(cat "/proc/$1"/task/*/children 2>/dev/null); do
		tree "$child"
	done
}

for pid in $(tree "$2"); do
	cat "/proc/$pid/smaps"
done | awk -v ram_kb=$(($1 * 1024)) '
	/^[0-9a-f]+-[0-9a-f]+ / { ram = /vise-guest-ram/ }
	/^Size:/ && $2 == ram_kb { ram = 1 }
	/^Rss:/ && ram { guest += $2 }
	/^Rss:/ && !ram { rss += $2 }
	/^Pss:/ && !ram { pss += $2 }
	/^Private_/ && !ram { private += $2 }
	END {
		print "pss-MiB", pss / 1024
		print "rss-MiB", rss / 1024
		print "private-MiB", private / 1024
		print "guest-ram-MiB", guest / 1024
	}' >resident
