# SPDX-License-Identifier: GPL-2.0-or-later
# test: /dev/kvm is the real one
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"

[ -c /dev/kvm ] || fail "no /dev/kvm"
exec 3<>/dev/kvm || fail "/dev/kvm does not open"
grep -Eq '^kvm_(amd|intel) ' /proc/modules || [ -d /sys/module/kvm_intel ] || [ -d /sys/module/kvm_amd ] ||
	fail "neither kvm_amd nor kvm_intel is loaded"
