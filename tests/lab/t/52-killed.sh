# SPDX-License-Identifier: GPL-2.0-or-later
# test: kill -9 leaves no process, and the next run cleans up
# timeout: 240
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

truncate -s 4M disk.img
mkdir tmp
export TMPDIR=$T/tmp VISE_LAB_MARK=$T
marked() { # processes that inherited our mark and run vise
	grep -lzsx "VISE_LAB_MARK=$T" /proc/[0-9]*/environ | while read -r file; do
		readlink "${file%/environ}/exe" | grep -q '/vise' && echo "$file"
	done
}
start --kernel "$CLOUD" --disk disk.img,snapshot=on --exec 'sleep 1000'
sleep 2
kill -9 "$vise"
wait "$vise" 2>/dev/null || true
wait_for 15 eval '[ -z "$(marked)" ]'
guest -- --control "unix:$T/control" --disk disk.img,snapshot=on --exec true
[ ! -e control ] || fail "the control socket is still there"
[ -z "$(ls -A tmp)" ] || fail "left behind: $(ls -A tmp)"
