# SPDX-License-Identifier: GPL-2.0-or-later
# Which accesses a VMM was left with: kvm_exit, kvm_mmio and kvm_userspace_exit events of tracefs, in order. A
# kvm_userspace_exit belongs to the kvm_exit before it; what none follows was served in the kernel (a coalesced
# write too). Prints lines "COUNT KIND ADDRESS", unsorted.

# The port of an I/O exit stands in bits 31 to 16 of info1, on AMD and on Intel; the direction does not.
/kvm_exit:/ {
	match($0, /info1 0x[0-9a-f]+/)
	info = substr($0, RSTART + 8, RLENGTH - 8)
	while (length(info) < 8)
		info = "0" info
	last = substr(info, length(info))
	if ($0 ~ /reason IO_INSTRUCTION/)
		kind = last ~ /[89a-f]/ ? "in" : "out"
	else
		kind = last ~ /[13579bdf]/ ? "in" : "out"
	port = substr(info, length(info) - 7, 4)
	sub(/^0+/, "", port)
	next
}
/kvm_mmio:/ {
	match($0, /mmio [a-z-]+ len [0-9]+ gpa 0x[0-9a-f]+/)
	split(substr($0, RSTART, RLENGTH), w, " ")
	mmio = (w[2] == "write" ? "write " : "read ") w[6]
	next
}
/kvm_userspace_exit:/ {
	if (/KVM_EXIT_IO /)
		hits[kind " 0x" port]++
	else if (/KVM_EXIT_MMIO /)
		hits[mmio]++
	else {
		match($0, /reason [A-Z_a-z0-9]+/)
		hits[substr($0, RSTART + 7, RLENGTH - 7)]++
	}
}
END {
	for (name in hits)
		print hits[name], name
}
