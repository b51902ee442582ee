# SPDX-License-Identifier: GPL-2.0-or-later
# test: a scenario types, points, pulls the cable and resizes the disk, and Linux sees it
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

truncate -s 8M disk.img
modules='virtio_input evdev virtio_net virtio_blk' files=$LAB/guest/evdump tiny_initrd initrd.gz <<'INIT'
ip link set eth0 up
evdump watch 6 'Aero Virtio Keyboard' >/keyboard &
evdump watch 5 'Aero Virtio Tablet' >/tablet &
until grep -q ready /keyboard && grep -q ready /tablet; do usleep 100000; done
echo "LAB|READY|disk=$(cat /sys/block/vda/size)|net=$(cat /sys/class/net/eth0/carrier)"
wait
for f in keyboard tablet; do sed "s/^/$f /" /$f; done
until [ "$(cat /sys/class/net/eth0/carrier)" = 0 ]; do usleep 100000; done
until [ "$(cat /sys/block/vda/size)" = 32768 ]; do usleep 100000; done
echo "LAB|DONE"
poweroff -f
INIT
cat >case.scn <<'SCENARIO'
start --kernel ${kernel} --initrd ${initrd} --disk ${disk} --net user --input keyboard --input tablet
expect-fields LAB|READY disk=16384 net=1 within 100s
parallel
  keys a
  text B
and
  tablet 10000 20000 down
  tablet 10000 20000 up
end
expect "keyboard event 1 30 1" within 30s
expect "keyboard event 1 42 1"
expect "keyboard event 1 48 1"
expect "tablet event 3 0 10000"
expect "tablet event 3 1 20000"
link aero_virtio_net0 down
resize drive0 16M
expect-fields LAB|DONE within 60s
wait 0
SCENARIO
expect 0 visectl play --vise "$LAB/bin/vise" -D "kernel=$CLOUD" -D initrd=initrd.gz -D disk=disk.img \
	--junit report.xml case.scn
[ "$(grep -c '<testcase ' report.xml)" -gt 10 ] || fail "the report is short: $(cat report.xml)"
sed -i 's/disk=16384/disk=1/; s/100s/40s/' case.scn
expect 1 visectl play --vise "$LAB/bin/vise" -D "kernel=$CLOUD" -D initrd=initrd.gz -D disk=disk.img case.scn
complains_first=$(head -1 err)
[[ $complains_first == *case.scn:2:\ expect-fields:* ]] || fail "the first line is: $complains_first"
grep -q 'LAB|READY|disk=32768' err || fail "the last lines are not shown: $(cat err)"
