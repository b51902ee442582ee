# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for vise. Made by `vise help --bash`; change the tables it is made from.

# What follows option $2 of command $1: sets `kind` and `words`.
_vise_value() {
	kind=none words=
	case $1$2 in
	commands) kind=words words='run doctor help version --help --version' ;;
	run--kernel) kind=file ;;
	run--initrd) kind=file ;;
	run--append) kind=typed ;;
	run--disk) kind=keys words='path= format= snapshot= readonly= serial= vectors= aio=' ;;
	run--memory) kind=typed ;;
	run--cpus) kind=typed ;;
	run--dialect) kind=words words='v1 virtio' ;;
	run--serial) kind=words words='stdio null file: unix:' ;;
	run--com2) kind=words words='stdio null file: unix:' ;;
	run--exec) kind=typed ;;
	run--root) kind=typed ;;
	run--include) kind=file ;;
	run--modules) kind=directory ;;
	run--timeout) kind=typed ;;
	run--control) kind=words words='unix:' ;;
	run--status-file) kind=file ;;
	run--config) kind=file ;;
	run--log) kind=words words='error warn guest info debug' ;;
	run) kind=words words='--kernel --initrd --append --disk --memory --hugepages --cpus --dialect --serial --com2 --exec --shell --root --include --modules --timeout --no-reboot --control --status-file --print-timing --debug-exit --debug-console --config --print-config --dry-run --log --help' ;;
	doctor) kind=words words='--probe --help' ;;
	help) kind=words words='run doctor help version --man --bash --help' ;;
	version) kind=words words='--help' ;;
	esac
}

# The same for key $3 of a value with keys.
_vise_key() {
	kind=none words=
	case $1$2,$3 in
	run--disk,path) kind=file ;;
	run--disk,format) kind=words words='raw qcow2' ;;
	run--disk,snapshot) kind=words words='on off' ;;
	run--disk,readonly) kind=words words='on off' ;;
	run--disk,serial) kind=typed ;;
	run--disk,vectors) kind=typed ;;
	run--disk,aio) kind=words words='auto io_uring threads' ;;
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
			:
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
