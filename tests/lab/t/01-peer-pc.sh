# SPDX-License-Identifier: GPL-2.0-or-later
# test: the peer boots the stock kernel on its pc machine
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
# A failure here is a failure of the lab, not of Vise.
type -P qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64"

tiny_initrd initrd.gz <<'INIT'
echo "guest is up: $(uname -r), $(nproc) CPU, uptime $(cut -d' ' -f1 /proc/uptime)"
poweroff -f
INIT
expect 0 qemu-system-x86_64 -M pc -accel kvm -m 512 -nodefaults -display none -serial stdio -no-reboot \
	-kernel "$CLOUD" -initrd initrd.gz -append 'console=ttyS0 quiet panic=-1'
says '^guest is up: 6\.12'
show
