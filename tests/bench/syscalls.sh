# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The stopwatch's hook for system calls: syscalls.sh PID MARK...
# At "begin DEPTH" the kernel begins to count; at "end DEPTH REQUESTS ..." the file calls gets "DEPTH
# CALLS-PER-REQUEST" and calls.txt the most frequent ones. Everything is counted but what measures: a list
# of the VMM's threads would miss those that its pool starts later. So nothing else may run, as in L1.
event=/sys/kernel/tracing/events/raw_syscalls/sys_enter
shift

case $1 in
begin)
	filter=
	for name in bash sh stopwatch cp; do
		filter+="${filter:+ && }comm != \"$name\""
	done
	echo "hist:keys=id.syscall if $filter" >$event/trigger
	;;
end)
	cp $event/hist counted
	# Taken away in the very words that set it.
	trigger=$(grep -m 1 '^hist:' $event/trigger)
	echo "!${trigger% \[*\]}" >$event/trigger
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
