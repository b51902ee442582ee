# SPDX-License-Identifier: GPL-2.0-or-later
# test: snapshot=on leaves the image as it was
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

random_file disk.img 8
before=$(checksum disk.img)
stamp=$(stat -c %Y.%s disk.img)
guest -- --disk disk.img,snapshot=on --exec '
	head -c 8388608 /dev/zero >/dev/vda; sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum </dev/vda'
says "^$(head -c 8M /dev/zero | sha256sum | cut -d' ' -f1)"
[ "$(checksum disk.img)" = "$before" ] || fail "the image was written"
[ "$(stat -c %Y.%s disk.img)" = "$stamp" ] || fail "the image was touched"
[ "$(find . -type f ! -name disk.img ! -name out ! -name err ! -name raw)" = '' ] ||
	fail "files were left: $(find . -type f)"
