#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine is backed up while it issues, lost, and restored in other places:
# the store and the signer's ledger fit, numbers go on rising, and the auditor
# finds nothing.  Shows E004, E038.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/softhsm.sh"
install_pki
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/backup.key" \
    -out "$tmp/backup.pem" -subj "/CN=Backup" -days 30 \
    -addext keyUsage=critical,keyEncipherment 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/other.key" \
    -out "$tmp/other.pem" -subj "/CN=Other" -days 30 \
    -addext keyUsage=critical,digitalSignature 2>/dev/null
chmod 600 "$tmp"/*.key
cp "$tmp/other.key" "$pki/tls/spare.key"

backup() {
	signet backup "$tmp/away" --for "$tmp/backup.pem"
}
restore() {
	signet restore "$@" --key "$tmp/backup.key" --cert "$tmp/backup.pem"
}
newest() {
	find "$tmp/away" -maxdepth 1 -name '2*Z' | sort | tail -n 1
}

# What is refused.
signet backup "$tmp/away" >"$tmp/out" 2>&1
is 'a backup for nobody is refused' $? 2
says 'keyEncipherment' signet backup "$tmp/away" --for "$tmp/other.pem"
says 'signet_backup' signet backup "$tmp/away" --for "$tmp/backup.pem" \
    --database "host=$tmp/nowhere user=signet_backup"
ok 'nothing was made' test ! -e "$tmp/away"
says 'cannot be restored side by side' signet backup "$tmp/away" \
    --for "$tmp/backup.pem" --files "$pki" --files "$pki/tls"
rm -rf "$tmp/away"
mkdir "$tmp/bin"
printf '#!/bin/sh\necho "disk on fire" >&2; exit 1\n' >"$tmp/bin/pg_dump"
chmod 755 "$tmp/bin/pg_dump"
says 'pg_dump: disk on fire' env "PATH=$tmp/bin:$PATH" signet backup \
    "$tmp/away" --for "$tmp/backup.pem"
ok 'what is half a backup does not look like one' test -z "$(newest)"
rm -rf "$tmp/away"
SIGNET_FAULT=backup.part:2
export SIGNET_FAULT
backup >/dev/null 2>&1
unset SIGNET_FAULT
ok 'nor does what was killed' test -z "$(newest)"
rm -rf "$tmp/away"
mkdir "$tmp/bin2"
cat >"$tmp/bin2/tar" <<-SH
	#!/bin/sh
	rm -f "$pki/tls/spare.pem.new"
	exec $(command -v tar) "\$@"
	SH
chmod 755 "$tmp/bin2/tar"
echo gone >"$pki/tls/spare.pem.new"
ok 'a file that is put in its place meanwhile does not stop it' env \
    "PATH=$tmp/bin2:$PATH" signet backup "$tmp/away" --for "$tmp/backup.pem"
printf '#!/bin/sh\necho; echo "on fire" >&2; exit 2\n' >"$tmp/bin2/tar"
says 'tar: on fire' env "PATH=$tmp/bin2:$PATH" signet backup \
    "$tmp/away" --for "$tmp/backup.pem"
rm -rf "$tmp/away"

# Under load: it issues, revokes and makes lists.
start signet-cad -d -c "$pki/cad.conf"
cad_pid=$last
issued() {
	sql "SELECT count(*) FROM cert"
}
load() {
	n=0
	while [ ! -e "$tmp/enough" ]; do
		n=$((n + 1))
		as o1 order_tls "load$n" --sign
		[ $((n % 4)) -ne 0 ] ||
		    as o1 signet cert revoke "$(sql "SELECT encode(serial,
			'hex') FROM cert WHERE holder = 'load$((n - 2))'")" \
			--reason keyCompromise --yes
	done >"$tmp/load.log" 2>&1
}
load &
loader=$!
enough_for() {
	[ "$(issued)" -ge "$1" ]
}
before=$(issued)
ok 'it issues' wait_for enough_for $((before + 5))
backup >"$tmp/made" 2>&1
is 'a backup is made meanwhile' $? 0
sed 's/^/# /' "$tmp/made"
saved=$(newest)
[ -n "$saved" ] || { echo 'Bail out! no backup'; exit 1; }
says "$pki/secrets" cat "$tmp/made"
says 'spare.key is a key without a passphrase' cat "$tmp/made"
ok '... and issuing goes on' wait_for enough_for $(($(issued) + 2))
touch "$tmp/enough"
wait "$loader"
kill -KILL "$cad_pid"
wait "$cad_pid" 2>/dev/null
ok 'it is for nobody else: folder' test "$(stat -c %a "$saved")" = 700
ok '... and parts' test -z "$(find "$saved" -type f ! -perm 600)"
ok 'nothing of it is in clear' test -z "$(grep -lEa \
    'PRIVATE KEY|load1.example.org' "$saved"/*)"
audit_mark=0
ok 'the audit chain has it' audited "act=backup" \
    "$(sha256sum "$saved/backup.json" | cut -d ' ' -f 1)"

# Looked at, without being used.
says 'it is whole' restore --check "$saved"
is 'it names the index that was printed' "$(restore --check "$saved" --json |
    jq -r .digest)" "$(sha256sum "$saved/backup.json" | cut -d ' ' -f 1)"
tokens_begin
token_make backup && token_import backup backup "$tmp/backup.key" 01
says 'it is whole' signet restore --check "$saved" \
    --key 'pkcs11:token=backup;object=backup' --cert "$tmp/backup.pem" \
    --passphrase "file:$tmp/pin"
says 'not sealed to this key' signet restore --check "$saved" \
    --key "$tmp/other.key" --cert "$tmp/other.pem"
cp -a "$saved" "$tmp/bad"
printf x | dd of="$tmp/bad/store-0001.cms" bs=1 seek=5000 conv=notrunc 2>/dev/null
says 'store-0001.cms is not the file that backup.json tells of' \
    restore --check "$tmp/bad"
rm "$tmp/bad/folder1-0001.cms"
says 'folder1-0001.cms' restore --check "$tmp/bad"
echo '{"format": "signet-backup-1", "folders": [], "store": {"parts":
    [{"file": "../secret", "sha256": "00"}]}}' >"$tmp/bad/backup.json"
says 'no file store-0001.cms where it should be' restore --check "$tmp/bad"
echo '{}' >"$tmp/bad/backup.json"
says 'not a backup of the format' restore --check "$tmp/bad"
ok 'everybody has what opens it: openssl, tar' sh -c '
    openssl cms -decrypt -inform DER -in "$1/folder1-0001.cms" \
	-inkey "$2/backup.key" -recip "$2/backup.pem" | tar -tf - |
    grep -q "state/cad/ledger$"' - "$saved" "$tmp"
ok '... and pg_restore' sh -c '
    openssl cms -decrypt -inform DER -in "$1/store-0001.cms" \
	-inkey "$2/backup.key" -recip "$2/backup.pem" | pg_restore --list |
    grep -q "TABLE DATA signet cert "' - "$saved" "$tmp"
restore "$saved" >"$tmp/out" 2>&1
is 'without a place for the store it does not begin' $? 2
says 'is not empty' restore "$saved" --owner "$conninfo user=postgres"
says 'OLD/PATH' restore "$saved" --move here=there --no-store
says 'OLD/PATH' restore "$saved" --move "$pki/=/there" --no-store

# The machine is lost.
lists_before=$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")
sql "SELECT encode(serial, 'hex') FROM cert" | sort >"$tmp/serials.lost"
seq_saved=$(sed -n 's/.*"seq": \([0-9]*\).*/\1/p' "$saved/backup.json")
cp -a "$pki/secrets" "$tmp/secrets"
old=$pki
pg_stop "$tmp/pg"
mv "$pki" "$tmp/lost"
mv "$tmp/pg" "$tmp/lost-pg"

