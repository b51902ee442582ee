# SPDX-License-Identifier: GPL-2.0-or-later
# test: visectl resets the machine, and what it counts goes on
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

modules=virtio_blk tiny_initrd initrd.gz <<'INIT'
cat /dev/vda >/dev/null
echo "booted"
sleep 1000
INIT
truncate -s 4M disk.img
boots() { [ "$(grep -c '^booted' out)" = "$1" ]; }
start --kernel "$CLOUD" --initrd initrd.gz --disk disk.img --cpus 2
wait_for 120 boots 1
ctl query-stats >first
ctl system_reset
wait_for 120 boots 2
ctl query-stats >second
reads() { grep -o '"read_bytes": *[0-9]*' "$1" | grep -o '[0-9]*$'; }
[ "$(reads first)" -ge 4194304 ] || fail "query-stats: $(cat first)"
[ "$(reads second)" -ge $((2 * $(reads first))) ] || fail "query-stats after the reset: $(cat second)"
ctl quit
ended 0
