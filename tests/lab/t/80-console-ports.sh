# SPDX-License-Identifier: GPL-2.0-or-later
# test: 100 MB each way through each console port, byte by byte, with a slow reader
# timeout: 700
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

size=$((100 << 20))
random_file data 100
tiny_initrd initrd.gz <<INIT
cat /sys/class/virtio-ports/*/name | sed 's/^/port /'
stty raw -echo </dev/hvc0
echo listening
for port in hvc0 vport0p1 vport0p2; do
	# One open for both ways: a port that nobody has open takes nothing.
	exec 3<>/dev/\$port
	head -c $size <&3 >/data
	echo "in \$port \$(sha256sum </data | cut -d' ' -f1)"
	cat /data >&3
	exec 3>&-
	rm /data
done
echo done
sleep 1000
INIT
start --kernel "$CLOUD" --initrd initrd.gz --memory 1G --console "unix:$T/hvc0" --bulk "unix:$T/vport0p1" \
	--stats "unix:$T/vport0p2"
wait_for 100 grep -q listening out
for port in hvc0 vport0p1 vport0p2; do
	mkfifo pipe
	# The client stays when all is sent; what comes back waits for a reader that pauses.
	socat STDIO,ignoreeof "UNIX-CONNECT:$T/$port" <data >pipe &
	client=$!
	{ head -c 3000000; sleep 3; head -c $((size - 3000000)); } <pipe >back
	kill "$client"
	rm pipe
	cmp data back || fail "$port: what came back differs"
done
wait_for 30 grep -q 'done' out
tr -d '\r' <out >lines && mv lines out
for name in ktstr-bulk ktstr-stats; do
	says "^port $name"
done
for port in hvc0 vport0p1 vport0p2; do
	says "^in $port $(checksum data)"
done
ctl x-device-show device=console0 >shown
[ "$(grep -o "\"to-guest\": $size" shown | wc -l)" = 3 ] || fail "the counters differ: $(cat shown)"
ctl quit
ended 0
