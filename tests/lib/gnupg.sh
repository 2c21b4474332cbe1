# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# GnuPG for mail with a dirmngr of its own; after tests/integration/tap.sh:
#
#	gnupg_new DIR ROOT	a home that knows nothing but that this root is
#				trusted; asks the directory at $ldap for people
#	gnupg_end		stop what runs there
#
# dirmngr keeps lists for as long as they say, so who wants to know what it
# makes of the world now begins with a new home.
: "${tmp:?}"

gnupg_new() {
	[ -z "${GNUPGHOME:-}" ] || gnupg_end
	GNUPGHOME=$1
	export GNUPGHOME
	rm -rf "$1"
	mkdir -m 700 "$1" || return 1
	cat >"$1/gpgsm.conf" <<-CONF
	enable-crl-checks
	auto-issuer-key-retrieve
	CONF
	# Its own resolver would go past what this machine knows of itself.
	cat >"$1/dirmngr.conf" <<-CONF
	standard-resolver
	allow-ocsp
	log-file $1/dirmngr.log
	verbose
	CONF
	[ -z "${ldap:-}" ] || printf 'ldapserver %s:::%s:\n' \
	    "${ldap#ldap://}" "${ldap_base:-}" >>"$1/dirmngr.conf"
	echo "$(openssl x509 -in "$2" -noout -fingerprint -sha1 |
	    sed 's/.*=//') S relax" >"$1/trustlist.txt"
	echo allow-loopback-pinentry >"$1/gpg-agent.conf"
	dirmngr --daemon >"$tmp/out" 2>&1 || return 1
	gnupg_pid=$(gpg-connect-agent --no-autostart --dirmngr \
	    'GETINFO pid' /bye | sed -n 's/^D //p')
	pids="$pids $gnupg_pid"
	gpgsm --batch --import "$2"
}

# The agent was started by gpgsm and listens in this home alone.
gnupg_end() {
	kill "$gnupg_pid" 2>/dev/null
	gpgconf --kill gpg-agent
	wait_for gnupg_ended
}

gnupg_ended() {
	! process_runs "$gnupg_pid"
}
