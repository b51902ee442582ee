# SPDX-License-Identifier: GPL-2.0-or-later
# place: host
# rounds: 5
# Random reads of 4 KiB from the page cache by a guest that is a ring's driver only (tests/bench/guest/blk.c): virtio-pci
# in Vise, virtio-mmio in microvm, both modern; beside QEMU's best.
# shellcheck shell=bash source=../lib.sh
. "$STAGE/lib.sh"

peers='microvm-threads microvm-threads-iothread microvm-io_uring microvm-io_uring-iothread'

# variant NAME: what lies in a name, for `side`
variant() {
	vise_disk='' drive='' device='' more=''
	case $1 in
	vise-*) vise_disk=,aio=${1#vise-} ;;
	microvm-threads*) drive=,aio=threads ;;
	microvm-io_uring*) drive=,aio=io_uring ;;
	esac
	[ "$1" = "${1#microvm}" ] || more='-global virtio-mmio.force-legacy=false'
	case $1 in
	*-iothread)
		more+=' -object iothread,id=t'
		device=,iothread=t
		;;
	esac
}

raw_disk 64
for round in $(seq 0 "$ROUNDS"); do
	for name in $(rotated "$round" vise-io_uring $peers vise-threads); do
		variant "$name"
		side "$name" "$STAGE/blk-guest" ''
		watch -t 120 -m done
		if grep -q failed marks; then
			cat marks >&2
			exit 1
		fi
		# The first round only warms the page cache.
		[ "$round" -gt 0 ] || continue
		awk -v side="$name" '
			$2 == "begin" { begun = $1 }
			$2 == "end" { print "iops-" $3, side, $4 / ($1 - begun) * 1000 }' marks >>samples
	done
done
report "iops-qd1 vise-io_uring/$(best iops-qd1 1 microvm) >= 1.5" \
	"iops-qd32 vise-io_uring/$(best iops-qd32 1 microvm) >= 1.5"
