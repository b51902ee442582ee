# SPDX-License-Identifier: GPL-2.0-or-later
# test: --shell works in a terminal: keys, size, interrupt, escape key
# timeout: 300
# shellcheck shell=bash source=../lib.sh
. "$LAB/lib.sh"
need_vise

# A terminal of `script`: keys come from a pipe, the screen goes to out.
mkfifo keys
: >out
export CLOUD
cat >session <<'RUN'
tty >tty
stty rows 31 cols 101
stty -g >before
vise run --kernel "$CLOUD" --shell
echo "status $?" >status
stty -g >after
RUN
script -qfc 'bash session' out <keys >/dev/null &
exec 3>keys
screen_says() { tr -d '\r' <out | grep -Eq -- "$1"; }

wait_for 120 screen_says '^/ # '
printf 'stty size\n' >&3
wait_for 20 screen_says '^31 101$'
stty -F "$(cat tty)" rows 42 cols 123
sleep 1
printf 'stty size\n' >&3
wait_for 20 screen_says '^42 123$'

# Ctrl-C belongs to the guest: it ends the sleep there, and the run goes on.
printf 'sleep 1000; echo interrupted\n' >&3
sleep 2
printf '\003' >&3
printf 'echo al""ive\n' >&3
wait_for 20 screen_says '^alive$'; echo alive

printf '\001x' >&3
wait_for 20 test -s after; echo escaped
grep -q '^status 0$' status || fail "Ctrl-A x ended with: $(cat status)"
cmp before after || fail "the terminal is not as it was"
exec 3>&-

# With no terminal at all: the shell reads a pipe and ends with it.
printf 'echo from a pipe\nexit 5\n' >input
got=0
vise run --kernel "$CLOUD" --shell --timeout 40s <input >out 2>err || got=$?
[ "$got" = 5 ] || fail "the shell ended with $got instead of 5"
tr -d '\r' <out | grep -q '^from a pipe$' || fail "the shell's output is missing"
