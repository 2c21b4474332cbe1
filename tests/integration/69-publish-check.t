#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# "signet publish check" finds each difference between a directory and the
# store, "repair" mends them all, "rebuild" fills an empty directory.
# PUBLISH_ENTRIES: 2000, or 100000 with --huge.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"
. "$srcdir/tests/lib/formats.sh"
entries=${PUBLISH_ENTRIES:-2000}
export crld_seconds=$((60 + entries / 100))

install_pki
slapd_start "$tmp/ldap"
publish_configure "main $ldapi"
exits 4 'an unknown directory is not found' signet publish check \
    --directory nain
said 'no directory "nain"; there is main'
people "$entries"
ok "a directory with $entries entries is made" crld
ok 'it is as the store says (S030)' signet publish check

# A hundred differences of each kind that there is.
holder() {
	printf 'p%07d' "$1"
}
dn() {
	printf 'dn: uid=%s,ou=people,%s\n' "$(holder "$1")" "$ldap_base"
}
modify() {
	dn "$1"
	printf 'changetype: modify\n%s\n\n' "$2"
}
found "uid=$(holder 1),ou=people,$ldap_base" base '(objectClass=*)' \
    'userCertificate;binary' | sed -n 's/^userCertificate/&/p' >"$tmp/someones"
{
	for i in $(seq 11 20); do
		modify "$i" "add: mail
mail: boss@example.org"
		modify "$((i + 10))" 'replace: sn
sn: Other'
		modify "$((i + 20))" "add: userCertificate;binary
$(cat "$tmp/someones")"
		modify "$((i + 30))" "replace: userCertificate;binary
$(cat "$tmp/someones")"
		modify "$((i + 40))" 'delete: userCertificate;binary'
		dn "$((i + 50))"
		printf 'changetype: delete\n\n'
		modify "$((i + 60))" 'add: cn
cn: Somebody Else'
		modify "$((i + 70))" 'delete: objectClass
objectClass: pkiUser
-
delete: userCertificate;binary'
		printf 'dn: uid=x%d,ou=people,%s\nchangetype: add\n' "$i" \
		    "$ldap_base"
		printf 'objectClass: inetOrgPerson\nobjectClass: pkiUser\n'
		printf 'cn: X\nsn: X\nmail: p0000001@example.org\n%s\n\n' \
		    "$(cat "$tmp/someones")"
	done
	for i in $(seq 1 8); do
		printf 'dn: cn=n%d,ou=people,%s\nchangetype: add\n' "$i" \
		    "$ldap_base"
		printf 'objectClass: inetOrgPerson\nobjectClass: pkiUser\n'
		printf 'cn: n%d\nsn: X\n%s\n\n' "$i" "$(cat "$tmp/someones")"
	done
	printf 'dn: cn=people,ou=PKI,%s\nchangetype: modify\n' "$ldap_base"
	printf 'delete: certificateRevocationList;binary\n\n'
	printf 'dn: cn=evil,ou=PKI,%s\nchangetype: add\n' "$ldap_base"
	printf 'objectClass: cRLDistributionPoint\nobjectClass: pkiCA\n'
	printf 'cn: evil\ncACertificate;binary:: %s\n\n' \
	    "$(openssl x509 -in "$pki/ca/root.pem" -outform DER | base64 -w 0)"
} >"$tmp/planted"
is 'a hundred differences' "$(grep -c '^changetype' "$tmp/planted")" 100
ok '... are planted' ldapmodify -Q -Y EXTERNAL -H "$ldapi" -f "$tmp/planted"

exits 3 'check finds them' signet publish check
said "100 differ from the store"
said 'mend them with: signet publish repair'
as_page 'signet publish check' signet publish check
cp "$tmp/json" "$tmp/found"
is 'each is named once' "$(jq -r .name "$tmp/found" | sort -u | wc -l)" 100
for why in 'mail: 1 too many' 'sn: 1 missing, 1 too many' \
    'userCertificate: 1 too many' 'userCertificate: 1 missing, 1 too many' \
    'userCertificate: 1 missing' 'is missing' 'cn: 1 too many' \
    'objectClass: 1 missing; userCertificate: 1 missing' \
    'must not be there' 'certificateRevocationList: 1 missing'; do
	says "\"difference\": \"$why\"" sed 's/":"/": "/g' "$tmp/found"
done
exits 6 'repair needs signet-crld' signet publish repair --wait 1s
said 'is signet-crld running?'
is '... and its work waits' "$(sql 'SELECT count(*) FROM delivery')" 100
ok 'check knows that it waits' signet publish check
said 'the others wait for signet-crld'
start signet-crld -d -c "$pki/crld.conf"
crld_pid=$last
as_page 'signet publish repair' signet publish repair
is '... and mends them all' "$(jq -c '[.again, .differ, .unpublishable]' \
    "$tmp/json")" '[0,0,0]'
ok 'check finds nothing any more' signet publish check

# From nothing.
stop "$crld_pid"
slapd_stop
rm -rf "$tmp/ldap/data"/*
slapd_start "$tmp/ldap"
start signet-crld -d -c "$pki/crld.conf"
as_page 'signet publish rebuild' signet publish rebuild --wait "${crld_seconds}s"
is '... and fills an empty directory' "$(jq -c '[.differ, .unpublishable],
    .entries > 100' "$tmp/json" | tr '\n' ' ')" '[0,0] true '
is '... with all of them' "$(found_by_publisher "ou=people,$ldap_base" one \
    '(objectClass=pkiUser)' 1.1 | grep -c '^dn')" "$entries"

# What the owner of the store does.
tamper "UPDATE cert SET der = set_byte(der, 200, (get_byte(der, 200) + 1) % 256)
    WHERE holder = '$(holder 5)'"
exits 3 'a certificate that was edited in the store is found' \
    signet publish check
said 'has not signed it'
done_testing
