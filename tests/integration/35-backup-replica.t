#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where a replica of the store is alive, nothing is lost with the machine: its
# folders come from a backup of yesterday, and the signer takes what its ledger
# lacks from the audit chain.  Shows E004.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
# Otherwise commits reach the replica when the log writer comes along.
PG_FSYNC=on
export PG_FSYNC
install_pki
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/backup.key" -out "$tmp/backup.pem" -subj "/CN=Backup" \
    -days 30 -addext keyUsage=critical,keyAgreement 2>/dev/null
pg_replica_start "$tmp/replica"

as o1 order_tls early --sign >/dev/null
cad
signet backup "$tmp/away" --for "$tmp/backup.pem" >/dev/null 2>&1
is 'a backup is made' $? 0
saved=$(find "$tmp/away" -maxdepth 1 -name '2*Z')

# After it: one more is issued, another revoked, a third approved only.
as o1 order_tls late --sign >/dev/null
late=$(last_order)
blob_get "$late" "$tmp/late.order"
cad
early=$(sql "SELECT encode(serial, 'hex') FROM cert WHERE holder = 'early'")
as o1 signet cert revoke "$early" --reason keyCompromise --yes --wait 1s >/dev/null 2>&1
cad
as o1 order_tls waiting --sign >/dev/null
waiting=$(last_order)
list=$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")
head=$(sql "SELECT encode(hash, 'hex') FROM audit_head")

# The machine is lost.
cp -a "$pki/secrets" "$tmp/secrets"
old=$pki
has_all() {
	[ "$(psql -h "$tmp/replica" -X -q -At -d signet -c "SELECT
	    encode(hash, 'hex') FROM signet.audit_head")" = "$head" ]
}
ok 'the replica has all' wait_for has_all
pg_kill "$tmp/pg"
mv "$pki" "$tmp/lost"

# Elsewhere.
pg_replica_promote "$tmp/replica"
PGHOST=$tmp/replica
pki=$tmp/elsewhere
signet restore "$saved" --key "$tmp/backup.key" --cert "$tmp/backup.pem" \
    --move "$old=$pki" --move "$tmp/pg=$tmp/replica" --no-store \
    >"$tmp/made" 2>&1
is 'the folders are restored' $? 0
sed 's/^/# /' "$tmp/made"
cp -a "$tmp/secrets" "$pki/secrets"
SIGNET_CONFIG=$pki/signet.conf
cad
is 'the signer takes them over' $? 0
sed 's/^/# /' "$tmp/log" | tail -n 12
is 'what was issued after the backup is there' "$(order_state "$late")" 'done'
is 'what was revoked stays revoked' "$(sql "SELECT status FROM cert
    WHERE serial = decode('$early', 'hex')")" revoked
is 'what was approved is issued' "$(order_state "$waiting")" 'done'

# The ledger of yesterday knows from the chain what was used since.
tamper "UPDATE orders SET state = 'ready', open_items = 1
    WHERE id = decode('$late', 'hex');
    UPDATE item SET state = 'waiting'
    WHERE order_id = decode('$late', 'hex')"
before=$(sql 'SELECT count(*) FROM cert')
cad
is 'an order that was used after the backup is not used again' \
    "$(sql 'SELECT count(*) FROM cert')" "$before"
tamper "UPDATE orders SET state = 'done', open_items = 0
    WHERE id = decode('$late', 'hex');
    UPDATE item SET state = 'done'
    WHERE order_id = decode('$late', 'hex')"
as o1 signet cert revoke "$(serial_of "$waiting")" --reason keyCompromise \
    --yes --wait 1s >/dev/null 2>&1
cad
is 'lists go on where they were' \
    "$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")" $((list + 1))
proven
is 'the auditor finds nothing' $? 0
grep -v '^ok' "$tmp/proof" | sed 's/^/# /' | tail -n 12
pg_stop "$tmp/replica"
done_testing
