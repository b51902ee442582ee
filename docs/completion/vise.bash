# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for vise. Made by `vise help --bash`; change the tables it is made from.

# What follows option $2 of command $1: sets `kind` and `words`.
_vise_value() {
	kind=none words=
	case $1$2 in
	commands) kind=words words='run qemu doctor help version --help --version' ;;
	run--kernel) kind=file ;;
	run--initrd) kind=file ;;
	run--append) kind=typed ;;
	run--disk) kind=keys words='path= format= snapshot= readonly= serial= vectors= event-idx= id= backend-id= addr= identity= transitional= aio= rerror= werror=' ;;
	run--machine) kind=words words='basic contract' ;;
	run--net) kind=keys words='kind= mac= link-down= hostfwd= restrict= ifname= fd= path= pcap= vectors= event-idx= id= backend-id= addr= identity= transitional= mrg-rxbuf= csum= tso= ctrl-vq=' ;;
	run--input) kind=keys words='kind= vectors= event-idx= id= backend-id= addr= identity=' ;;
	run--snd) kind=keys words='backend= path= capture= vectors= event-idx= id= backend-id= addr= identity= period-events= xrun-events= jacks= formats=' ;;
	run--memory) kind=typed ;;
	run--cpus) kind=typed ;;
	run--dialect) kind=words words='v1 virtio' ;;
	run--serial) kind=words words='stdio null ring file: append: unix:' ;;
	run--com2) kind=words words='stdio null ring file: append: unix:' ;;
	run--console) kind=keys words='where= vectors= event-idx= id= backend-id= addr= identity= transitional= emerg-write=' ;;
	run--bulk) kind=words words='stdio null ring file: append: unix:' ;;
	run--stats) kind=words words='stdio null ring file: append: unix:' ;;
	run--exec) kind=typed ;;
	run--selftest) kind=typed ;;
	run--root) kind=typed ;;
	run--include) kind=file ;;
	run--modules) kind=directory ;;
	run--timeout) kind=typed ;;
	run--control) kind=words words='unix:' ;;
	run--status-file) kind=file ;;
	run--config) kind=file ;;
	run--log) kind=words words='error warn guest info debug' ;;
	run) kind=words words='--kernel --initrd --append --append-only --disk --machine --tablet --net --input --snd --memory --hugepages --cpus --rtc-local --dialect --serial --com2 --console --bulk --stats --exec --shell --selftest --root --include --modules --timeout --no-reboot --no-shutdown --paused --control --status-file --print-timing --debug-exit --debug-console --config --print-config --dry-run --log --help' ;;
	qemu) kind=words words='--help' ;;
	doctor) kind=words words='--probe --help' ;;
	help) kind=words words='run qemu doctor help version --man --bash --control --qemu --help' ;;
	version) kind=words words='--help' ;;
	esac
}

