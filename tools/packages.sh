# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034 # the lists are for who sources this
# Debian packages, and how to get those that are missing.  Sourced by
# quickstart and runtests; the one place where packages are listed.

# To make configure and build the programs.
packages_build="autoconf automake gcc libc6-dev libcairo2-dev libconfig-dev libcurl4-openssl-dev libfido2-dev
    libgnutls28-dev libidn2-dev libjansson-dev libldap-dev libmicrohttpd-dev libp11-kit-dev libpango1.0-dev libpcsclite-dev libpq-dev
    libseccomp-dev libssl-dev
    make pkg-config zlib1g-dev"

# To run the store and to look at what came out.
packages_run="curl fonts-dejavu-core ldap-utils libnss-myhostname openssl pcscd perl postgresql python3 slapd util-linux vsmartcard-vpcd"

# For the tests: the second compiler, the checkers, and other people's programs
# that are asked for their opinion.
packages_test="ccache clang dirmngr fish gnupg-pkcs11-scd gnutls-bin gpg-agent gpgsm iproute2 jq libclang-rt-dev libcmocka-dev libengine-pkcs11-openssl libfaketime
    libnss3-tools libstrongswan-standard-plugins llvm mandoc nghttp2-client nginx-light opensc p11-kit p11-kit-modules pcscd perl poppler-utils procps python3 python3-icalendar scdaemon shellcheck softhsm2 strongswan-pki systemd util-linux
    valgrind vsmartcard-vpcd wrk xz-utils yubico-piv-tool zsh"

# For the tests of pages: a browser, and node, which drives it and may have come
# from elsewhere.
packages_web="chromium libnss3-tools"
command -v node >/dev/null 2>&1 || packages_web="$packages_web nodejs"
command -v npm >/dev/null 2>&1 || packages_web="$packages_web npm"

# For ./runtests --stage analyse.
packages_analyse="clang clang-tidy cppcheck gcc"

# For Debian packages, and a fresh Debian to try them in.
packages_debian="debhelper debootstrap dpkg-dev iproute2 systemd util-linux"

# Where units go is said by systemd itself in 12, by this in 13.
packages_debian_newer="systemd-dev"

# Asked for their opinion, too, where Debian has them: in 13, not in 12.
packages_test_newer="zlint"

# packages_known NAME... - those that this Debian has
packages_known() {
	for p in "$@"; do
		! apt-cache show "$p" >/dev/null 2>&1 || printf '%s ' "$p"
	done
}

# packages_missing NAME... - those that are not installed
packages_missing() {
	for p in "$@"; do
		s=$(dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null) || s=
		case $s in
		*"install ok installed"*) ;;
		*) printf '%s ' "$p" ;;
		esac
	done
}

# packages_install NAME... - install what is missing, as root or through sudo;
# what could not be installed is in $missing
packages_install() {
	if ! command -v dpkg-query >/dev/null 2>&1; then
		echo "not a Debian system: assuming that these are here: $*" >&2
		return 0
	fi
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -eq 0 ]; then
		as_root=
	elif command -v sudo >/dev/null 2>&1; then
		as_root=sudo
	else
		echo "packages are missing, and only root can install them" \
		    "(there is no sudo)" >&2
		return 1
	fi
	echo "installing: $missing" >&2
	apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y
	    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300"
	# A stale list may still do; a missing package is what counts.
	# shellcheck disable=SC2086 # lists of words
	$apt update >&2
	# shellcheck disable=SC2086
	packages_quiet $apt install --no-install-recommends $missing >&2 &&
	    return
	# shellcheck disable=SC2086
	missing=$(packages_missing $missing)
	return 1
}

# packages_quiet COMMAND... - while it runs no package starts a daemon: a
# machine that is to run tests or a trial does not want an LDAP server on every
# address.  See invoke-rc.d(8); what the machine says for itself stays, and what
# we say goes, however this ends.
packages_quiet() (
	policy=/usr/sbin/policy-rc.d
	mark="# of Signet's tools/packages.sh, while packages are installed"
	if [ -e "$policy" ] && ! grep -qxF "$mark" "$policy"; then
		"$@"
		exit
	fi
	trap '$as_root rm -f "$policy"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" |
	    $as_root tee "$policy" >/dev/null && $as_root chmod 755 "$policy"
	"$@"
)
