#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists of shards as OpenSSL, Java and GnuTLS read them, as the operator and the
# auditor do, while their number changes, and while the store says that
# certificates are on other shards than they name.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
echo 'crl = "shard";' >>"$pki/profiles/tls-server"
echo 'freshest = true;' >>"$pki/profiles/tls-client"
sed -i -e 's/crl_reasons = .*/crl_reasons = [ "all" ];/' \
    -e '/name = "services";/a crl_shards = 1; crl_delta = "1h";\
	crl_shard_url = "http://pki.example.org/crl/services-%d.crl";\
	crl_delta_url = "http://pki.example.org/crl/services-delta.crl";' \
    "$pki/cad.conf"

# issued NAME: $tmp/NAME.pem; its number and shard in $serial and $shard
issued() {
	as o1 order_tls "$1" --sign >/dev/null && cad &&
	cert_of "$(last_order)" >"$tmp/$1.pem" &&
	serial=$(serial_of "$(last_order)") && shard=$(openssl x509 -noout \
	    -ext crlDistributionPoints -in "$tmp/$1.pem" | sed -n \
	    's,.*URI:http://pki.example.org/crl/services-\(.*\).crl,\1,p') &&
	[ -n "$shard" ]
}
# on SHARD NAME: one of that shard
on() {
	on_tries=12
	while [ "$on_tries" -gt 0 ]; do
		issued "$2" || return 1
		[ "$shard" != "$1" ] || return 0
		rm "$tmp/$2.csr"
		on_tries=$((on_tries - 1))
	done
	return 1
}
change() {
	as o1 signet order new --kind "$1" --wait 0s --yes "$2" ${3:+"$3" "$4"}
	cad
	[ "$(order_state "$(last_order)")" = 'done' ]
}
next_lists() {
	tamper "UPDATE crl SET this_update = this_update - interval '2 days'"
	cad
}
fetch() {
	rm -f "$tmp"/[12].crl "$tmp/full.crl"
	for fetch_shard in 1 2; do
		signet crl export services --shard $fetch_shard --format der \
		    -o "$tmp/$fetch_shard.crl" || return 1
		signet crl export services --shard $fetch_shard \
		    >"$tmp/$fetch_shard.pem" || return 1
	done
	signet crl export services >"$tmp/full.pem"
}
# by LIST CERT [option]...
by() {
	by_list=$1 by_cert=$2
	shift 2
	openssl verify -crl_check "$@" -CAfile "$pki/ca/root.pem" \
	    -untrusted "$tmp/services.pem" -CRLfile "$tmp/$by_list.pem" \
	    "$tmp/$by_cert.pem"
}
openssl x509 -in "$pki/ca/services.pem" -out "$tmp/services.pem"

# --- profiles ----------------------------------------------------------------

ok 'the profiles are in order' signet profile check "$pki/profiles/tls-server"
cp "$pki/profiles/mail-dual" "$tmp/mail-dual"
echo 'crl = "shard";' >>"$tmp/mail-dual"
not 'a profile for mail cannot have shards' signet profile check \
    "$tmp/mail-dual"
said 'crl: "shard" is not for certificates that mail programs may take'
request trial
says 'crl.invalid/services-1.crl' signet profile try --profile \
    tls-server "$tmp/trial.csr" --field dns=trial.example.org

# --- peers -------------------------------------------------------------------

ok 'a certificate on shard 1' on 1 a
a=$serial
ok '... another' on 1 b
sed -i 's/crl_shards = 1;/crl_shards = 2;/' "$pki/cad.conf"
ok '... and one on shard 2' on 2 c
ok 'one is revoked' change revoke "$a" --reason superseded
ok '... and on its shard at once' test "$(sql "SELECT entries FROM crl
    WHERE ca = 'services' AND shard = 1 ORDER BY number DESC LIMIT 1")" = 1
ok '... and later on the complete list' next_lists
ok 'the lists are fetched' fetch
openssl crl -in "$tmp/1.pem" -noout -text >"$tmp/text"
ok 'the list says that it is a part, critical' \
    grep -q 'Issuing Distribution Point: critical' "$tmp/text"
ok '... by the address that its certificates have' \
    grep -q 'URI:http://pki.example.org/crl/services-1.crl' "$tmp/text"
not '... and nothing of certificates of users' grep -q 'Only' "$tmp/text"
not 'the other shard is without it' sh -c \
    "openssl crl -in '$tmp/2.pem' -noout -text | grep -qi '$a'"
not 'OpenSSL: by its shard a is revoked' by 1 a -extended_crl
said 'certificate revoked'
ok '... b is good' by 1 b -extended_crl
not '... and the list is not about c' by 1 c -extended_crl
said 'ifferent CRL scope'
ok '... which is good by its own' by 2 c -extended_crl
not 'by the complete list a is revoked, too' by full a
said 'certificate revoked'
ok '... and b and c are good' sh -c "openssl verify -crl_check \
    -CAfile '$pki/ca/root.pem' -untrusted '$tmp/services.pem' \
    -CRLfile '$tmp/full.pem' '$tmp/b.pem' '$tmp/c.pem'"
openssl x509 -in "$tmp/services.pem" -outform DER -out "$tmp/ca.der"
ok 'GnuTLS verifies it' certtool --verify-crl --inder \
    --load-ca-certificate "$tmp/ca.der" --infile "$tmp/1.crl"
openssl crl -inform DER -in "$(find "$pki/root/crl" -name '*.crl')" \
    -out "$tmp/root.crl"