# Elsewhere.
pg_start "$tmp/pg2" || exit 1
conninfo="host=$PGHOST port=$PGPORT dbname=signet"
pki=$tmp/elsewhere
elsewhere() {
	restore "$saved" --move "$old=$pki" --move "$tmp/pg=$tmp/pg2" \
	    --owner "$conninfo user=postgres"
}
for point in restore.unpacked restore.filled; do
	SIGNET_FAULT=$point elsewhere >/dev/null 2>&1
	ok "killed at $point, nothing is in its place" test ! -e "$pki"
	psql -X -q -d postgres -c 'DROP DATABASE IF EXISTS signet'
done
elsewhere >"$tmp/made" 2>&1
is 'E004: it is restored' $? 0
sed 's/^/# /' "$tmp/made"
SIGNET_CONFIG=$pki/signet.conf
mv "$pki" "$pki.kept"
says 'the store is there already' elsewhere
rm -rf "$pki"; mv "$pki.kept" "$pki"
ok 'settings have the paths of here' test -z "$(grep -l "$old/" "$pki"/*.conf)"
ok 'E038: the secrets are not in it' test ! -e "$pki/secrets"
cp -a "$tmp/secrets" "$pki/secrets"
sql "SELECT encode(serial, 'hex') FROM cert" | sort >"$tmp/serials.here"
ok 'it has certificates of the load' test "$(wc -l <"$tmp/serials.here")" -gt \
    "$before"
ok '... and none that was not there' test -z \
    "$(comm -13 "$tmp/serials.lost" "$tmp/serials.here")"
ok '... and all that the index promises' test \
    "$(sql "SELECT count(*) FROM audit WHERE seq <= $seq_saved")" = "$seq_saved"
cad
is 'the signer takes it over' $? 0
sed 's/^/# /' "$tmp/log" | tail -n 20
as o1 order_tls after --sign >/dev/null 2>&1
order=$(last_order)
cad
is 'it issues' "$(order_state "$order")" 'done'
not 'with a number that nobody had' grep -q "$(serial_of "$order")" \
    "$tmp/serials.lost"
as o1 signet cert revoke "$(serial_of "$order")" --reason keyCompromise \
    --yes --wait 1s >"$tmp/out" 2>&1
cad
ok 'lists have numbers above all that were published' test \
    "$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")" -gt \
    $((lists_before + 500))
proven
is 'the auditor finds nothing' $? 0
tail -n 5 "$tmp/proof" | sed 's/^/# /'
pg_stop "$tmp/pg2"
done_testing
