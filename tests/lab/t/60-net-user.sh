# SPDX-License-Identifier: GPL-2.0-or-later
# test: user networking: an address, names, TCP both ways, without internet
# timeout: 400
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

mkdir www
random_file www/down 8
random_file up 8
busybox httpd -f -p 127.0.0.1:8000 -h www &
modules=virtio_net tiny_initrd initrd.gz <<INIT
$(network_script)
for name in host.lan gateway.lan dns.lan; do
	nslookup -type=a \$name 10.0.2.3 | awk -v n=\$name '/^Address/ { a = \$NF } END { print "name " n " " a }'
done
nslookup -type=a far.example 10.0.2.3 | grep -o 'SERVFAIL' | sed 's/^/unknown /' | head -1
wget -q -O - http://10.0.2.2:8000/down | sha256sum | sed 's/^/down /'
$(receive_script)
poweroff -f
INIT
start --kernel "$CLOUD" --initrd initrd.gz --net user,hostfwd=tcp:127.0.0.1:7007-:7
wait_for 200 grep -q listening out
busybox nc 127.0.0.1 7007 <up
ended 0
tr -d '\r' <out >lines && mv lines out
says '^lease 10\.0\.2\.15 router 10\.0\.2\.2 dns 10\.0\.2\.3'
says '^name host.lan 10\.0\.2\.2'
says '^name gateway.lan 10\.0\.2\.2'
says '^name dns.lan 10\.0\.2\.3'
says '^unknown SERVFAIL'
says "^down $(checksum www/down)"
says "^up $(checksum up)"