# The same for key $3 of a value with keys.
_vise_key() {
	kind=none words=
	case $1$2,$3 in
	run--disk,path) kind=file ;;
	run--disk,format) kind=words words='raw qcow2 auto' ;;
	run--disk,snapshot) kind=words words='on off' ;;
	run--disk,readonly) kind=words words='on off' ;;
	run--disk,serial) kind=typed ;;
	run--disk,vectors) kind=typed ;;
	run--disk,event-idx) kind=words words='auto on off' ;;
	run--disk,id) kind=typed ;;
	run--disk,backend-id) kind=typed ;;
	run--disk,addr) kind=typed ;;
	run--disk,identity) kind=words words='contract qemu' ;;
	run--disk,transitional) kind=words words='on off' ;;
	run--disk,aio) kind=words words='auto io_uring threads' ;;
	run--disk,rerror) kind=words words='report ignore stop enospc' ;;
	run--disk,werror) kind=words words='report ignore stop enospc' ;;
	run--net,kind) kind=words words='none user tap passt' ;;
	run--net,mac) kind=typed ;;
	run--net,link-down) kind=words words='on off' ;;
	run--net,hostfwd) kind=file ;;
	run--net,restrict) kind=words words='on off' ;;
	run--net,ifname) kind=typed ;;
	run--net,fd) kind=typed ;;
	run--net,path) kind=file ;;
	run--net,pcap) kind=file ;;
	run--net,vectors) kind=typed ;;
	run--net,event-idx) kind=words words='auto on off' ;;
	run--net,id) kind=typed ;;
	run--net,backend-id) kind=typed ;;
	run--net,addr) kind=typed ;;
	run--net,identity) kind=words words='contract qemu' ;;
	run--net,transitional) kind=words words='on off' ;;
	run--net,mrg-rxbuf) kind=words words='on off' ;;
	run--net,csum) kind=words words='on off' ;;
	run--net,tso) kind=words words='on off' ;;
	run--net,ctrl-vq) kind=words words='on off' ;;
	run--input,kind) kind=words words='keyboard mouse tablet' ;;
	run--input,vectors) kind=typed ;;
	run--input,event-idx) kind=words words='auto on off' ;;
	run--input,id) kind=typed ;;
	run--input,backend-id) kind=typed ;;
	run--input,addr) kind=typed ;;
	run--input,identity) kind=words words='contract qemu' ;;
	run--snd,backend) kind=words words='none wav' ;;
	run--snd,path) kind=file ;;
	run--snd,capture) kind=words words='silence tone wav:' ;;
	run--snd,vectors) kind=typed ;;
	run--snd,event-idx) kind=words words='auto on off' ;;
	run--snd,id) kind=typed ;;
	run--snd,backend-id) kind=typed ;;
	run--snd,addr) kind=typed ;;
	run--snd,identity) kind=words words='contract qemu' ;;
	run--snd,period-events) kind=words words='on off' ;;
	run--snd,xrun-events) kind=words words='on off' ;;
	run--snd,jacks) kind=words words='on off' ;;
	run--snd,formats) kind=words words='on off' ;;
	run--console,where) kind=words words='stdio null ring file: append: unix:' ;;
	run--console,vectors) kind=typed ;;
	run--console,event-idx) kind=words words='auto on off' ;;
	run--console,id) kind=typed ;;
	run--console,backend-id) kind=typed ;;
	run--console,addr) kind=typed ;;
	run--console,identity) kind=words words='contract qemu' ;;
	run--console,transitional) kind=words words='on off' ;;
	run--console,emerg-write) kind=words words='on off' ;;
	esac
}

# Completes $2 as `kind` says; what is found begins with $1.
_vise_fill() {
	case $kind in
	file) mapfile -t COMPREPLY < <(compgen -P "$1" -f -- "$2") ;;
	directory) mapfile -t COMPREPLY < <(compgen -P "$1" -d -- "$2") ;;
	words) mapfile -t COMPREPLY < <(compgen -P "$1" -W "$words" -- "$2") ;;
	esac
	[[ $kind != words ]] && compopt -o filenames 2>/dev/null
	return 0
}

_vise() {
	local line=${COMP_LINE:0:COMP_POINT} piece=${COMP_WORDS[COMP_CWORD]}
	local word rest previous option='' value='' before='' last kind=none words='' parts
	COMPREPLY=()
	word=${line##*[[:space:]]}
	rest=${line%"$word"}
	rest=${rest%"${rest##*[![:space:]]}"}
	previous=${rest##*[[:space:]]}
	read -ra parts <<<"$rest"
	if ((${#parts[@]} < 2)); then
		_vise_value commands ''
		_vise_fill '' "$word"
		return
	fi
	if [[ $word == --*=* ]]; then
		option=${word%%=*} value=${word#*=} before=$option=
	elif [[ $previous == --* && $previous != *=* ]]; then
		option=$previous value=$word
	fi
	[[ -n $option ]] && _vise_value "${parts[1]}" "$option"
	if [[ $kind == keys ]]; then
		last=${value##*,}
		before=$before${value%"$last"} kind=file
		if [[ $value != *,* ]]; then
			_vise_key "${parts[1]}" "$option" "${words%%=*}"
		elif [[ $last == *=* ]]; then
			_vise_key "${parts[1]}" "$option" "${last%%=*}"
			before=$before${last%%=*}= last=${last#*=}
		else
			kind=words
		fi
		_vise_fill "$before" "$last"
	elif [[ $value == *:* && " $words " == *" ${value%%:*}: "* ]]; then
		kind=file
		_vise_fill "$before${value%%:*}:" "${value#*:}"
	elif [[ $kind != none ]]; then
		_vise_fill "$before" "$value"
	else
		_vise_value "${parts[1]}" ''
		_vise_fill '' "$word"
	fi
	# Bash replaces only the piece behind the last '=' or ':'.
	[[ $piece == [=:] ]] && piece=
	COMPREPLY=("${COMPREPLY[@]#"${word%"$piece"}"}")
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]] && compopt -o nospace 2>/dev/null
	return 0
}

complete -F _vise vise
