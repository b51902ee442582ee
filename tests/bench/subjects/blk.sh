# SPDX-License-Identifier: GPL-2.0-or-later
# place: lab
# rounds: 3
# Random reads of 4 KiB, O_DIRECT in the guest, on a raw disk on ext4, in the host's page cache; beside QEMU's best.
# shellcheck shell=bash source=../lib.sh
. "$STAGE/lib.sh"

peers='pc-threads pc-threads-iothread pc-io_uring pc-io_uring-iothread'
seconds=3
ours="vise-io_uring vise-threads ${ALSO:+vise-also}"

# variant NAME: what lies in a name, for `side`
variant() {
	vise_disk='' drive='' device='' more=''
	case $1 in
	vise-also) vise_disk=,aio=io_uring ;;
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

raw_disk 256 "$STAGE"
for round in $(seq 0 $((ROUNDS - 1))); do
	for name in $(rotated "$round" $ours $peers); do
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
for name in $ours $peers; do
	variant "$name"
	side "$name" "$VMLINUZ" "quiet BENCH=blk:$seconds,1,32"
	rm -f calls calls.txt
	watch -t 180 -r "bash $STAGE/syscalls.sh" -m done
	while read -r depth count; do
		sample "syscalls-per-request-$depth" "$name" "$count"
	done <calls
	mv calls.txt "calls-$name"
done

declare -A bars=([iops-qd1]='>= 1.6' [iops-qd32]='>= 1.1'
	[syscalls-per-request-qd1]='<= 0.5' [syscalls-per-request-qd32]='<= 0.5')
figures=()
for metric in iops latency-us syscalls-per-request; do
	sign=-1
	[ "$metric" != iops ] || sign=1
	for depth in qd1 qd32; do
		figures+=("$metric-$depth vise-io_uring/$(best "$metric-$depth" "$sign" pc) ${bars[$metric-$depth]:---}")
	done
done
report "${figures[@]}"
if [ -n "${VERBOSE-}" ]; then
	for name in $ours $peers; do
		printf '\nsystem calls, %s:\n' "$name"
		cat "calls-$name"
	done
fi
