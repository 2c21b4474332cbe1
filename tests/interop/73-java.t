#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What Java's PKIX finds out from the services of an installation: by OCSP, by
# a list over HTTP and by a list in the directory, each alone; good, revoked
# for every reason, on hold, released; and that it does not know when nobody
# answers.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
cd "$tmp" || exit 1
services_install
service_start slapd cad crld ocspd

# java_says HOW:NAME... - its verdicts, in one line
java_says() {
	for java_one; do
		set -- "$@" "$java_one.pem"
		shift
	done
	java "$srcdir/tests/interop/Revocation.java" root.pem people.pem \
	    "$@" 2>&1 | paste -s -d , -
}

for name in both gone held; do
	ok "certificate $name" person $name web-login
done
service_stop cad
sed -i "s|cdp = .*/people.crl.*|cdp = [ \"$(ldap_cdp people)\" ];|" \
    "$pki/cad.conf"
service_start cad
for name in ldap ldapgone; do
	ok "certificate $name, with its list in the directory" \
	    person $name web-login
done
ok 'the lists are there' wait_for curl -sSf "$http/crl/root.crl" -o crl
ok '... in the directory, too' wait_for list_in_directory people

is 'S033, S109: Java finds by OCSP, HTTP and LDAP that they are good' \
    "$(java_says ocsp:both crl:both crls:both ocsp:ldap crl:ldap)" \
    good,good,good,good,good
is '... as it looks without being told how' "$(java_says chain:both)" good

ok 'one is revoked' revoke gone --reason superseded
ok '... one on hold' as s1 signet cert hold "$(serial_in held.pem)" --yes
ok '... and one with its list in the directory' revoke ldapgone \
    --reason cessationOfOperation
for name in gone held ldapgone; do
	ok "$name is on the list" wait_for listed $name "$http/crl/people.crl"
	ok '... in the directory, too' wait_for listed $name people
	ok '... and so says OCSP' wait_for answered revoked $name
done
is 'E066, S010: Java finds by OCSP who is revoked, and why' \
    "$(java_says ocsp:both ocsp:gone ocsp:held ocsp:ldap ocsp:ldapgone)" \
    'good,revoked SUPERSEDED,revoked CERTIFICATE_HOLD,good,revoked CESSATION_OF_OPERATION'
is 'S086, S110: ... by the list over HTTP' \
    "$(java_says crl:both crl:gone crl:held)" \
    'good,revoked SUPERSEDED,revoked CERTIFICATE_HOLD'
is '... by the list in the directory' "$(java_says crl:ldap crl:ldapgone)" \
    'good,revoked CESSATION_OF_OPERATION'

ok 'the one on hold is released' as s1 signet cert release \
    "$(serial_in held.pem)" --yes
ok '... and so says OCSP' wait_for answered good held
ok '... and the list' wait_for not_listed held "$http/crl/people.crl"
is 'Java finds that it is good again' "$(java_says ocsp:held crl:held)" \
    good,good

for name in ocspd crld slapd; do
	service_stop $name
done
is 'N033: when nobody answers it does not know' \
    "$(java_says ocsp:both crl:both crl:ldap | grep -o UNDETERMINED |
    wc -l)" 3
done_testing
