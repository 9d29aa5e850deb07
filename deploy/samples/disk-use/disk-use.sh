#!/bin/sh
# How full is each file system? Prints one JSON document.
#
# usage: disk-use.sh [--warn_percent=N] [--path=/SOME/WHERE]
set -eu
LC_ALL=C
export LC_ALL

warn_percent=90
path=
for word; do
	case $word in
	--warn_percent=*)	warn_percent=${word#*=} ;;
	--path=*)		path=${word#*=} ;;
	*)			echo "disk-use: I don't know $word" >&2; exit 2 ;;
	esac
done
case $warn_percent in
''|*[!0-9]*)	echo "disk-use: --warn_percent wants a whole number" >&2; exit 2 ;;
esac
if [ -n "$path" ] && [ ! -e "$path" ]; then
	echo "disk-use: there is no $path" >&2
	exit 2
fi

# Kernel file systems hold no data of ours; where there are no others, the root is the one to look at.
# The mount point is the last column: it may have blanks.
columns=fstype,size,used,avail,pcent,ipcent,target
if [ -n "$path" ]; then
	table=$(df -k --output=$columns -- "$path")
else
	table=$(df -k --output=$columns -x tmpfs -x devtmpfs -x squashfs -x efivarfs 2>/dev/null) ||
		[ -n "$table" ] || table=$(df -k --output=$columns /)
fi
printf '%s\n' "$table" | awk -v warn="$warn_percent" '
function quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[\001-\037]/, "?", text)
	return "\"" text "\""
}
function percent(text) {
	sub(/%/, "", text)
	return text == "-" ? "null" : text
}
NR > 1 {
	mount = $0
	for (i = 1; i < 7; i++)
		sub(/^ *[^ ]+ +/, "", mount)
	full = percent($5)
	inodes = percent($6)
	state = "ok"
	if ((full != "null" && full >= warn + 0) || (inodes != "null" && inodes >= warn + 0)) {
		state = "full"
		problems++
	}
	list = list (list == "" ? "" : ",\n") sprintf("    {\"mount\": %s, \"type\": %s, " \
	    "\"size_kib\": %s, \"used_kib\": %s, \"free_kib\": %s, \"used_percent\": %s, " \
	    "\"inodes_percent\": %s, \"state\": \"%s\"}",
	    quoted(mount), quoted($1), $2, $3, $4, full, inodes, state)
}
END {
	printf "{\n  \"warn_percent\": %d,\n  \"problems\": %d,\n", warn, problems
	printf "  \"file_systems\": [\n%s\n  ]\n}\n", list
}'
