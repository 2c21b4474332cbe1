#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example configuration of slapd: who may write, what the world may see,
# and that the searches of mail programs find what they look for.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"

install_pki
export slapd_roots="$pki/ca/root.pem"
slapd_start "$tmp/ldap"
tls="tls_ca=\"$tmp/ldap/slapd.pem\";"
by_agent="tls_cert=\"$pki/agents/crl.pem\"; tls_key=\"$pki/agents/crl.key\"; tls_passphrase=\"file:$pki/secrets/agent-crl\";"
people 150

# Who may write: the agent, by its certificate (G017, E123).
publish_configure "main ldaps://127.0.0.1:$ldaps_port $tls"
why() {
	sql "SELECT error FROM target WHERE error IS NOT NULL"
}
again() {
	sql "UPDATE delivery SET next_at = now(), attempts = 0, error = NULL,
	    leased_until = NULL"
}
ok 'somebody without a certificate tries to publish' crld
says 'Strong(er) authentication required' why
again
publish_configure "main ldaps://127.0.0.1:$ldaps_port $tls $(echo "$by_agent" |
    sed 's|/crl\.|/ra.|g; s|agent-crl|agent-ra|')"
ok 'another agent tries' crld
says 'Insufficient access' why
no_rows() {
	found_by_publisher "$ldap_base" sub '(objectClass=*)' 1.1 |
	    grep -c '^dn' | grep -qx 0
}
ok '... and neither has written' no_rows
again
publish_configure "main ldaps://127.0.0.1:$ldaps_port $tls $by_agent"
ok 'the agent writes over TLS' crld
ok '... all of it' signet publish check
publish_configure "main ldap://127.0.0.1:$ldap_port starttls=true; $tls $by_agent"
ok 'and with StartTLS (S009)' signet publish check
# Confined, the daemon still reads its key.
publish_configure "main ldaps://127.0.0.1:$ldaps_port $tls $by_agent"
start signet-crld -d -c "$pki/crld.conf"
gone="uid=p0000009,ou=people,$ldap_base"
there() {
	found "$gone" base '(objectClass=*)' mail | grep -q '^mail: '
}
ldapdelete -Q -Y EXTERNAL -H "$ldapi" "$gone"
not 'an entry is lost' there
ok '... and asked for' signet publish repair --yes
ok 'the daemon brings it back over TLS' wait_for there
kill "$last"
wait "$last"
publish_configure "main ldaps://127.0.0.1:$ldaps_port tls_ca=\"$pki/ca/root.pem\"; $by_agent"
exits 6 'a directory that cannot say who it is gets nothing' \
    signet publish check

# What the world sees (S007, S085, E059).
p=p0000007
world() {
	found "$ldap_base" sub "$@"
}
export found_at="ldap://127.0.0.1:$ldap_port"
is 'names, addresses and certificates' "$(world "(mail=$p@example.org)" |
    sed -n 's/^\([^ :]*\):.*/\1/p' | sort -u | tr '\n' ' ')" \
    'cn dn mail sn userCertificate;binary '
is '... and nothing else' "$(world "(mail=$p@example.org)" '*' + |
    grep -cE '^(objectClass|uid|entryUUID|createTimestamp|creatorsName):')" 0
says 'Size limit exceeded (4)' world '(objectClass=*)' 1.1
is 'a hundred at the most' "$(world '(objectClass=*)' 1.1 | grep -c '^dn')" 100
says 'modifications require authentication' sh -c "printf 'dn: uid=$p,ou=people,$ldap_base
changetype: delete\n' | ldapmodify -x -H $found_at"
for attr in userPassword telephoneNumber; do
	is "nobody finds by $attr" "$(world "($attr=*)" 1.1 | grep -c '^dn')" 0
done

# What mail programs ask (S084, N020, E115).
is 'Thunderbird: by address' "$(world "(mail=$p@example.org)" \
    'usercertificate;binary' | grep -ci '^usercertificate;binary::')" 1
is 'Thunderbird: by several addresses' "$(world \
    "(|(mail=P0000001@example.org)(mail=p0000002@EXAMPLE.org))" \
    'usercertificate;binary' | grep -ci '^usercertificate;binary::')" 2
is 'dirmngr: <address>' "$(world "(mail=$p@example.org)" |
    grep -c '^userCertificate;binary::')" 1
is 'dirmngr: a word' "$(world '(|(sn=*0000042*)(|(cn=*0000042*)(mail=*0000042*)))' \
    userCertificate | grep -c '^userCertificate;binary::')" 1
is 'dirmngr: the list behind a CDP, scope and all' "$(found \
    "cn=people,ou=PKI,$ldap_base" sub '(objectClass=cRLDistributionPoint)' \
    certificateRevocationList | grep -c '^certificateRevocationList;binary::')" 1
is 'any: who has a certificate' "$(world \
    '(&(userCertificate=*)(mail=p0000009*))' 1.1 | grep -c '^dn')" 1
openssl x509 -in "$pki/agents/crl.pem" -noout -subject -nameopt rfc2253 \
    >"$tmp/subject"
says 'CN=CRL agent crl-1,serialNumber=crl-1,O=Example AB' cat "$tmp/subject"
done_testing
