#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# What expired long ago leaves the store for an archive that two officers have
# signed: nothing is lost, an edited archive is refused, a run that was broken
# off goes on, and who asks is told the same as before.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/formats.sh"

# An installation that is seven hundred days old.
travel -700
key=ec:P-256 install_pki
serials=
for name in one two three; do
	order_tls $name >/dev/null && id=$(last_order)
	as o1 signet order approve "$id" --yes >/dev/null
	as o2 signet order approve "$id" --yes >/dev/null
	cad
	serials="$serials $(serial_of "$id")"
	orders="${orders:-} $id"
done
# One whose name only its profile says how to make.
request door
as o1 signet order new --profile card-auth --csr "$tmp/door.csr" --yes --sign \
    --holder door --holder-name Door --field 'org=Example AB' --field card=D1 >/dev/null
cad
is 'a card of a door' "$(sql "SELECT count(*) FROM cert
    WHERE profile = 'card-auth'")" 1
# shellcheck disable=SC2086 # they are words
set -- $serials
as s1 signet cert revoke "$2" --reason keyCompromise --yes >/dev/null 2>&1
as o1 signet cert hold "$3" --yes >/dev/null 2>&1
cad
is 'three certificates, one revoked, one on hold' \
    "$(sql "SELECT string_agg(status, ' ' ORDER BY id) FROM cert
	WHERE encode(serial, 'hex') IN ('$1', '$2', '$3')")" 'good revoked held'
for day in 480 470 345; do
	travel -$day
	cad
done
travel 0
arch=$tmp/arch
mkdir "$arch"
counts() {
	sql "SELECT (SELECT count(*) FROM cert), (SELECT count(*) FROM archived),
	    (SELECT count(*) FROM orders WHERE blob IS NULL),
	    (SELECT count(*) FROM crl), (SELECT count(*) FROM request)"
}
before=$(counts)
run() {
	signet archive run "$arch/a1" --yes </dev/null
}
write() {
	as s1 signet archive write "${1:-$arch/a1}" --older 366d --yes
}

# What is refused before anything is there.
exits 2 'less than a year' signet archive plan --older 365d
said 'less than a year ago is not archived'
exits 4 'nothing is so old that it would go' as s1 signet archive write \
    "$arch/none" --older 3y --yes
said 'there is nothing to archive'
exits 2 'a name that none can have' write "$arch/.a"
exits 2 'an officer has to say yes' as s1 signet archive write "$arch/a1" \
    --older 366d
signet archive plan --older 366d --json >"$tmp/plan"
is 'the plan counts two of the three, and says why one stays' "$(jq -c \
    '[.certificates >= 2, .lists > 0, .bytes > 5000,
    (.stays[] | select(.why == "is on hold") | .orders)]' "$tmp/plan")" \
    '[true,true,true,1]'
is '... and has changed nothing' "$(counts)" "$before"
exits 4 'without the archive there is nothing to take' run

# No file may grow: write(2) fails as on a full disk.
full_disk() {
	(
		trap '' XFSZ
		ulimit -f 4
		as s1 signet archive write "$arch/a1" --older 366d --yes
	)
}
not 'on a full disk nothing is archived' full_disk
not '... and there is no archive' test -e "$arch/a1"

# Broken off while it is written.
for point in archive.page archive.written archive.index; do
	SIGNET_FAULT=$point as s1 signet archive write "$arch/a1" \
	    --older 366d --yes >/dev/null 2>&1
	not "killed at $point there is no archive" test -e "$arch/a1"
done
for point in archive.renamed archive.proven; do
	rm -rf "$arch/a1"
	SIGNET_FAULT=$point as s1 signet archive write "$arch/a1" \
	    --older 366d --yes >/dev/null 2>&1
	ok "killed at $point it is whole" signet archive verify "$arch/a1" \
	    --files-only
	is '... and nobody has asked yet' "$(sql "SELECT count(*) FROM orders
	    WHERE kind = 'permit'")" 0
