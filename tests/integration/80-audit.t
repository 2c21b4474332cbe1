#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet audit on a real installation: show, heads, export as the auditor's
# role, and what verify says when somebody who owns the store changed it.
. "${srcdir:-.}/tests/integration/tap.sh"
PATH=$SIGNET_BUILD:$PATH
start_pg
owner="host=$PGHOST port=$PGPORT user=postgres"
auditor="host=$PGHOST port=$PGPORT user=signet_audit dbname=signet"
ok 'an installation is set up' signet init --dir "$tmp/a" --data "$srcdir" \
    --database "$owner dbname=signet" --organization Example --country SE \
    --url http://pki.example.org --root-key ec:P-256 --ca-key ec:P-256 \
    --key ec:P-256 --security-officer "so1:Sigrid Ost" \
    --security-officer "so2:Tom Norr" --officer "ro1:Olga Vik"
SIGNET_CONFIG=$tmp/a/signet.conf
export SIGNET_CONFIG

bundle=$tmp/bundle
fresh() {
	rm -rf "$bundle" "$bundle.partial"
	signet audit export "$bundle"
}
verify() {
	signet audit verify "$bundle" --root "$tmp/a/ca/root.pem" "$@"
}

# show
is 'one entry per certificate' "$(signet audit show --act issue --json |
    grep -c '"act": *"issue"')" 9
is 'two acts at once' "$(signet audit show --act ca-add --act crl --json |
    wc -l)" 5
id=$(signet audit show --act issue --limit 1 --json |
    sed 's/.*"order": *"\([0-9a-f]*\)".*/\1/')
is 'an order from its beginning to its end' "$(signet audit show \
    --order "$(echo "$id" | cut -c 1-12)" --json |
    sed 's/.*"act": *"\([a-z-]*\)".*/\1/' | tr '\n' ' ')" \
    'order-new order-approve issue '
is 'entries after a number' "$(signet audit show --after 3 --limit 1 --json |
    sed 's/.*"seq": *\([0-9]*\).*/\1/')" 4
says 'limit must be at least 1' signet audit show --limit 0

# heads
says 'cad-1' signet audit heads
ok 'heads are written out' signet audit heads --export "$tmp/heads.pem"
ok 'openssl reads one' openssl cms -verify -inform PEM -in "$tmp/heads.pem" \
    -CAfile "$tmp/a/ca/root.pem" -purpose any -out "$tmp/head"
ok 'and shows what it says' grep -q '^instance=cad-1' "$tmp/head"

# export
mkdir "$tmp/full" && echo x >"$tmp/full/x"
says 'is not empty' signet audit export "$tmp/full"
mkdir "$tmp/empty"
ok 'as the role of the auditor, into an empty directory' signet audit export \
    --database "$auditor" "$tmp/empty"
SIGNET_FAULT=export.written signet audit export "$tmp/killed" >/dev/null 2>&1
if [ $? -gt 128 ]; then
	not 'killed before its end: no directory' test -e "$tmp/killed"
fi
ok 'again' signet audit export "$tmp/killed"
not 'nothing is left beside it' test -e "$tmp/killed.partial"
is 'a later part of the chain' "$(signet audit export --since 20 \
    "$tmp/since" >/dev/null && head -n 1 "$tmp/since/entries.txt" |
    cut -d ' ' -f 1)" 21
says 'entries are missing before it' signet audit verify "$tmp/since" \
    --root "$tmp/a/ca/root.pem"

# verify
fresh >/dev/null
ok 'the untouched store holds' verify --heads "$tmp/heads.pem"
verify --json >"$tmp/json" && grep -q '"ok": true' "$tmp/json"
ok 'JSON says so' grep -q '"entries"' "$tmp/json"
says 'not the given root' signet audit verify "$bundle" \
    --root "$tmp/a/ca/services.pem"
says 'made by "signet audit export"?' signet audit verify "$tmp/nowhere" \
    --root "$tmp/a/ca/root.pem"

# Somebody owns the store.
owned() {
	psql -X -q -v ON_ERROR_STOP=1 -d signet <<-SQL
	SET search_path = signet;
	SET session_replication_role = replica;
	BEGIN;
	$1
	COMMIT;
	SQL
}
undo() {
	psql -X -q -d postgres -c 'DROP DATABASE signet' \
	    -c 'CREATE DATABASE signet TEMPLATE clean'
}
psql -X -q -d postgres -c 'CREATE DATABASE clean TEMPLATE signet'
# found WHAT TEXT SQL
found() {
	ok "$1" owned "$3"
	fresh >/dev/null
	says "$2" verify --heads "$tmp/heads.pem"
	verify --heads "$tmp/heads.pem" >/dev/null 2>&1
	is 'exit status 3' $? 3
	undo
}
found 'an entry is rewritten' 'has been changed' "
	UPDATE audit SET body = convert_to(replace(convert_from(body, 'UTF8'),
	    'holder=ro1', 'holder=ro9'), 'UTF8') WHERE seq = 8;"
found 'an entry is taken out' 'entries are missing before it' '
	DELETE FROM audit WHERE seq = 5;'
found 'the newest entries are cut off' 'history was cut off' '
	DELETE FROM audit WHERE seq > 25;
	DELETE FROM audit_signed_head;
	UPDATE audit_head SET seq = 25, hash = (SELECT hash FROM audit
	    WHERE seq = 25);'
found 'a certificate is hidden' 'no certificate with this digest' '
	DELETE FROM cert_name WHERE cert = 3; DELETE FROM cert WHERE id = 3;'
found 'a certificate is slipped in' 'no entry says that it was issued' "
	INSERT INTO cert (ca, serial, order_id, n, profile, subject,
	    key_digest, not_before, not_after, der, issued_at)
	SELECT 'people', '\\x7777777777777777', order_id, 7, profile, subject,
	    key_digest, not_before, not_after, (SELECT der FROM ca
	    WHERE name = 'people'), issued_at FROM cert WHERE id = 1;"
found 'an order is removed' 'is not in orders.pem' '
	DELETE FROM orders WHERE seq = 2;'
found 'an approval is damaged' 'number 3 of orders.pem' '
	UPDATE orders SET blob = set_byte(blob, length(blob) - 5,
	    get_byte(blob, length(blob) - 5) # 1) WHERE seq = 3;'
found 'a list is hidden' 'is not in crls.pem' "
	DELETE FROM crl WHERE ca = 'people';"
found 'a status is changed' 'but no entry made it so' "
	UPDATE cert SET status = 'revoked', reason = 1, revoked_at = now()
	WHERE id = 2;"
fresh >/dev/null
ok 'and all undone it holds again' verify --heads "$tmp/heads.pem"
done_testing
