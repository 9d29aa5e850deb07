# Named statements ("-- name: gateway_get", then SQL up to the next) to lines of the X-macro SQL_STMT(X, "text").
function flush() {
	if (name != "")
		printf "SQL_STMT(%s, \"%s\")\n", toupper(name), text
	name = ""
	text = ""
}
/^-- name:/ { flush(); name = $3; next }
/^[ \t]*--/ { next }
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	sub(/^[ \t]+/, "")
	if ($0 != "")
		text = text (text == "" ? "" : " ") $0
}
END { flush() }
