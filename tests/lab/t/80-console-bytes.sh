# SPDX-License-Identifier: GPL-2.0-or-later
# test: 100 MB there and back through each port of the console, byte by byte, with a slow reader
# timeout: 900
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

# Two ports of the generic kind, and hvc0, which Linux reads 16 bytes at a time.
mib=100
random_file data "$mib"
files=$LAB/guest/portecho tiny_initrd initrd.gz <<INIT
cat /sys/class/virtio-ports/*/name | sed 's/^/port /'
echo listening
for port in vport0p1 vport0p2 hvc0; do
	portecho /dev/\$port $((mib << 20)) && echo "done \$port at \$(cut -d' ' -f1 /proc/uptime)"
done
poweroff -f
INIT
start --kernel "$CLOUD" --initrd initrd.gz --console "unix:$T/hvc0" --bulk "unix:$T/vport0p1" \
	--stats "unix:$T/vport0p2"
wait_for 100 grep -q listening out
for port in vport0p1 vport0p2 hvc0; do
	mkfifo pipe
	# The client stays when all is sent.
	socat STDIO,ignoreeof "UNIX-CONNECT:$T/$port" <data >pipe &
	client=$!
	# The reader pauses after each MiB, and once for long. (busybox's head would take more than it passes on.)
	for ((i = 0; i < mib; i++)); do
		dd bs=1048576 count=1 iflag=fullblock status=none
		sleep $((i == mib / 2 ? 3 : 0)).02
	done <pipe >back
	cmp data back || fail "$port: what came back differs"
	kill "$client" 2>/dev/null || true # gone with the guest, after the last port
	rm pipe
done
ended 0
tr -d '\r' <out >lines && mv lines out
says '^port ktstr-bulk'
says '^port ktstr-stats'
for port in vport0p1 vport0p2 hvc0; do
	says "^done $port"
done
grep '^done' out
