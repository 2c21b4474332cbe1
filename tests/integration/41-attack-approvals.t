#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# An attacker who owns the store and has the help of one officer, of one who
# was dismissed, or of somebody with another role.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

# enrol NAME PROFILE ID "COMMON NAME" - key and certificate, as two security
# officers approve it; the key in officers/ has no passphrase of its own.
enrol() {
	request "$1" &&
	as s1 signet order new --sign --profile "$2" --csr "$tmp/$1.csr" \
	    --holder "$3" --holder-name "$4" -f id="$3" -f name="$4" \
	    -f org="Example AB" --yes >/dev/null &&
	enrolled=$(last_order) &&
	as s2 signet order approve --yes "$enrolled" >/dev/null &&
	cad && cert_of "$enrolled" >"$pki/officers/$1.pem" &&
	openssl pkcs8 -topk8 -in "$tmp/$1.key" -out "$pki/officers/$1.key" \
	    -passout "file:$pki/secrets/officer-o1" &&
	cp "$pki/secrets/officer-o1" "$pki/secrets/officer-$1" &&
	chmod 600 "$pki/officers/$1.key"
}
batch() {
	rm -rf "$tmp/requests" && mkdir "$tmp/requests" &&
	make_requests "$tmp/requests" 3 &&
	signet order import --csv "$tmp/requests/people.csv" -p mail-sign \
	    --yes </dev/null || return 1
	id=$(last_order)
}

batch_refused() {
	refused_id=$(printf '%.8s' "$2")
	is "$1: no certificate" \
	    "$(sql "SELECT count(*) FROM cert")" "$certs_mark"
	is '... every item is refused' "$(sql "SELECT state, count(*) FROM item
	    WHERE order_id = decode('$2', 'hex') GROUP BY state")" 'refused|3'
	says "$3" order_reason "$2"
	ok '... and so says the log' grep -q "$refused_id.*$3" "$tmp/log"
	ok '... and the audit chain' audited act=refuse "id=$2" n=3 "$3"
}

# Four eyes.
ok 'a batch is ordered' batch
ok '... and approved by one officer' as o1 signet order approve --yes "$id"
make_ready "$id"
cad
batch_refused 'a batch with one approval' "$id" \
    'needs officer and officer; has officer o1'

ok 'an officer gets a second certificate' enrol o1b officer o1 "Olga One"
ok 'a batch is ordered' batch
ok '... and approved by one officer' as o1 signet order approve --yes "$id"
says 'o1 has approved it already' as o1b signet order approve --yes "$id"
blob_get "$id" "$tmp/blob"
ok '... and once more with the second certificate' sign_too "$tmp/blob" \
    "$tmp/o1b.key" "$pki/officers/o1b.pem"
blob_put "$id" "$tmp/blob"
make_ready "$id"
cad
batch_refused 'a batch approved twice by one person' "$id" \
    'not all different people'
ok 'that is no tampering with what is written' proven

# The wrong roles.
ok 'there is an auditor' enrol aud auditor a1 "Alma Audit"
ok 'there is an agent' enrol agent ra-agent ra-9 "RA agent nine"
for who in aud agent; do
	order_tls "by-$who" >/dev/null
	id=$(last_order)
	says 'your approval would not count' \
	    as "$who" signet order approve --yes "$id"
	blob_get "$id" "$tmp/blob"
	ok "$who signs all the same" sign_as "$tmp/blob" "$tmp/$who.key" \
	    "$pki/officers/$who.pem"
	blob_put "$id" "$tmp/blob"
	make_ready "$id"
	cad
	refused "an order signed by $who" "$id" 'needs officer, or root; has '
done
# An officer is no security officer.
request second
signet order new --profile officer --csr "$tmp/second.csr" --holder o9 \
    --holder-name "Otis Nine" -f id=o9 -f name="Otis Nine" --yes >/dev/null
id=$(last_order)
for who in o1 o2; do
	openssl pkey -in "$pki/officers/$who.key" -passin \
	    "file:$pki/secrets/officer-$who" -out "$tmp/$who.key"
