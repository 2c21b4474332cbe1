# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A private slapd, configured as ldap-schema/slapd.ldif says; after tap.sh:
#
#	slapd_tls DIR			a certificate for localhost in DIR
#	slapd_start DIR			in DIR; sets ldapi, ldap_port, ldaps_port
#					and slapd_pid
#	slapd_stop			the last one started, by its pid
#	ldap_base			dc=example,dc=com
#	found BASE SCOPE FILTER [ATTR...]	what anybody finds: LDIF, no folds
#	found_by_publisher ...			what the publisher finds
#
# Whoever runs the test is the publisher on the socket.
: "${tmp:?}" "${srcdir:?}"
# shellcheck source=tests/lib/ports.sh
. "$srcdir/tests/lib/ports.sh"
export ldap_base=dc=example,dc=com

# The server's own certificate: nothing that this suite has to show.
slapd_tls() {
	[ -e "$1/slapd.pem" ] && return 0
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1/slapd.key" -out "$1/slapd.pem" -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
	    -addext basicConstraints=critical,CA:TRUE -days 2 2>/dev/null
}

# slapd_configure DIR - once
slapd_configure() {
	mkdir -p "$1/conf" "$1/data" &&
	slapd_tls "$1" &&
	cp "${slapd_roots:-$1/slapd.pem}" "$1/root.pem" &&
	sed -e "s|/var/lib/ldap|$1/data|" -e "s|/etc/ldap/signet|$1|" \
	    -e "s|/run/slapd|$1|" \
	    -e "s|gidNumber=999.+uidNumber=999|gidNumber=$(id -g)\\\\+uidNumber=$(id -u)|" \
	    "$srcdir/ldap-schema/slapd.ldif" >"$1/slapd.ldif" &&
	slapadd -n 0 -F "$1/conf" -l "$1/slapd.ldif"
}

slapd_answers() {
	kill -0 "$slapd_pid" && ldapsearch -x -LLL -H "$1" -s base -b '' 1.1
}

slapd_start() {
	mkdir -p "$1" || return 1
	[ -d "$1/conf" ] || slapd_configure "$1" >"$1/log" 2>&1 || {
		sed 's/^/# /' "$1/log"
		echo 'Bail out! slapd takes no configuration'
		exit 1
	}
	[ -e "$1/ports" ] || free_ports 2 >"$1/ports"
	read -r ldap_port ldaps_port <"$1/ports"
	ldapi=ldapi://$(printf '%s' "$1/ldapi" | sed 's|/|%2F|g')
	slapd_urls="$ldapi ldap://127.0.0.1:$ldap_port"
	slapd_urls="$slapd_urls ldaps://127.0.0.1:$ldaps_port"
	slapd -d 0 -F "$1/conf" -h "$slapd_urls" >>"$1/log" 2>&1 &
	slapd_pid=$!
	pids="$pids $slapd_pid"
	wait_for slapd_answers "$ldapi" || {
		sed 's/^/# /' "$1/log"
		echo 'Bail out! slapd does not start'
		exit 1
	}
}

slapd_stop() {
	kill "$slapd_pid" 2>/dev/null
	wait "$slapd_pid" 2>/dev/null
}

found() {
	found_base=$1 found_scope=$2
	shift 2
	ldapsearch -x -LLL -o ldif-wrap=no -H "${found_at:-$ldapi}" \
	    -b "$found_base" -s "$found_scope" "$@" 2>&1
}

found_by_publisher() {
	found_base=$1 found_scope=$2
	shift 2
	ldapsearch -Q -Y EXTERNAL -LLL -o ldif-wrap=no -H "$ldapi" \
	    -b "$found_base" -s "$found_scope" "$@" 2>&1
}
