# SPDX-License-Identifier: GPL-2.0-or-later
# test: the command's status is the status of vise run
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

guest 42 -- --exec 'exit 42'
guest 1 -- --exec 'false'
