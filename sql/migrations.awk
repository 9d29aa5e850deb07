# Each file to one C string and a comma: the elements of an array, in the order of the files.
FNR == 1 && NR > 1 { print "," }
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	printf "\"%s\\n\"\n", $0
}
END { if (NR > 0) print "," }
