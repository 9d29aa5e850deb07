# The Debian packages that Gatehouse needs, in one place. It is read by deploy/quickstart and
# tests/run with the dot command and does nothing by itself.
# A name like a|b means: any of them will do, and a is installed where there is none.

BUILD_PACKAGES='build-essential autoconf automake pkg-config|pkgconf libfcgi-dev libjson-c-dev
libsqlite3-dev libsodium-dev libtalloc-dev libyaml-dev libpcre2-dev libinih-dev libssl-dev libidn2-dev'

RUN_PACKAGES='lighttpd curl ca-certificates git openssh-client python3 ansible-core|ansible'

TEST_PACKAGES='jq libcriterion-dev apache2 nginx-light|nginx|nginx-full|nginx-core openssl clang
libclang-rt-14-dev|libclang-rt-dev json-schema-test-suite python3-jsonschema python3-venv openssh-server'

# packages_missing "LIST": prints those that are not installed, one a line.
packages_missing() {
	for choice in $1; do
		found=
		for package in $(printf '%s' "$choice" | tr '|' ' '); do
			status=$(dpkg-query -W -f=' ${db:Status-Status} ' "$package" 2>/dev/null) || continue
			case $status in *' installed '*) found=yes ;; esac
		done
		[ -n "$found" ] || printf '%s\n' "${choice%%|*}"
	done
}

# packages_install "LIST": installs what is missing of it, and touches nothing where nothing is.
# Fails, having said why, where it can't.
packages_install() {
	if ! command -v dpkg-query >/dev/null 2>&1; then
		echo "This is no Debian system: install by hand what stands for $(echo $1)." >&2
		return 0
	fi
	missing=$(packages_missing "$1")
	[ -n "$missing" ] || return 0
	echo "Installing $(echo $missing)"
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null 2>&1; then
			echo "I am not root and there is no sudo. As root, run: apt-get install $(echo $missing)" >&2
			return 1
		fi
		as_root=sudo
	fi
	# The word splitting of $missing is meant.
	if ! $as_root apt-get update -qq ||
	    ! $as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends $missing </dev/null >/dev/null; then
		echo "apt-get could not install $(echo $missing)" >&2
		return 1
	fi
}
