# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: an LDAP directory, where a slapd is installed.
: "${state:?}"

base=dc=example,dc=org
ldapi=ldapi://$(printf '%s/directory/ldapi' "$state" | sed 's|/|%2F|g')

# A socket's path is short.
has_slapd() {
	command -v slapd >/dev/null && command -v ldapsearch >/dev/null &&
	    [ -e /etc/ldap/schema/core.ldif ] && [ "${#state}" -lt 85 ]
}

directory_make() (
	rm -rf "$state/directory"
	mkdir -p "$state/directory/data" "$state/directory/conf.new" &&
	    cd "$state/directory" || exit 1
	# The publisher is known by its user id on the socket; no TLS then.
	sed -e '/^olcTLS/d' -e "s|/var/lib/ldap|$PWD/data|" \
	    -e "s|/run/slapd|$PWD|" -e 's/dc=example,dc=com/dc=example,dc=org/' \
	    -e "s|Number=999.+|Number=$(id -g)\\\\+|" \
	    -e "s|uidNumber=999|uidNumber=$(id -u)|" \
	    "$top/ldap-schema/slapd.ldif" >slapd.ldif &&
	    slapadd -n 0 -F conf.new -l slapd.ldif && mv conf.new conf
)

directory_runs() {
	background_runs slapd
}

directory_answers() {
	ldapsearch -x -LLL -H "$ldapi" -s base -b '' 1.1
}

directory_start() {
	has_slapd || return 0
	[ -d "$state/directory/conf" ] || quiet "make the directory" directory_make
	directory_runs && return
	in_background slapd slapd -d 0 -F "$state/directory/conf" \
	    -h "$ldapi ldap://127.0.0.1:$ldap_port"
	wait_for directory_answers || {
		tail -n 5 "$state/log/slapd.log" >&2
		die "slapd does not start: is port $ldap_port taken?"
	}
	echo "slapd runs on ldap://127.0.0.1:$ldap_port"
}

directory_stop() {
	background_stop slapd
}

directory_status() {
	if directory_runs; then
		echo "slapd         running, process $(background_pid slapd)," \
		    "ldap://127.0.0.1:$ldap_port"
	elif [ -e "$state/directory" ]; then
		echo "slapd         not running"
	fi
}
