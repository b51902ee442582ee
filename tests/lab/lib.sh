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

# bulk_port: the script that sets $port to the node of the console's port ktstr-bulk, on stdout
bulk_port() {
	cat <<-'SCRIPT'
		port=$(grep -l ktstr-bulk /sys/class/virtio-ports/*/name)
		port=/dev/$(basename "${port%/name}")
	SCRIPT
}

# network_script: what a guest's init does to get an address on eth0 by DHCP, on stdout
network_script() {
	cat <<-'SCRIPT'
		cat >/dhcp <<'END'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		ip addr add "$ip/${mask:-24}" dev "$interface"
		ip route add default via "$router"
		echo "nameserver $dns" >/etc/resolv.conf
		echo "lease $ip router $router dns $dns"
		END
		chmod +x /dhcp; mkdir -p /etc
		ip link set lo up
		ip link set eth0 up
		udhcpc -i eth0 -n -q -t 10 -s /dhcp
	SCRIPT
}

# receive_script: what a guest's init does to take what comes to TCP port 7, on stdout. It says "listening" once it
# does, not just before, and then "up CHECKSUM". Its nc has an input that never ends: the end would go out as its own.
receive_script() {
	cat <<-'SCRIPT'
		mkfifo /silent
		sleep 10000 >/silent &
		nc -l -p 7 </silent >/up &
		until grep -qs ':0007 0*:0000 0A ' /proc/net/tcp /proc/net/tcp6; do usleep 50000; done
		echo listening
		wait $!
		sha256sum </up | sed 's/^/up /'
	SCRIPT
}

# answer_ready FUNCTION: while what start began runs, calls FUNCTION NAME once for each test NAME of the guest's self test
# that says in the file out that it is READY for what the host has to do
answer_ready() {
	local name answered=' '
	while kill -0 "$vise" 2>/dev/null; do
		for name in $(tr -d '\r' <"$T/out" | sed -n 's/^AERO_VIRTIO_SELFTEST|TEST|\([a-z-]*\)|READY.*/\1/p'); do
			case $answered in *" $name "*) continue ;; esac
			answered="$answered$name "
			"$1" "$name"
		done
		sleep 0.2
	done
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

# load_order NAME...: those modules and all they need, in the order to load them, of the kernel's $flavour
load_order() {
	local dep=$kernels/${flavour:-cloud}/modules/modules.dep name
	for name in "$@"; do
		# A line is "MODULE: NEEDED...", what is to be loaded first comes last.
		sed -n "s|^\([^:]*/$name\.ko[^:]*\): *\(.*\)|\1 \2|p" "$dep" | tr ' ' '\n' | tac
	done | sed -n 's|.*/\([^/]*\)\.ko.*|\1|p' | awk '!seen[$0]++'
}

# tiny_initrd FILE <INIT: an initramfs of busybox, the kernel modules named in $modules with what they need (of
# the kernel's $flavour, cloud otherwise; what it has built in is passed over), the files named in
# $files below /bin, and the script INIT as its init
tiny_initrd() {
	local tree=$T/initrd name modules
	# shellcheck disable=SC2086 # a list
	modules=$(load_order ${modules-})
	rm -rf "$tree"
	busybox_tree "$tree"
	# shellcheck disable=SC2086 # a list
	[ -z "${files-}" ] || cp ${files} "$tree/bin/"
	for name in $modules; do
		find "$kernels/${flavour:-cloud}/lib/modules/" -name "$name.ko.xz" -exec cp {} "$tree/" \;
		xz -d "$tree/$name.ko.xz"
	done
	{
		echo '#!/bin/sh'
		echo '/bin/busybox mount -t devtmpfs dev /dev; /bin/busybox mount -t proc proc /proc'
		echo '/bin/busybox mount -t sysfs sys /sys; export PATH=/bin'
		# shellcheck disable=SC2116,SC2086 # on one line
		echo "for m in $(echo $modules); do insmod /\$m.ko; done"
		cat
	} >"$tree/init"
	chmod +x "$tree/init"
	(cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$1"
}
