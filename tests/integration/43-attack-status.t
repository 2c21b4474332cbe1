#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An attacker who owns the store un-revokes, revokes and releases without an
# order, or with one of yesterday.  The lists say what officers signed.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
# A list with each change, and whenever next_list wants one.
sed -i 's/crl_reasons = .*/crl_reasons = [ "all" ];/' "$pki/cad.conf"

next_list() {
	tamper "UPDATE crl SET this_update = this_update - interval '2 days'"
	cad
}
# The reason on the newest list of a CA, "-" if it is not there.
listed() {
	signet crl export services --format pem 2>/dev/null >"$tmp/crl.pem" ||
	    return 1
	openssl crl -in "$tmp/crl.pem" -noout -text | awk -v s="$1" '
	    /Serial Number:/ { on = tolower($3) == s; if (on) r = "none" }
	    on && /CRL Reason Code/ { getline; sub(/^ */, ""); r = $0 }
	    END { print r == "" ? "-" : r }'
}
# issued NAME - a certificate; $serial
issued() {
	as o1 order_tls "$1" --sign >/dev/null && cad &&
	serial=$(serial_of "$(last_order)") && [ -n "$serial" ]
}
# change KIND SERIAL [option]... - by officer o1; carried out
change() {
	as o1 signet order new --kind "$1" --wait 0s --yes "$2" ${3:+"$3" "$4"}
	id=$(last_order)
	cad
	[ "$(order_state "$id")" = 'done' ]
}
good_again() {
	tamper "UPDATE cert SET status = 'good', revoked_at = NULL,
	    reason = NULL, invalid_since = NULL WHERE serial = '\\x$1';
	    DELETE FROM status_change WHERE serial = '\\x$1'"
}

# What the store shows as the last word on a certificate.
last_word() {
	tamper "UPDATE cert SET status = '$2', reason = $3,
	    revoked_at = CASE WHEN '$2' <> 'good' THEN now() END,
	    invalid_since = NULL WHERE serial = '\\x$1';
	    INSERT INTO status_change (ca, serial, status, reason, order_id,
	    changed_at) VALUES ('services', '\\x$1', '$2', $3,
	    decode('$4', 'hex'), now())"
}
status_refused() {
	is "$1: the order is refused" "$(order_state "$2")" refused
	says "$3" order_reason "$2"
	ok '... and so says the log' grep -q \
	    "$(printf '%.8s' "$2") refused: .*$3" "$tmp/log"
	ok '... and the audit chain' audited act=refuse "id=$2" "$3"
	is '... and no status has changed' "$(sql "SELECT count(*) FROM audit
	    WHERE seq > $audit_mark AND substring(body FROM 1 FOR 10) IN
	    ('act=revoke', 'act=releas', E'act=hold\\nat')")" 0
}
still() {
	next_list
	is "$1" "$(listed "$2")" "$3"
	[ -z "${4:-}" ] || ok '... an alarm in the log' \
	    grep -q "ALARM crl: $4 $2" "$tmp/log"
	[ -z "${4:-}" ] || ok '... and in the audit chain' \
	    audited act=alarm what=crl "$4 $2"
}
lacks='the store lacks revoked certificate'
calls='the store calls revoked without an order'

# Un-revoked.
ok 'a certificate is issued' issued one
ok '... and revoked' change revoke "$serial" --reason superseded
is '... and on the list' "$(listed "$serial")" Superseded
good_again "$serial"
still 'un-revoked it is still on the next list' "$serial" Superseded "$lacks"
unproven '... and the auditor finds it' \
    'the store says good, but it is revoked since entry'
tamper "DELETE FROM crl; DELETE FROM orders
    WHERE id = decode('$id', 'hex')"
still '... without order and earlier lists, too' "$serial" Superseded "$lacks"
number=$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")
ok '... and its number is none of an earlier one' test "$number" -ge 4
unproven '... and the auditor finds the order gone' \
    "is not in orders.pem"

# Revoked and held without an order.
ok 'a certificate is issued' issued two
last_word "$serial" revoked 1 "$id"
still 'revoked in the store, by an order about another' "$serial" - "$calls"
unproven '... and the auditor finds it' \
    'the store says revoked, but no entry made it so'
good_again "$serial"
signet order new --kind revoke --no-sign --reason keyCompromise --yes \
    "$serial" >/dev/null
id=$(last_order)
make_ready "$id"
cad
status_refused 'an unsigned revocation' "$id" 'has nobody'
last_word "$serial" revoked 1 "$id"
still 'revoked in the store, by an unsigned order' "$serial" - "$calls"
good_again "$serial"
of_another() {
	as o1 signet order new --kind hold --wait 0s --yes "$serial" \
	    >/dev/null 2>&1
	id=$(last_order)
	blob_get "$id" "$tmp/blob"
	cp "$tmp/blob" "$tmp/was"
	perl -0777 -pi -e "s/\\Q\${\\pack('H*', '$serial')}\\E/pack('H*', \
	    '$(serial_in "$pki/officers/o2.pem")')/e" "$tmp/blob"
	blob_put "$id" "$tmp/blob"
}
of_another
cad
status_refused 'a hold of another certificate' "$id" 'not the one of its row'
of_another
openssl cms -verify -noverify -nosigs -inform DER -in "$tmp/blob" -binary \
    -out "$tmp/content" 2>/dev/null
tamper "UPDATE orders SET digest = decode('$(sha256sum <"$tmp/content" |
    cut -c 1-64)', 'hex') WHERE id = decode('$id', 'hex')"
cad
status_refused 'a hold of another certificate, with its digest' "$id" signature

# On hold, released, on hold again: what was said earlier comes back.
ok 'a certificate is issued' issued three
ok '... put on hold' change hold "$serial"
hold=$id
sleep 1
as o1 signet order new --kind release --wait 0s --yes "$serial" >/dev/null 2>&1
kept=$(last_order)
tamper "UPDATE orders SET state = 'pending' WHERE id = decode('$kept', 'hex')"
ok '... released' change release "$serial"
release=$id
is '... not on the list' "$(listed "$serial")" -
last_word "$serial" held 6 "$hold"
still 'the first hold replayed in the store' "$serial" - "$calls"
good_again "$serial"
make_ready "$hold"
cad
status_refused 'the first hold replayed' "$hold" 'this order was used before'
sleep 1
ok 'it is put on hold again' change hold "$serial"
is '... and on the list' "$(listed "$serial")" 'Certificate Hold'
last_word "$serial" good NULL "$release"
still 'the old release replayed in the store' "$serial" 'Certificate Hold' \
    "$lacks"
last_word "$serial" good NULL "$kept"
still '... and one that was kept back' "$serial" 'Certificate Hold' "$lacks"
make_ready "$release"
cad
status_refused 'the old release replayed' "$release" \
    'this order was used before'
make_ready "$kept"
cad
status_refused 'the release that was kept back' "$kept" \
    'the order is older than the hold that it would end'
last_word "$serial" held 6 "$hold"
tamper "UPDATE cert SET status = 'revoked', reason = 1
    WHERE serial = '\\x$serial'"
still 'a hold is a hold, whatever the store calls it' "$serial" \
    'Certificate Hold'
sleep 1
tamper "UPDATE cert SET status = 'held', reason = 6
    WHERE serial = '\\x$serial'"
ok 'a release of today releases it' change release "$serial"
is '... and it is off the list' "$(listed "$serial")" -

done_testing
