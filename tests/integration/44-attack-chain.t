#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An attacker who owns the store deletes, rewrites and invents history, or puts
# yesterday's backup in place.  signet-cad does not go on until two security
# officers say from where.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

# The store and the signer's memory, to come back to.
keep() {
	psql -X -q -d postgres -c "CREATE DATABASE kept TEMPLATE signet"
	cp -a "$pki/state" "$tmp/state" && cp "$pki/heads.pem" "$tmp/heads.pem"
}
come_back() {
	psql -X -q -d postgres -c "DROP DATABASE signet WITH (FORCE)" \
	    -c "CREATE DATABASE signet TEMPLATE kept"
	rm -rf "$pki/state" && cp -a "$tmp/state" "$pki/state" &&
	    cp "$tmp/heads.pem" "$pki/heads.pem"
}
# An order that waits shows whether anything is still signed.
stopped() {
	cad
	is "$1: nothing is signed" "$(sql "SELECT count(*) FROM cert")" \
	    "$certs_mark"
	is '... the order waits' "$(order_state "$waiting")" ready
	ok '... the log says why' grep -q \
	    "ALARM chain: audit chain does not continue: entry $2" "$tmp/log"
	ok '... and so does the chain' audited act=alarm what=chain \
	    "does not continue: entry $2"
}

# Bodies changed by SQL, and every hash made anew, head and all.
rewrite() {
	tamper "UPDATE audit SET body = convert_to($1, 'UTF8') WHERE $2;
	    WITH RECURSIVE c AS (SELECT 0::bigint AS seq,
	    decode(repeat('00', 32), 'hex') AS hash UNION ALL
	    SELECT a.seq, sha256('\\x01'::bytea || c.hash || int8send(a.seq) ||
	    a.body) FROM c JOIN audit a ON a.seq = c.seq + 1)
	    UPDATE audit a SET hash = c.hash FROM c WHERE c.seq = a.seq;
	    UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit
	    ORDER BY seq DESC LIMIT 1)"
}
as o1 order_tls first --sign >/dev/null
cad
first=$(last_order)
seen=$(sql "SELECT max(seq) FROM audit_signed_head")
as o1 order_tls second --sign >/dev/null
waiting=$(last_order)
keep

# Deleted.
tamper "DELETE FROM audit WHERE seq > $seen - 4;
    UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit
    ORDER BY seq DESC LIMIT 1)"
stopped 'the end is gone' "$seen is gone"
unproven '... and the pushed heads show it' \
    "the head pushed off the machine, signed by cad-1" \
    --heads "$pki/heads.pem"
come_back
tamper "DELETE FROM audit WHERE seq = $seen"
stopped 'the entry seen last is gone' "$seen is gone"
unproven '... and the auditor finds it' 'entries are missing before it'
come_back
tamper "DELETE FROM audit WHERE seq = $seen + 2"
stopped 'one that is new is gone' "$((seen + 2)) is gone"
unproven '... and the auditor finds it' \
    "entry $((seen + 3)): entries are missing before it"
come_back
tamper "DELETE FROM audit; DELETE FROM audit_signed_head;
    UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')"
stopped 'all is gone' "$seen is gone"
unproven '... and the pushed heads show it' 'pushed off the machine' \
    --heads "$pki/heads.pem"
come_back
# Long ago: the signer has seen it, and does not read it again.
tamper "DELETE FROM audit WHERE seq = 12"
cad
is 'what is missing far back is the auditor'\''s business' \
    "$(order_state "$waiting")" 'done'
unproven '... who finds it' 'entry 13: entries are missing before it'
come_back

# Rewritten.
rewrite "replace(convert_from(body, 'UTF8'), 'holder=first',
    'holder=other')" "body LIKE 'act=issue%holder=first%'"
stopped 'history is rewritten' "$seen is not the one seen before"
unproven '... and the pushed heads show it' \
    'history was rewritten: the head pushed off the machine' \
    --heads "$pki/heads.pem"
unproven '... and those in the store' \
    'history was rewritten: the head of the store'
come_back

# Invented: another CA has revoked an officer, who still may approve.
serial=$(serial_in "$pki/officers/o1.pem")
tamper "SELECT audit_append(ARRAY[convert_to('act=revoke
at=2026-11-21T02:49:48Z
order=' || repeat('ab', 32) || '
id=$first
ca=services
serial=$serial
reason=1
expires=2036-11-21T02:49:48Z
instance=cad-2
', 'UTF8')])"
forged=$(sql "SELECT max(seq) FROM audit")
stopped 'a revocation is invented' "$forged has no order that proves it"
unproven '... and the auditor finds it' \
    "revoke: the order with digest $(printf 'ab%.0s' $(seq 32)) is not in"

# adopt SEQ - the head to go on from, as an officer looks it up.
adopt() {
	signet audit show --json --after $(($1 - 1)) --limit 1 >"$tmp/entry" &&
	as s1 signet order new --kind adopt --seq "$1" --hash \
	    "$(sed 's/.*"hash":"\([0-9a-f]*\)".*/\1/' "$tmp/entry")" \
	    --comment "restored" --sign --yes && id=$(last_order)
}
ok 'a security officer says from where to go on' adopt "$forged"
make_ready "$id"
cad
is '... alone: the order is refused' "$(order_state "$id")" refused
ok '... and the log says why' grep -q "$(printf '%.8s' "$id") refused: \
needs security-officer and security-officer; has" "$tmp/log"
is '... nothing is signed' "$(order_state "$waiting")" ready
ok 'once more' adopt "$forged"
ok '... with the other one' as s2 signet order approve --yes "$id"
cad
ok '... the log says so' grep -q "adopted audit entry $forged" "$tmp/log"
cad
is 'then it goes on' "$(order_state "$waiting")" 'done'
is '... and the officer is not revoked' "$(signet crl export services |
    openssl crl -noout -text | grep -ci "$serial")" 0
ok '... the chain names the order' sql "SELECT 1 / count(*) FROM audit
    WHERE body LIKE ('act=adopt%id=$id%')::bytea"
come_back

# Yesterday's backup.
pg_dump -Fc -f "$tmp/backup" signet
cad
is 'the order is carried out' "$(order_state "$waiting")" 'done'
as o1 order_tls third --sign >/dev/null
cad
is '... and a later one' "$(order_state "$(last_order)")" 'done'
seen=$(sql "SELECT max(seq) FROM audit_signed_head")
psql -X -q -d postgres -c "DROP DATABASE signet WITH (FORCE)" \
    -c "CREATE DATABASE signet"
ok 'yesterday'\''s backup is restored' pg_restore -d signet "$tmp/backup"
restored=$(sql "SELECT max(seq) FROM audit")
stopped 'with a backup restored' "$seen is gone"
unproven '... and the pushed heads show it' 'pushed off the machine' \
    --heads "$pki/heads.pem"
ok 'two security officers say from where to go on' adopt "$restored"
as s2 signet order approve --yes "$id" >/dev/null
cad
ok '... the log says so' grep -q "adopted audit entry $restored" "$tmp/log"
cad
refused 'the order that is ready again' "$waiting" 'this order was used before'
as o1 order_tls fourth --sign >/dev/null
cad
is 'new orders are carried out again' "$(order_state "$(last_order)")" 'done'
ok 'and the auditor is told, with the pushed heads' proven \
    --heads "$pki/heads.pem"
says 'was given up with an approved order' cat "$tmp/proof"
says "security officers let the CA go on from entry $restored" \
    cat "$tmp/proof"

done_testing
