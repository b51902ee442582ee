# SPDX-License-Identifier: GPL-2.0-or-later
# test: --exec prints what the command prints
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

guest -- --exec 'echo "kernel $(uname -r)"; echo second line'
says '^kernel 6\.12\.[0-9]+.*cloud-amd64$'
says '^second line$'
