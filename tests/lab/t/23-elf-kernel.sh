# SPDX-License-Identifier: GPL-2.0-or-later
# test: an ELF vmlinux boots by its PVH entry
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

guest -- --kernel "$CLOUD_ELF" --modules "$LAB/kernel/cloud/modules" --exec 'uname -r'
says '^6\.12\..*cloud-amd64$'