done
ok 'the next run goes on: proven, and asked for' write
says 'archive a1' signet order list --state pending
as_page 'signet archive write DIR' as s1 signet archive write "$arch/a1" \
    --older 366d --yes
is '... with one order' "$(sql "SELECT count(*) FROM orders
    WHERE kind = 'permit'")" 1
is 'and nothing is gone' "$(counts)" "$before"
not 'nothing is left beside it' test -e "$arch/a1.proof" -o \
    -e "$arch/a1.partial"
ok 'the revoked one is in it' grep -q "people\|services $2 revoked 1 " \
    "$arch/a1/status.txt"
not 'the one on hold is not' grep -q "$3" "$arch/a1/status.txt"

# One officer is not enough, and an edited archive is none.
exits 3 'with one signature nothing is taken' run
said 'is not approved by two officers'
id=$(sql "SELECT encode(id, 'hex') FROM orders WHERE kind = 'permit'")
ok 'a second officer approves' as s2 signet order approve "$id" --yes
cp -a "$arch/a1" "$tmp/good"
edited() {
	edited_what=$1 edited_why=$2
	exits 3 "$edited_what is refused" run
	said "$edited_why"
	rm -rf "$arch/a1" && cp -a "$tmp/good" "$arch/a1"
	is '... and nothing is gone' "$(counts)" "$before"
}
sed -i "s/ $2 revoked 1 / $2 revoked 4 /" "$arch/a1/status.txt"
edited 'another reason' 'status.txt is not as it was'
sed -i '1,/^-----END CERT/d' "$arch/a1/certs.pem"
edited 'a certificate less' 'certs.pem is not as it was'
sed -i '/^list/d' "$arch/a1/members.txt"
edited 'a list less' 'members.txt is not as it was'
sed -i 's/^cutoff .*/cutoff 2001-01-01T00:00:00Z/' "$arch/a1/index.txt"
edited 'another cutoff' 'permits "archive a1" as it was'
: >"$arch/a1/requests.pem"
# ... and an index that fits: the officers have signed another one.
signet archive verify "$arch/a1" --files-only >/dev/null 2>&1
size=$(stat -c %s "$arch/a1/requests.pem")
sum=$(sha256sum "$arch/a1/requests.pem" | cut -d ' ' -f 1)
sed -i "s/^file requests.pem .*/file requests.pem $size $sum/" \
    "$arch/a1/index.txt"
edited 'requests less, with their index' 'no file has it'
mv "$arch/a1" "$arch/a2"
sed -i 's/^name a1$/name a2/' "$arch/a2/index.txt"
exits 3 'another name' signet archive run "$arch/a2" --yes
said 'no officer has asked'
rm -rf "$arch/a2" && cp -a "$tmp/good" "$arch/a1"

# The store is not what the chain says.
tamper "UPDATE cert SET reason = 4 WHERE encode(serial, 'hex') = '$2'"
exits 3 'a store that was altered is not archived' run
said 'are not what the chain says'
tamper "UPDATE cert SET reason = 1 WHERE encode(serial, 'hex') = '$2'"

# The store refuses what has changed since.
tamper "UPDATE request SET der = der || '\\x00'"
exits 3 'a store that has something else' run
tamper "UPDATE request SET der = substr(der, 1, length(der) - 1)"
is '... keeps all' "$(counts)" "$before"

# Broken off while it is taken out.
for point in archive.sealed archive.take archive.taken; do
	SIGNET_FAULT=$point signet archive run "$arch/a1" --yes \
	    >/dev/null 2>&1 </dev/null
	ok "killed at $point, store and archive prove the whole" \
	    signet archive verify "$arch/a1"
done
is 'what was taken is taken' "$(sql "SELECT count(*) > 0 FROM archived")" t
ok 'the next run ends it' run
is 'the archive is done' "$(signet archive list --json |
    jq -c '[.name, .certificates >= 2, .done_at != null]')" '["a1",true,true]'
