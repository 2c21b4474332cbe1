#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A directory that differs from the store is repaired, and one that is empty is
# filled anew: signet asks for it, signet-crld does it, and whoever passes a step
# dies there.  In the end the directory is as the store says.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=1
install_pki
slapd_start "$tmp/ldap"
publish_configure "main $ldapi"
ok 'a certificate is issued' certify anna1 mail-encrypt anna 'Anna Ek' \
    anna@example.org
ok '... and another one' certify bo1 mail-encrypt bo 'Bo Alm' bo@example.org
ok '... and published' crld
person() {
	printf 'dn: uid=%s,ou=people,%s\n' "$1" "$ldap_base"
}
{
	person anna
	printf 'changetype: modify\nreplace: mail\nmail: eve@example.org\n\n'
	person bo
	printf 'changetype: delete\n\n'
	person eve
	printf 'changetype: add\nobjectClass: inetOrgPerson\n'
	printf 'objectClass: pkiUser\ncn: Eve\nsn: Eve\n'
	printf 'userCertificate;binary:: %s\n\n' \
	    "$(openssl x509 -in "$tmp/anna1.pem" -outform DER | base64 -w 0)"
} >"$tmp/damage"
ok 'somebody changes three entries' ldapmodify -Q -Y EXTERNAL -H "$ldapi" \
    -f "$tmp/damage"
slapd_stop
cp -a "$tmp/ldap/data" "$tmp/damaged"
faults_begin

# asks VERB - who cannot wait for signet-crld, which comes next, is told so
asks() {
	signet publish "$1" --wait 0s
	[ $? -ne 137 ]
}
published() {
	timeout 60 signet-crld -d --once -c "$pki/crld.conf"
}
as_the_store_says() {
	signet publish check && offers anna anna1 && offers bo bo1 &&
	no_entry eve &&
	[ "$(sql 'SELECT count(*) FROM delivery')" = 0 ] && proven
}

repair_before() {
	slapd_stop
	rm -f "$tmp/ldap/data"/*
	cp -a "$tmp/damaged"/* "$tmp/ldap/data/"
	slapd_start "$tmp/ldap"
}
repair_run() {
	asks repair && published
}
repair_holds() {
	as_the_store_says
}
faults_of repair

rebuild_before() {
	slapd_stop
	rm -f "$tmp/ldap/data"/*
	slapd_start "$tmp/ldap"
}
rebuild_run() {
	asks rebuild && published
}
rebuild_holds() {
	as_the_store_says
}
faults_of rebuild
faults_sum
done_testing
