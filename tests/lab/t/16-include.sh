# SPDX-License-Identifier: GPL-2.0-or-later
# test: programs and files of the host come along, with their libraries
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file blob 1
# No BusyBox applet: the host's own sha256sum, and the C library that it needs.
guest -- --include "$T/blob:/data/blob" --include "$(type -P sha256sum):/opt/sum" \
	--exec '/opt/sum /data/blob'
says "^$(checksum blob)  /data/blob\$"