as_page 'signet archive list' signet archive list
as_page 'signet archive verify DIR' signet archive verify "$arch/a1"
as_page 'signet archive run DIR' signet archive run "$arch/a1" --yes
ok 'a further run' run
said_before() {
	run | grep -q 'was taken before'
}
ok '... says that it was' said_before
is 'two officers have sealed it' "$(signet archive verify "$arch/a1" --json |
    jq -r .sealed_by | tr ',' '\n' | tr -d ' ' | sort | tr '\n' ' ')" 's1 s2 '
is 'one entry names it' "$(signet audit show --act archive --json | wc -l)" 1

# Who asks is told as before.
is 'the revoked one' "$(signet cert show "$2" --json |
    jq -c '[.status, .reason, .archive]')" '["revoked","keyCompromise","a1"]'
is 'found by its number' "$(signet cert find "$1" --json |
    jq -r .archive)" a1
is 'listed' "$(signet cert list --archived --status revoked --json |
    jq -r .serial)" "$2"
is 'listed by its holder' "$(signet cert list --archived --holder one --json |
    jq -r .serial)" "$1"
says 'is in archive a1' signet cert revoke "$1" --reason superseded --yes
says 'was archived' signet explain cert "$2"
is 'the one on hold is in the store' "$(signet cert show "$3" --json |
    jq -r .status)" held
