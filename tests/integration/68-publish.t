#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Certificates and lists in an LDAP directory: published when issued, replaced
# when renewed, gone when revoked, held or expired, back when released.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"

install_pki
slapd_start "$tmp/ldap"
publish_configure "main $ldapi"

# Settings that are refused.
sed 's|ldapi:|http:|' "$pki/directories.conf" >"$pki/bad.conf"
sed 's|directories.conf|bad.conf|' "$pki/crld.conf" >"$tmp/bad.conf"
exits 1 'a directory that is not LDAP is refused' \
    signet-crld -d -t -c "$tmp/bad.conf"
said 'is neither ldap:// nor ldaps:// nor ldapi://'
ok 'good settings pass' signet-crld -d -t -c "$pki/crld.conf"

ok 'a certificate is issued' certify anna1 mail-encrypt anna 'Anna Ek' \
    anna@example.org Anna.Ek@example.org
ok '... and one that is only for signing' certify anna2 mail-sign anna \
    'Anna Ek' anna@example.org
ok '... and one that nobody needs to find' order_tls www
ok 'signet-crld publishes (E107, N013, N031, S015)' crld
ok 'anybody finds her certificate, and not the one for signing (E042)' \
    offers anna anna1
entry anna >"$tmp/entry"
says 'cn: Anna Ek' cat "$tmp/entry"
says 'sn: Ek' cat "$tmp/entry"
says 'mail: Anna.Ek@example.org' cat "$tmp/entry"
says 'mail: anna@example.org' cat "$tmp/entry"
is 'what is above it was added' "$(found_by_publisher "$ldap_base" sub \
    '(objectClass=*)' 1.1 | grep -c '^dn: ')" 7
ok 'no entry for the web server' no_entry www
is 'the outbox is empty' "$(sql 'SELECT count(*) FROM outbox')" 0
is '... and nothing waits' "$(sql 'SELECT count(*) FROM delivery')" 0

# CAs and their lists (G009, S032).
people=cn=people,ou=PKI,$ldap_base
signet crl export people --format der -o "$tmp/people.crl"
ca_value() {
	found "$1" base '(objectClass=*)' "$2" |
	    sed -n "s/^$2:: //p" | base64 -d
}
ca_value "$people" 'certificateRevocationList;binary' >"$tmp/got.crl"
ok 'the list is in the entry of its CA (S110)' \
    cmp "$tmp/people.crl" "$tmp/got.crl"
openssl x509 -in "$pki/ca/people.pem" -outform DER -out "$tmp/people.cer"
ca_value "$people" 'cACertificate;binary' >"$tmp/got.cer"
ok '... and its certificate' cmp "$tmp/people.cer" "$tmp/got.cer"
openssl x509 -in "$pki/ca/root.pem" -outform DER -out "$tmp/root.cer"
ca_value "cn=root,ou=PKI,$ldap_base" 'cACertificate;binary' >"$tmp/got.cer"
ok "... and the root's (G009, E055)" cmp "$tmp/root.cer" "$tmp/got.cer"

# Renewal.
ok 'she gets another' certify anna3 mail-encrypt anna 'Anna Ek' \
    anna@example.org
ok '... which is published' crld
ok 'the new one comes first; the old one only serves an address that it has not' \
    offers anna anna3 anna1
ok 'both addresses in a third' certify anna4 mail-encrypt anna 'Anna Ek' \
    Anna.Ek@example.org anna@example.org
ok '... published' crld
ok 'one certificate is enough then' offers anna anna4

# Revocation, hold, release (S016).
ok 'that is revoked' status revoke anna4 --reason keyCompromise
ok '... published' crld
ok 'what was good before is offered again' offers anna anna3 anna1
ok 'one is held' status hold anna3
ok '... published' crld
ok 'it is not offered' offers anna anna1
ok 'it is released' status release anna3
ok '... published' crld
ok 'it is offered again' offers anna anna3 anna1
ok 'all are revoked' status revoke anna3 --reason superseded
ok '...' status revoke anna1 --reason superseded
ok '... published' crld
ok 'nothing is left of her' no_entry anna