done
blob_get "$id" "$tmp/blob"
ok 'two officers make themselves an officer' sign_as "$tmp/blob" \
    "$tmp/o1.key" "$pki/officers/o1.pem"
sign_too "$tmp/blob" "$tmp/o2.key" "$pki/officers/o2.pem"
blob_put "$id" "$tmp/blob"
make_ready "$id"
cad
refused 'an officer ordered by officers' "$id" \
    'needs security-officer and security-officer'

# An agent renews itself; the profile in the row would make it another.
sed -i 's/renewal_window = .*/renewal_window = "365d";/' \
    "$pki/profiles/station-agent" "$pki/profiles/ra-agent"
renew_station() {
	request "$1" && signet cert renew \
	    "$(serial_in "$pki/agents/station.pem")" --csr "$tmp/$1.csr" \
	    --proof-key "$pki/agents/station.key" \
	    --proof-cert "$pki/agents/station.pem" \
	    --proof-passphrase "file:$pki/secrets/agent-station" --yes
	id=$(last_order)
	cad
}
ok 'a station renews its certificate' renew_station station2
is '... as an agent may' "$(order_state "$id")" 'done'
tamper "UPDATE cert SET profile = 'ra-agent' WHERE holder = 'station-1'"
ok 'it asks for another role' renew_station station3
refused 'a station that becomes a registration authority' "$id" \
    'a renewal keeps the role and uses of the certificate'
tamper "UPDATE cert SET profile = 'station-agent' WHERE holder = 'station-1'"

# Whom the profile in the row lets revoke does not matter.
serial=$(serial_in "$pki/officers/o2.pem")
tamper "UPDATE cert SET profile = 'tls-server' WHERE serial = '\\x$serial'"
says 'is approved and stored' as o1 signet order new --kind revoke --yes \
    --wait 0s --reason keyCompromise "$serial"
id=$(last_order)
cad
is 'a forged profile revokes no officer' "$(sql "SELECT status FROM cert
    WHERE serial = '\\x$serial'")" good
is '... the order is refused' "$(order_state "$id")" refused
says 'needs security-officer' order_reason "$id"
ok '... and so says the log' grep -q 'refused: needs security-officer' \
    "$tmp/log"
ok '... and the audit chain' audited act=refuse "id=$id" security-officer
ok '... and nothing that is proven has that column' proven
tamper "UPDATE cert SET profile = 'officer' WHERE serial = '\\x$serial'"

# A dismissed officer.
as o2 order_tls early --sign >/dev/null
early=$(last_order)
tamper "UPDATE orders SET state = 'pending' WHERE id = decode('$early', 'hex')"
start signet-cad -d -c "$pki/cad.conf"
ok 'an officer is dismissed' revoke_officer o2
is '... in the store, too' "$(sql "SELECT status FROM cert
    WHERE serial = '\\x$serial'")" revoked
unrevoke() {
	tamper "UPDATE cert SET status = 'good', revoked_at = NULL,
	    reason = NULL, invalid_since = NULL WHERE serial = '\\x$serial';
	    DELETE FROM status_change WHERE serial = '\\x$serial'"
}
unrevoke
mark
make_ready "$early"
sql "NOTIFY signet_order"
ok 'an order signed before is looked at' \
    wait_for sh -c "grep -q '$(printf %.8s "$early")' '$tmp/log'"
refused '... and in vain' "$early" 'revoked'
mark
as o2 order_tls late --sign >/dev/null
id=$(last_order)
ok 'an order signed after, un-revoked, is looked at' \
    wait_for sh -c "grep -q '$(printf %.8s "$id")' '$tmp/log'"
refused '... and in vain' "$id" 'revoked'
stop "$last"
make_ready "$id"
cad
refused 'the same after a restart' "$id" 'revoked'
unproven '... and the auditor finds the un-revoked officer' \
    'the store says good, but it is revoked since entry'

done_testing