# shellcheck disable=SC2086
set -- "$@" $orders
is 'its order is known' "$(signet order show "$4" --json |
    jq -c '[.state, .archive, .done_items[0].serial]')" \
    "[\"done\",\"a1\",\"$1\"]"
says 'is in archive a1' signet explain order "$4"
says 'was revoked as compromised' order_tls two
revoked_by=$(sql "SELECT encode(changed_by, 'hex') FROM archived
    WHERE encode(serial, 'hex') = '$2'")
is 'the order that revoked it is there' \
    "$(signet order show "$revoked_by" --json | jq -c '[.kind, .state]')" \
    '["revoke","done"]'

# The auditor.
not 'the store alone does not prove the whole any more' proven
ok 'with the archive it does' signet audit export "$tmp/whole" \
    --archive "$arch/a1"
ok '... as before' signet audit verify "$tmp/whole" \
    --root "$pki/ca/root.pem" --profiles "$pki/profiles"
: >"$arch/a1/certs.pem"
exits 3 'an edited archive is not put back' signet audit export "$tmp/again" \
    --archive "$arch/a1"
rm -rf "$arch/a1" && cp -a "$tmp/good" "$arch/a1"

# A year later, another: proven with the first, wherever that is.
for day in 340 338; do
	travel -$day
	cad
done
travel 0
mkdir "$tmp/shelf"
mv "$arch/a1" "$tmp/shelf/first"
write_next() {
	as s1 signet archive write "$arch/next" --older 366d --yes "$@"
}
exits 4 'without the first archive another is not proven' write_next
said 'archive a1 is not at hand'
said 'say where it is: --archive DIR'
exits 3 'nor with one that was edited' sh -c 'cp -a "$0/first" "$0/bad" &&
    echo >>"$0/bad/certs.pem" && '"SIGNET_CONFIG=$SIGNET_CONFIG"' \
    signet archive verify "$1" --archive "$0/bad"' "$tmp/shelf" "$arch/next"
ok 'with it, it is' write_next --archive "$tmp/shelf/first"
mv "$tmp/shelf/first" "$arch/a1"
ok '... also if that is beside it' signet archive verify "$arch/next"
id=$(sql "SELECT encode(id, 'hex') FROM orders WHERE kind = 'permit'
    ORDER BY seq DESC LIMIT 1")
as s2 signet order approve "$id" --yes >/dev/null 2>&1
ok 'what it has is taken' signet archive run "$arch/next" --yes
ok 'then both are proven' signet archive verify "$arch/next"
ok '... the first one, too' signet archive verify "$arch/a1"

# The machine is lost, and what was archived stays archived.
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/backup.key" \
    -out "$tmp/backup.pem" -subj "/CN=Backup" -days 30 \
    -addext keyUsage=critical,keyEncipherment 2>/dev/null
chmod 600 "$tmp/backup.key"
ok 'a backup is made' signet backup "$tmp/away" --for "$tmp/backup.pem"
saved=$(find "$tmp/away" -maxdepth 1 -name '2*Z')
sql "SELECT archived::text FROM archived ORDER BY serial" >"$tmp/archived.lost"
sql "SELECT encode(serial, 'hex') FROM cert
    UNION SELECT encode(serial, 'hex') FROM archived" >"$tmp/serials.lost"
lists=$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")
cp -a "$pki/secrets" "$tmp/secrets"
old=$pki pki=$tmp/elsewhere
pg_stop "$tmp/pg"
mv "$old" "$tmp/lost"
pg_start "$tmp/pg2" || exit 1
conninfo="host=$PGHOST port=$PGPORT dbname=signet"
ok 'it is restored elsewhere' signet restore "$saved" --move "$old=$pki" \
    --move "$tmp/pg=$tmp/pg2" --owner "$conninfo user=postgres" \
    --key "$tmp/backup.key" --cert "$tmp/backup.pem"
SIGNET_CONFIG=$pki/signet.conf
cp -a "$tmp/secrets" "$pki/secrets"
is 'with all that stays of what was archived' "$(sql \
    "SELECT archived::text FROM archived ORDER BY serial" |
    cmp - "$tmp/archived.lost" && wc -l <"$tmp/archived.lost")" \
    "$(sql 'SELECT count(*) FROM archived')"
ok 'store and archive prove the whole there, too' \
    signet archive verify "$arch/a1"
# (What it signs from here on, it signs with a certificate that has expired.)
as o1 order_tls after --sign >/dev/null 2>&1
order=$(last_order)
cad
is 'it issues' "$(order_state "$order")" 'done'
as o1 signet cert revoke "$(serial_of "$order")" --reason keyCompromise \
    --yes --wait 0s >/dev/null 2>&1
cad
not '... with a number that nobody had' grep -q "$(serial_of "$order")" \
    "$tmp/serials.lost"
ok '... and lists go on above those that were published' test \
    "$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")" -gt "$lists"
says 'was revoked as compromised' order_tls two

not 'nothing alarms it' grep -qi 'alarm\|fork' "$tmp/log"
# What the decision says of sizes.
echo "# octets: $(sql "SELECT 'archived ' || avg(pg_column_size(a))::int FROM archived a"), $(sql "SELECT 'order ' || avg(pg_column_size(o))::int FROM orders o WHERE blob IS NULL")"

# Somebody owns the store and says that more was archived.
permit=$(sql "SELECT encode(digest, 'hex') FROM orders WHERE kind = 'permit'
    ORDER BY seq LIMIT 1")
tamper "SELECT audit_append(ARRAY[convert_to(E'act=archive\\nat=$(date -u \
    +%Y-%m-%dT%H:%M:%SZ)\\narchive=$(printf %064d 0)\\nname=a9\\norder=$permit\\nid=$id\\n',
    'UTF8')])" >/dev/null
signet audit export "$tmp/more" --archive "$arch/a1" \
    --archive "$arch/next" >/dev/null
says 'archive: the order permits something else' signet audit verify \
    "$tmp/more" --root "$pki/ca/root.pem"

# The rights are a function's.
as_role() {
	psql -X -q -v ON_ERROR_STOP=1 -d signet -U signet_archive -c "$1"
}
says 'permission denied' as_role 'DELETE FROM signet.cert'
says 'permission denied' as_role 'DELETE FROM signet.archived'
says 'permission denied' as_role 'SELECT blob FROM signet.orders'
done_testing
