# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What lab tests are written with; sourced by t/*.sh. The working directory is $T, a fresh one that is
# removed afterwards; $LAB is the staged directory. Programs of the product are in PATH.
# The output of the last command under `expect` is in the files out and err.
set -eu

kernels=$LAB/kernel
CLOUD=$kernels/cloud/vmlinuz   # stock cloud kernel, as distributed
CLOUD_ELF=$kernels/cloud/vmlinux # the same, for PVH
FULL=$kernels/amd64/vmlinuz    # stock kernel of the other flavour
export CLOUD CLOUD_ELF FULL

fail() {
	echo "FAILED: $*"
	show
	exit 1
}

skip() {
	echo "skip: $*"
	exit 77
}

# show: what the last command said, for the log
show() {
	local file
	for file in out err; do
		[ ! -s "$T/$file" ] || { echo "--- $file"; tail -n 60 "$T/$file" | cut -c1-500; }
	done
}

need_vise() {
	[ -x "$LAB/bin/vise" ] || skip "build/vise is not built"
}

# expect STATUS COMMAND...: runs it with no input and demands the exit status
expect() {
	local want=$1 got=0
	shift
	"$@" </dev/null >"$T/raw" 2>"$T/err" || got=$?
	# Serial consoles end lines with CR LF.
	tr -d '\r' <"$T/raw" >"$T/out"
	[ "$got" = "$want" ] || fail "'$*' ended with $got instead of $want"
}

# guest [STATUS] -- OPTION...: `vise run` of the cloud kernel (a later --kernel prevails)
guest() {
	local want=0
	[ "$1" = -- ] || { want=$1; shift; }
	shift
	case " $* " in
	*' --kernel '*) expect "$want" vise run "$@" ;;
	*) expect "$want" vise run --kernel "$CLOUD" "$@" ;;
	esac
}

# says REGEX / says_not REGEX: a line of the output
says() {
	grep -Eq -- "$1" "$T/out" || fail "no line of the output matches: $1"
}

says_not() {
	! grep -Eq -- "$1" "$T/out" || fail "a line of the output matches: $1"
}

# complains REGEX: exactly one line on stderr, and it matches
complains() {
	[ "$(wc -l <"$T/err")" = 1 ] || fail "stderr has $(wc -l <"$T/err") lines, not one"
	grep -Eq -- "$1" "$T/err" || fail "stderr does not match: $1"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $*"
		sleep 0.1
	done
}

# start OPTION...: `vise run` in the background with a control socket; sets $vise to its process
start() {
	vise run --control "unix:$T/control" "$@" </dev/null >"$T/out" 2>"$T/err" &
	vise=$!
	wait_for 20 test -S "$T/control"
}

# ended STATUS: waits for what start began
ended() {
	local got=0
	wait "$vise" || got=$?
	[ "$got" = "$1" ] || fail "vise ended with $got instead of $1"
}

# ctl COMMAND [KEY=VALUE...]: a control command of what start began; its reply on stdout
ctl() {
	visectl --socket "$T/control" "$@"
}

# random_file FILE MIB
random_file() {
	dd if=/dev/urandom of="$1" bs=1M count="$2" status=none
}

# ext4_disk FILE MIB [DIR]: a disk image with a file system, filled from DIR
ext4_disk() {
	truncate -s "$2M" "$1"
	mke2fs -q -F -t ext4 ${3:+-d "$3"} "$1"
}

# checksum FILE
checksum() {
	sha256sum "$1" | cut -d' ' -f1
}

# busybox_tree DIR: a root file system with all of busybox
busybox_tree() {
	local applet
	mkdir -p "$1"/{bin,dev,proc,sys,tmp}
	cp "$(type -P busybox)" "$1/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
}

# tiny_initrd FILE <INIT: an initramfs of busybox, the kernel modules of the cloud flavour below
# /lib/modules that are named in $modules, and the script INIT as its init
tiny_initrd() {
	local tree=$T/initrd name
	rm -rf "$tree"
	busybox_tree "$tree"
	for name in ${modules-}; do
		find "$kernels/cloud/lib/modules/" -name "$name.ko.xz" -exec cp {} "$tree/" \;
		xz -d "$tree/$name.ko.xz"
	done
	{
		echo '#!/bin/sh'
		echo '/bin/busybox mount -t devtmpfs dev /dev; /bin/busybox mount -t proc proc /proc'
		echo '/bin/busybox mount -t sysfs sys /sys; export PATH=/bin'
		echo "for m in ${modules-}; do insmod /\$m.ko; done"
		cat
	} >"$tree/init"
	chmod +x "$tree/init"
	(cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$1"
}
