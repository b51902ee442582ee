# SPDX-License-Identifier: GPL-2.0-or-later
# test: a bad option or file gives one line and 125
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

truncate -s 1M empty.img
echo 'not a kernel' >text
head -c 100000 "$CLOUD" >short
refuses() { # REGEX OPTION...
	local regex=$1
	shift
	expect 125 vise run "$@"
	complains "$regex"
	[ ! -s out ] || fail "'$*' also wrote to stdout"
}
refuses 'no-such-option' --no-such-option
refuses 'kernel' --kernel
refuses 'missing' --kernel "$T/missing"
refuses 'text' --kernel text
refuses 'short' --kernel short
refuses "$T" --kernel "$T"
refuses 'cpus' --kernel "$CLOUD" --cpus 0
refuses 'cpus' --kernel "$CLOUD" --cpus 1000000
refuses 'cpus' --kernel "$CLOUD" --cpus two
refuses 'memory' --kernel "$CLOUD" --memory 0
refuses 'memory' --kernel "$CLOUD" --memory 12Q
refuses 'memory' --kernel "$CLOUD" --memory 99999999999999999999G
refuses 'memory' --kernel "$CLOUD" --memory 1M
refuses 'argument' --kernel "$CLOUD" stray
refuses 'missing' --kernel "$CLOUD" --disk missing
refuses 'disk|path' --kernel "$CLOUD" --disk ''
refuses 'snapshto' --kernel "$CLOUD" --disk empty.img,snapshto=on
refuses 'snapshot' --kernel "$CLOUD" --disk empty.img,snapshot=maybe
refuses 'vectors' --kernel "$CLOUD" --disk empty.img,vectors=-1
refuses 'serial' --kernel "$CLOUD" --disk empty.img,serial=123456789012345678901
refuses 'timeout' --kernel "$CLOUD" --timeout soon
refuses 'missing' --kernel "$CLOUD" --initrd missing
refuses 'exec|shell' --kernel "$CLOUD" --exec true --shell
refuses 'initrd' --kernel "$CLOUD" --exec true --initrd text
refuses 'modules' --kernel "$CLOUD" --exec true --modules missing
refuses 'control' --kernel "$CLOUD" --control nonsense
refuses 'dialect' --kernel "$CLOUD" --dialect klingon
refuses 'missing' --config missing
