# Named statements ("-- name: gateway_get", then SQL up to the next) to lines of the X-macro SQL_STMT(X, "text").
# "-- part: mine" names a piece that statements behind it take in with "-- use: mine".
function add(piece) { text = text (text == "" ? "" : " ") piece }
function flush() {
	if (part != "")
		parts[part] = text
	else if (name != "")
		printf "SQL_STMT(%s, \"%s\")\n", toupper(name), text
	name = ""
	part = ""
	text = ""
}
/^-- name:/ { flush(); name = $3; next }
/^-- part:/ { flush(); part = $3; next }
/^-- use:/ {
	if (!($3 in parts)) {
		print FILENAME ": there is no part " $3 > "/dev/stderr"
		failed = 1
		exit
	}
	add(parts[$3])
	next
}
/^[ \t]*--/ { next }
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	sub(/^[ \t]+/, "")
	if ($0 != "")
		add($0)
}
END {
	if (failed)
		exit 1
	flush()
}
