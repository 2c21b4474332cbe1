#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-crld brings certificates and lists to the web's folder and to a real
# directory, and dies at each step.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
slapd_start "$tmp/ldap"
publish_configure "main $ldapi"
ok 'a certificate is issued' certify anna1 mail-encrypt anna 'Anna Ek' \
    anna@example.org
faults_begin

# What the last try published goes away.
publish_before() {
	slapd_stop
	rm -f "$tmp/ldap/data"/*
	slapd_start "$tmp/ldap"
}
publish_run() {
	crld
}
publish_holds() {
	offers anna anna1 &&
	[ "$(sql 'SELECT count(*) FROM outbox')" = 0 ] &&
	[ "$(sql 'SELECT count(*) FROM delivery')" = 0 ] &&
	[ "$(found_by_publisher "$ldap_base" sub '(objectClass=*)' 1.1 |
	    grep -c '^dn: ')" = 7 ] &&
	signet crl export people --format der >"$tmp/people.crl" &&
	find "$pki/www" -type f -exec cmp -s "$tmp/people.crl" {} \; -print |
	    grep -q . && proven
}
faults_of publish
disk_of publish
faults_sum
done_testing