# An entry that others use, too.
ok 'Bo has a certificate' certify bo1 mail-encrypt bo 'Bo Alm' bo@example.org
ok '... published' crld
printf 'dn: uid=bo,ou=people,%s\nchangetype: modify\nadd: title\ntitle: Chief\n' \
    "$ldap_base" | ldapmodify -Q -Y EXTERNAL -H "$ldapi" >/dev/null
ok 'it is revoked' status revoke bo1 --reason superseded
ok '... published' crld
is 'the entry stays' "$(found_by_publisher "uid=bo,ou=people,$ldap_base" \
    base '(objectClass=*)' title | sed -n 's/^title: //p')" Chief
is '... without a certificate' "$(entry bo 'userCertificate;binary' |
    grep -c '^userCert')" 0

# Expiry: nobody says anything, time passes.
ok 'Cia has a certificate' certify cia1 mail-encrypt cia 'Cia Dal' \
    cia@example.org
ok '... published' crld
ok 'she is found' offers cia cia1
later() {
	SIGNET_CLOCK_OFFSET=$((731 * 86400)) crld
}
ok 'two years later signet-crld looks again' later
ok 'the certificate has expired and is gone' no_entry cia

# Only what verifies is published.
certify eva1 mail-encrypt eva 'Eva Fors' eva@example.org >/dev/null 2>&1
certify ove1 mail-encrypt ove 'Ove Gran' ove@example.org >/dev/null 2>&1
tamper "UPDATE cert SET der = set_byte(der, 200, (get_byte(der, 200) + 1) % 256)
    WHERE holder = 'eva'"
ok 'signet-crld publishes' crld
ok 'a certificate that its CA has not signed is not published' no_entry eva
ok '... others are' offers ove ove1
says 'has not signed it' sql "SELECT error FROM delivery WHERE dead"
ok 'one is revoked, and the list with it made' status revoke ove1 \
    --reason keyCompromise
ok '... published' crld
tamper "UPDATE cert SET status = 'good', revoked_at = NULL, reason = NULL,
    invalid_since = NULL WHERE holder = 'ove';
    INSERT INTO outbox (topic, ca, serial) SELECT 'status', ca, serial
    FROM cert WHERE holder = 'ove'"
ok 'the owner of the store makes it good again, in secret' crld
ok '... the list remembers, and it is not published' no_entry ove
says 'Z: the store calls it good' sql "SELECT error
    FROM delivery WHERE dead AND key = 'ove'"

# Holds that are still on the newest list: only officers end them.
listed_at() {
	sed -i "s/crl_reasons = .*/crl_reasons = [ \"$1\" ];/" "$pki/cad.conf"
}
certify ida1 mail-encrypt ida 'Ida Hed' ida@example.org >/dev/null 2>&1
certify ulf1 mail-encrypt ulf 'Ulf Idh' ulf@example.org >/dev/null 2>&1
listed_at all
ok 'two are held, and a list is made of each' status hold ida1
ok '...' status hold ulf1
listed_at keyCompromise
ok 'one of them is released, and no list is made' status release ida1
signet crl export people --format pem -o "$tmp/held.crl"
openssl crl -in "$tmp/held.crl" -noout -text | tr 'A-F' 'a-f' >"$tmp/held.txt"
says "$(serial_in "$tmp/ida1.pem")" cat "$tmp/held.txt"
tamper "UPDATE cert SET status = 'good', revoked_at = NULL, reason = NULL
    WHERE holder = 'ulf';
    INSERT INTO outbox (topic, ca, serial) SELECT 'status', ca, serial
    FROM cert WHERE holder = 'ulf'"
ok 'the owner of the store releases the other' crld
ok 'what officers released is published although the list has it' \
    offers ida ida1
ok 'what nobody released is not' no_entry ulf
says 'the store calls it good, and has no order for that' sql "SELECT error
    FROM delivery WHERE dead AND key = 'ulf'"
done_testing
