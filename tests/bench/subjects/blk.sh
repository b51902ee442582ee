# SPDX-License-Identifier: GPL-2.0-or-later
# place: lab
# rounds: 2
# Random reads of 4 KiB, O_DIRECT in the guest, on a raw disk in the host's page cache; beside QEMU's best.
# shellcheck shell=bash source=../lib.sh
. "$STAGE/lib.sh"

peers='pc-threads pc-threads-iothread pc-io_uring pc-io_uring-iothread'
seconds=3

# variant NAME: what lies in a name, for `side`
variant() {
	vise_disk='' drive='' device='' more=''
	case $1 in
	vise-*) vise_disk=,aio=${1#vise-} ;;
	pc-threads*) drive=,aio=threads ;;
	pc-io_uring*) drive=,aio=io_uring ;;
	esac
	case $1 in
	*-iothread)
		more='-object iothread,id=t'
		device=,iothread=t
		;;
	esac
}

# best DEPTH: the peer with the highest median
best() {
	awk -v metric="iops-$1" '$1 == metric && $2 ~ /^pc/ { sum[$2] += $3 }
		END { for (s in sum) if (sum[s] > most) { most = sum[s]; name = s } print name }' samples
}

raw_disk 256
for round in $(seq 1 "$ROUNDS"); do
	for name in $(rotated "$round" vise-io_uring $peers vise-threads); do
		variant "$name"
		side "$name" "$VMLINUZ" "quiet BENCH=blk:$seconds,1,32"
		watch -t 180 -m done
		if grep -q failed marks; then
			cat marks >&2
			exit 1
		fi
		while read -r _ _ depth _ iops median; do
			sample "iops-$depth" "$name" "$iops"
			sample "latency-us-$depth" "$name" "$median"
		done < <(grep ' end ' marks)
	done
done
# An extra run of each, not timed: the system calls of the VMM between two marks.
for name in vise-io_uring $peers vise-threads; do
	variant "$name"
	side "$name" "$VMLINUZ" "quiet BENCH=blk:$seconds,1,32"
	rm -f calls calls.txt
	watch -t 180 -r "bash $STAGE/syscalls.sh" -m done
	while read -r depth count; do
		sample "syscalls-per-request-$depth" "$name" "$count"
	done <calls
	mv calls.txt "calls-$name"
done

q1=$(best qd1) q32=$(best qd32)
sort -s -k1,1 samples >sorted && mv sorted samples
report "iops-qd1 vise-io_uring/$q1 --" "iops-qd32 vise-io_uring/$q32 --" \
	"syscalls-per-request-qd1 vise-io_uring/$q1 --" \
	"syscalls-per-request-qd32 vise-io_uring/$q32 --"
if [ -n "${VERBOSE-}" ]; then
	for name in vise-io_uring $peers vise-threads; do
		printf '\nsystem calls, %s:\n' "$name"
		cat "calls-$name"
	done
fi
