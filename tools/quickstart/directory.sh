# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: an LDAP directory, where a slapd is installed.
: "${state:?}"

base=dc=example,dc=org

has_slapd() {
	command -v slapd >/dev/null && command -v ldapsearch >/dev/null &&
	    [ -e /etc/ldap/schema/core.ldif ]
}

# directory_publisher -u|-g - who may write
directory_publisher() {
	if has_users; then id "$1" signet-crld; else id "$1"; fi
}

# The package has made it.
directory_has_user() {
	has_users && id -u openldap >/dev/null 2>&1
}

# With "signet publish check" root sees what the publisher sees.
directory_root() {
	printf 'olcAuthzRegexp: {2}"%s" "%s"\n' \
	    'gidNumber=0\+uidNumber=0,cn=peercred,cn=external,cn=auth' \
	    "cn=publisher,$base"
}

directory_make() (
	rm -rf "$home/directory"
	mkdir -p "$home/directory/data" "$home/directory/conf.new" &&
	    cd "$home/directory" || exit 1
	: >root.ldif
	! has_users || directory_root >root.ldif
	# The publisher is known by its user id on the socket; no TLS then.
	sed -e '/^olcTLS/d' -e "s|/var/lib/ldap|$PWD/data|" \
	    -e "s|/run/slapd|$PWD|" -e 's/dc=example,dc=com/dc=example,dc=org/' \
	    -e "s|Number=999.+|Number=$(directory_publisher -g)\\\\+|" \
	    -e "s|uidNumber=999|uidNumber=$(directory_publisher -u)|" \
	    -e "/^olcAuthzRegexp: {1}/r root.ldif" \
	    "$top/ldap-schema/slapd.ldif" >slapd.ldif &&
	    slapadd -n 0 -F conf.new -l slapd.ldif || exit 1
	! directory_has_user || chown -R openldap:openldap . || exit 1
	mv conf.new conf
)

directory_runs() {
	background_runs slapd
}

directory_answers() {
	ldapsearch -x -LLL -H "$ldapi" -s base -b '' 1.1
}

directory_start() {
	has_slapd || return 0
	[ -d "$home/directory/conf" ] || quiet "make the directory" directory_make
	directory_runs && return
	set -- slapd -d 0 -F "$home/directory/conf" \
	    -h "$ldapi ldap://127.0.0.1:$ldap_port"
	! directory_has_user || set -- "$@" -u openldap -g openldap
	in_background slapd "$@"
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
	elif [ -e "$home/directory" ]; then
		echo "slapd         not running"
	fi
}