by_java() {
	java "$srcdir/tests/interop/Shards.java" "$pki/ca/root.pem" \
	    "$tmp/services.pem" "$tmp/root.crl" "$@" 2>"$tmp/java.err" |
	    tr '\n' ' '
}
if command -v java >/dev/null && java --list-modules 2>/dev/null |
    grep -q '^jdk.compiler'; then
	is 'Java: by shard 1 a is revoked, b is good, of c it knows nothing' \
	    "$(by_java "$tmp/1.pem" "$tmp/a.pem" "$tmp/b.pem" \
	    "$tmp/c.pem")" 'a revoked b good c unknown '
	is '... and by shard 2 the other way round' \
	    "$(by_java "$tmp/2.pem" "$tmp/b.pem" "$tmp/c.pem")" \
	    'b unknown c good '
else
	echo '# java (a JDK) is not here: not asked'
fi

# Where deltas are stands in certificates whose profile says so.
ok 'a certificate that names the deltas' sh -c "signet order new \
    --profile tls-client --csr '$tmp/trial.csr' --holder trial \
    --holder-name trial --field name=trial --yes --sign \
    --key '$pki/officers/o1.key' --cert '$pki/officers/o1.pem' \
    --passphrase 'file:$pki/secrets/officer-o1' </dev/null"
ok '... is issued' cad
cert_of "$(last_order)" | openssl x509 -noout -text >"$tmp/text"
ok '... beside the complete list' sh -c "grep -A4 'X509v3 Freshest CRL' \
    '$tmp/text' | grep -q URI:http://pki.example.org/crl/services-delta.crl &&
    grep -q URI:http://pki.example.org/crl/services.crl '$tmp/text'"

# --- operator and auditor ----------------------------------------------------

says '   1  ' signet crl list services --shard 1
says 'http://pki.example.org/crl/services-1.crl' signet crl show services --shard 1
says "$a" signet crl show services --shard 1 --entries
exits 4 'there is no shard 7' signet crl show services --shard 7
said 'has no such revocation list'
says 'verified' signet crl verify services "$tmp/1.crl"
ok 'the auditor has nothing to say' proven

# --- other numbers of shards -------------------------------------------------

number() {
	sql "SELECT coalesce(max(number), 0) FROM crl WHERE ca = 'services'
	    AND shard = $1"
}
sed -i 's/crl_shards = 2;/crl_shards = 1;/' "$pki/cad.conf"
two=$(number 2)
ok 'fewer are drawn: lists are made again' next_lists
is '... of the shard that is drawn no more, too' "$(number 2)" "$((two + 1))"
for name in d e f; do
	ok "... and $name is issued" issued "$name"
	is '... on shard 1' "$shard" 1
done
sed -i 's/crl_shards = 1;/crl_shards = 3;/' "$pki/cad.conf"
ok 'more are drawn: the third has a list before anybody is on it' cad
is '... its first' "$(number 3)" 1
is 'no certificate has moved' "$(sql "SELECT bool_and(position(convert_to(
    'crl/services-' || shard || '.crl', 'UTF8') IN der) > 0) FROM cert
    WHERE profile = 'tls-server' AND shard > 0")" t
sed -i 's,/crl/services-%d,/new/services-%d,' "$pki/cad.conf"
not 'the address of certificates cannot be changed' cad
ok '... says the log' grep -q 'crl_shard_url of CA services is .*, and its certificates have' "$tmp/log"
sed -i 's,/new/services-%d,/crl/services-%d,' "$pki/cad.conf"

# --- a store that lies -------------------------------------------------------

on_list() {
	signet crl export services --shard "$1" | openssl crl -noout -text |
	    grep -qi "$2"
}
tamper "UPDATE cert SET shard = 2 WHERE serial = '\\x$a'"
ok 'a row says another shard' next_lists
ok '... the certificate is still on its own' on_list 1 "$a"
not '... and not on that one' on_list 2 "$a"
ok '... an alarm for the one' grep -q \
    "ALARM crl: the store lacks revoked certificate $a" "$tmp/log"
ok '... and for the other' audited act=alarm what=crl \
    "the store has on another shard certificate $a"
tamper "UPDATE cert SET shard = 0, status = 'good', revoked_at = NULL,
    reason = NULL WHERE serial = '\\x$a'"
ok 'a row says no shard, and good' next_lists
ok '... it is still on its own' on_list 1 "$a"
tamper "UPDATE cert SET shard = 1, status = 'revoked', revoked_at = (SELECT
    changed_at FROM status_change s WHERE s.serial = cert.serial
    AND s.status = 'revoked'), reason = 4 WHERE serial = '\\x$a'"
ok 'the row is as it was' next_lists
not '... and there is no alarm' grep -q ALARM "$tmp/log"
ok 'the auditor has still nothing to say' proven
tamper "UPDATE crl_part SET der = (SELECT der FROM crl_part p WHERE
    p.ca = 'services' AND p.shard = 2 AND p.number = 1) WHERE ca = 'services'
    AND shard = 1 AND number = 1;
    UPDATE crl SET size = (SELECT size FROM crl c WHERE c.ca = 'services'
    AND c.shard = 2 AND c.number = 1) WHERE ca = 'services' AND shard = 1
    AND number = 1"
unproven 'another list in the place of one: the auditor notices' \
    'with this digest is not in crls.pem'
tamper "UPDATE crl_part SET der = (SELECT der FROM crl_part p WHERE
    p.ca = 'services' AND p.shard = 0 AND p.number = 1) WHERE ca = 'services'
    AND shard = 1 AND number = 1;
    UPDATE crl SET size = (SELECT size FROM crl c WHERE c.ca = 'services'
    AND c.shard = 0 AND c.number = 1) WHERE ca = 'services' AND shard = 1
    AND number = 1"
exits 6 'a complete list is not shown as that of a shard' \
    signet crl show services --shard 1 --number 1
said 'is not the one of its row'
done_testing
