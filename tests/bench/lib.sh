# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What subjects/*.sh are written with. They run in a fresh directory with $STAGE, the staged directory of
# tests/bench/bench, and $ROUNDS. Samples go to the file samples, lines "METRIC SIDE VALUE" that report.awk turns into
# tables and verdicts.
set -eu

VMLINUZ=$STAGE/vmlinuz
INITRD=$STAGE/initrd
MEMORY=512
CONTROL=$PWD/control
# Vise says the same before its --append.
CONSOLE='console=ttyS0 panic=-1'
QEMU="qemu-system-x86_64 -accel kvm -m $MEMORY -nodefaults -no-user-config -display none -serial stdio
	-no-reboot -qmp unix:$CONTROL,server=on,wait=off"
# A paravirtual KVM does not let QEMU set the MSR that comes with this flag.
if [ "${PLACE-}" = host ]; then
	QEMU+=' -cpu host,arch-capabilities=off'
else
	QEMU+=' -cpu host'
fi

# side NAME KERNEL WORDS: sets the array vmm to a side's command line: blk, serial and control socket for all.
# NAME is vise, vise-contract (with the contract's devices), pc or microvm, with -MORE behind it where a subject has variants; vise-also is another build of Vise. $disk is the raw disk;
# $vise_disk (keys of --disk), $drive and $device (of QEMU's), $more (options of QEMU) say more.
side() {
	local machine bus=virtio-blk-pci program=vise
	[ "$1" != vise-also ] || program=vise-also
	rm -f "$CONTROL"
	case $1 in
	vise*)
		local extra=()
		[ "$1" != vise-contract ] || extra=(--machine contract --net none)
		vmm=("$program" run --memory "${MEMORY}M" --kernel "$2" --append "$3"
			--disk "$disk${vise_disk-}" --control "unix:$CONTROL" "${extra[@]}")
		[ "$2" != "$VMLINUZ" ] || vmm+=(--initrd "$INITRD")
		return
		;;
	microvm*) machine=microvm bus=virtio-blk-device ;;
	pc*) machine=pc ;;
	esac
	# shellcheck disable=SC2206 # words, not names
	vmm=($QEMU -M "$machine" ${more-} -kernel "$2" -append "$CONSOLE $3"
		-drive "if=none,id=d,file=$disk,format=raw${drive-}" -device "$bus,drive=d${device-}")
	[ "$2" != "$VMLINUZ" ] || vmm+=(-initrd "$INITRD")
}

# rotated ROUND SIDE...: the sides, another one first in each round
rotated() {
	local first=$1
	shift
	first=$((first % $#))
	echo "${@:first+1}" "${@:1:first}"
}

sample() {
	echo "$*" >>samples
}

# watch OPTION...: runs stopwatch on $vmm; sets mark to the milliseconds and words of the last mark.
# A VMM that fails is shown, and is the end of the subject.
watch() {
	stopwatch "$@" -- "${vmm[@]}" >marks 2>complaints || {
		echo "bench: ${vmm[*]}: no end within its time" >&2
		cat marks complaints >&2
		exit 1
	}
	read -r -a mark <<<"$(tail -1 marks)"
}

# report BAR...: tables and verdicts of all samples
report() {
	awk -f "$STAGE/report.awk" -v bars="$(printf '%s\n' "$@")" samples
}

# tracing FILE [TEXT]: writes to a file of tracefs
tracing() {
	echo "${2-}" >"/sys/kernel/tracing/$1"
}

# best METRIC SIGN PREFIX: of the sides whose names begin so the one with the most (SIGN 1) or the least (-1) of it
best() {
	awk -v metric="$1" -v sign="$2" -v prefix="$3" '
		$1 == metric && index($2, prefix) == 1 { sum[$2] += sign * $3 }
		END {
			for (s in sum)
				if (name == "" || sum[s] > sum[name])
					name = s
			print name
		}' samples
}

# raw_disk MIB [FOLDER]: the file $disk of noise, in the page cache and on its way to nowhere. In the lab the folder at
# hand lies in memory, and $STAGE on ext4, as disks do.
raw_disk() {
	disk=${2:-$PWD}/disk.raw
	dd if=/dev/urandom of="$disk" bs=1M count="$1" status=none
	sync "$disk"
}
