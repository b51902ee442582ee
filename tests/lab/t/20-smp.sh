# SPDX-License-Identifier: GPL-2.0-or-later
# test: 1, 2 and 4 vCPUs are all seen and used
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

for n in 1 2 4; do
	guest -- --cpus "$n" --exec 'echo "cpus $(nproc)"; for c in $(seq 0 $(($(nproc) - 1))); do
		taskset -c $c true && echo "ran on $c"; done'
	says "^cpus $n\$"
	[ "$(grep -c '^ran on' out)" = "$n" ] || fail "not all of $n vCPUs ran a program"
done
