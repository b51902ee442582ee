# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The stopwatch's hook for system calls: syscalls.sh PID MARK...
# At "begin DEPTH" the kernel begins to count what all threads of PID call; at "end DEPTH REQUESTS ..." the
# file calls gets "DEPTH CALLS-PER-REQUEST" and calls.txt the ten most frequent by number.
event=/sys/kernel/tracing/events/raw_syscalls/sys_enter
pid=$1
shift

case $1 in
begin)
	# Threads are named one by one: an event filter knows no process.
	filter=
	for task in /proc/"$pid"/task/*; do
		filter+="${filter:+ || }common_pid == ${task##*/}"
	done
	echo "hist:keys=id.syscall if $filter" >$event/trigger
	;;
end)
	cp $event/hist counted
	# The trigger is named by its keys; its filter goes with it.
	echo '!hist:keys=id.syscall' >$event/trigger
	awk -v depth="$2" -v requests="$3" '
		/hitcount:/ { n += $NF }
		END { print depth, n / requests }' counted >>calls
	{
		echo "  $2"
		sed -n 's/^{ id: \([a-z_0-9]*\) .*hitcount: *\([0-9]*\)$/\2 \1/p' counted |
			sort -rn | head -6 |
			awk -v requests="$3" '{ printf "    %8.3f %s\n", $1 / requests, $2 }'
	} >>calls.txt
	;;
esac
