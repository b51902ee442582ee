# SPDX-License-Identifier: GPL-2.0-or-later
# place: lab
# rounds: 5
# A stock kernel with blk and serial: from execve() to the guest's first instruction and to its init.
# shellcheck shell=bash source=../lib.sh
. "$STAGE/lib.sh"

raw_disk 16
sides="vise ${ALSO:+vise-also} microvm pc"

# traced NAME: one boot with every access traced that KVM leaves to user space, into exits-NAME, and with the
# hardware's exits counted; not timed, since tracing slows it down
traced() {
	local event
	side "$1" "$VMLINUZ" quiet
	tracing tracing_on 0
	tracing trace
	tracing buffer_size_kb 65536
	for event in exit userspace_exit mmio; do
		tracing "events/kvm/kvm_$event/enable" 1
	done
	tracing events/kvm/kvm_exit/trigger 'hist:keys=exit_reason'
	tracing tracing_on 1
	watch -t 120 -m init
	tracing tracing_on 0
	awk -f "$STAGE/exits.awk" /sys/kernel/tracing/trace | sort -rn >"exits-$1"
	cp /sys/kernel/tracing/events/kvm/kvm_exit/hist "hist-$1"
	sample all-exits "$1" "$(sed -n 's/^ *Hits: //p' "hist-$1")"
	sample page-faults "$1" "$(fault_exits "hist-$1")"
	tracing events/kvm/kvm_exit/trigger '!hist:keys=exit_reason'
	tracing events/kvm/enable 0
	tracing buffer_size_kb 64
	tracing trace
}

# Exits for guest memory that is not mapped yet: 0x400 on AMD, 48 on Intel.
fault_exits() {
	awk '/exit_reason: *(1024|48) }/ { n += $NF } END { print n + 0 }' "$1"
}

# Without a sample: fills the page cache, and the emulator's of code.
for name in $sides; do
	side "$name" "$VMLINUZ" quiet
	watch -t 60 -e
done
for round in $(seq 0 $((ROUNDS - 1))); do
	for name in $(rotated "$round" $sides); do
		side "$name" "$VMLINUZ" quiet
		watch -t 60 -e
		sample first-instruction-ms "$name" "${mark[0]}"
		side "$name" "$VMLINUZ" quiet
		watch -t 120 -m init
		sample init-ms "$name" "${mark[0]}"
		sample guest-clock-at-init-ms "$name" "${mark[2]}"
	done
done
# The kernel's own share is the least that any run's kernel took by its own clock.
share=$(awk '$1 == "guest-clock-at-init-ms" && (!least || $3 < least) { least = $3 } END { print least }' samples)
awk -v share="$share" '$1 == "init-ms" { print "init-less-kernel-ms", $2, $3 - share }' samples >rest
cat rest >>samples
for name in $sides; do
	traced "$name"
	sample user-exits "$name" "$(awk '{ n += $1 } END { print n }' "exits-$name")"
done

report 'first-instruction-ms vise/microvm <= 0.2' 'init-ms vise/pc <= 0.85' \
	'init-ms vise/microvm <= 0.6' 'user-exits vise/pc <= 0.5 (aim)' \
	'user-exits vise/microvm <= 0.5 (aim)' 'init-less-kernel-ms vise/pc --' \
	'init-less-kernel-ms vise/microvm --'
echo "kernel's own share: $share ms"
if [ -n "${VERBOSE-}" ]; then
	for name in $sides; do
		printf '\naccesses left to user space, %s:\n' "$name"
		head -25 "exits-$name"
	done
	printf '\nphases of vise:\n'
	side vise "$VMLINUZ" quiet
	"${vmm[@]}" --timeout 10s --print-timing </dev/null 2>&1 >/dev/null | grep timing: || true
fi
