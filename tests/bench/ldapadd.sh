# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The yardstick of what writes to directories; after tests/lib/slapd.sh, with
# slapd started in $tmp/ldap:
#
#	ldapadd_again		takes the people out of the directory, empties it
#				and has ldapadd put them in again, one after the
#				other, of which nothing is read, compared or
#				verified; sets add, in entries per second
: "${tmp:?}" "${ldap_base:?}"

ldapadd_again() {
	found_by_publisher "ou=people,$ldap_base" one '(objectClass=pkiUser)' \
	    '*' uid >"$tmp/entries"
	entries=$(grep -c '^dn: ' "$tmp/entries")
	slapd_stop
	rm -rf "$tmp/ldap/data"/*
	slapd_start "$tmp/ldap"
	ldapadd -Q -Y EXTERNAL -H "${ldapi:?}" >/dev/null <<-LDIF || return 1
	dn: $ldap_base
	objectClass: organization
	objectClass: dcObject
	dc: example
	o: example

	dn: ou=people,$ldap_base
	objectClass: organizationalUnit
	ou: people
	LDIF
	add_start=$(date +%s.%N)
	ldapadd -Q -Y EXTERNAL -H "${ldapi:?}" -f "$tmp/entries" >/dev/null ||
	    return 1
	export add
	add=$(awk -v n="$entries" -v s="$add_start" -v e="$(date +%s.%N)" \
	    'BEGIN { printf "%.0f", n / (e - s) }')
}
