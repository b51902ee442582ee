# SPDX-License-Identifier: GPL-2.0-or-later
# test: the peer boots the stock kernel on its microvm machine
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
type -P qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64"

tiny_initrd initrd.gz <<'INIT'
echo "guest is up: $(uname -r), $(nproc) CPU, uptime $(cut -d' ' -f1 /proc/uptime)"
reboot -f
INIT
expect 0 qemu-system-x86_64 -M microvm -accel kvm -m 512 -nodefaults -display none -serial stdio \
	-no-reboot -kernel "$CLOUD" -initrd initrd.gz -append 'console=ttyS0 quiet panic=-1 reboot=t'
says '^guest is up: 6\.12'
show
