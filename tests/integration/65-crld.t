#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-crld publishes lists and certificates over HTTP and in a directory:
# only what verifies, whatever the store says, and the old until the new is
# whole.  (G016 E066 S086 S109)
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
pg_bin=$(pg_bindir)
# In its sandbox LeakSanitizer sees nothing, and complains.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS
cp "$pki/root/crl/0001.crl" "$pki/ca/root.crl"

# Free ports, for a moment.
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
    LocalAddr => "127.0.0.1")->sockport')
url=http://127.0.0.1:$port
cat >"$tmp/crld.conf" <<C
instance = "crld-1";
database = "$conninfo user=signet_crl";
root = "$pki/ca/root.pem";
ca_dir = "$pki/ca";
root_crls = [ "$pki/ca/root.crl" ];
directory = "$tmp/www";
state = "$tmp/crld";
poll = "1s";
listen = [ "127.0.0.1:$port" ];
metrics_listen = "unix:$tmp/crld.sock";
C
conf() {
	sed "$1" "$tmp/crld.conf" >"$tmp/other.conf"
}
crld() {
	signet-crld -d "$@"
}
get() {
	curl -s --max-time 20 "$@"
}
healthz() {
	get --unix-socket "$tmp/crld.sock" http://localhost/healthz
}
metric() {
	get --unix-socket "$tmp/crld.sock" http://localhost/metrics |
	    sed -n "s/^$1 //p"
}
number() {
	openssl crl -inform DER -in "$1" -noout -crlnumber |
	    sed 's/crlNumber=0x0*//'
}
has_number() {
	get -o "$tmp/seen.crl" "$url/crl/$1" &&
	    [ "$(number "$tmp/seen.crl")" = "$2" ]
}
verified() {
	openssl crl -inform DER -in "$1" -noout -CAfile "$2" 2>&1 |
	    grep -q 'verify OK'
}

# Settings.
sed "s,/etc/signet,$pki,g" "$srcdir/etc/crld.conf.sample" >"$tmp/sample.conf"
ok 'the sample settings pass -t' crld -t -c "$tmp/sample.conf"
ok 'good settings pass -t' crld -t -c "$tmp/crld.conf"
conf 's/^poll.*/pol = "1s";/'
not 'an unknown one does not' crld -t -c "$tmp/other.conf"
said 'unknown setting "pol"'
conf 's,^directory.*,directory = "www";,'
not 'nor a directory that is not absolute' crld -t -c "$tmp/other.conf"
said 'directory and state are absolute paths'
conf "s,^root = .*,root = \"$tmp/none.pem\";,"
not 'nor a root that is not there' crld -t -c "$tmp/other.conf"
said "$tmp/none.pem"
conf 's/^metrics.*/metrics_listen = "0.0.0.0:0";/'
not 'nobody else gets to see the metrics' crld -c "$tmp/other.conf"
said 'other machines could reach it'
conf "s,^database.*,database = \"$conninfo user=signet_ocsp\";,"
not 'another role may not do this' crld --once -c "$tmp/other.conf"
said 'permission denied'
mkdir "$tmp/odd" && cp "$pki/ca/people.key" "$tmp/odd/odd.pem"
conf "s,^ca_dir.*,ca_dir = \"$tmp/odd\";,"
not 'a file in ca_dir that is no certificate stops it' \
    crld -t -c "$tmp/other.conf"
rm -rf "$tmp/www" "$tmp/crld"

# Without a server: for whatever serves a directory.
ok 'the CA makes its first lists' cad
ok '--once writes the directory' crld --once -c "$tmp/crld.conf"
pem() {
	openssl x509 "$@" -outform PEM
}
for ca in people services root; do
	ok "the list of $ca verifies" verified "$tmp/www/crl/$ca.crl" \
	    "$pki/ca/$ca.pem"
	pem -in "$pki/ca/$ca.pem" >"$tmp/want.pem"
	pem -inform DER -in "$tmp/www/ca/$ca.cer" >"$tmp/got.pem"
	ok '...its certificate is the CA'\''s' cmp "$tmp/want.pem" \
	    "$tmp/got.pem"
	openssl pkcs7 -inform DER -in "$tmp/www/ca/$ca.p7c" -print_certs |
	    pem >"$tmp/got.pem"
	ok '...and in its bundle' cmp "$tmp/want.pem" "$tmp/got.pem"
done
is 'nothing else lies there' "$(cd "$tmp/www" && find . -type f | sort |
    tr '\n' ' ')" "./ca/people.cer ./ca/people.p7c ./ca/root.cer\
 ./ca/root.p7c ./ca/services.cer ./ca/services.p7c ./crl/people.crl\
 ./crl/root.crl ./crl/services.crl "
is 'everybody may read it' "$(stat -c %a "$tmp/www" "$tmp/www/crl" \
    "$tmp/www/crl/people.crl" "$tmp/www/ca/people.cer" | tr '\n' ' ')" \
    '755 755 644 644 '
is 'a list is as old as its thisUpdate' \
    "$(stat -c %Y "$tmp/www/crl/people.crl")" \
    "$(date -d "$(openssl crl -inform DER -in "$tmp/www/crl/people.crl" \
    -noout -lastupdate | sed 's/.*=//')" +%s)"

# Certificates to revoke: each revocation for keyCompromise makes a list.
for i in 1 2 3 4 5 6 7 8 9; do
	as o1 order_tls "www$i" --sign >/dev/null 2>&1
done
ok 'certificates are issued' cad
ca=$(sql "SELECT DISTINCT ca FROM cert WHERE profile = 'tls-server'
    AND status = 'good'")
sql "SELECT encode(serial, 'hex') FROM cert WHERE ca = '$ca'
    AND profile = 'tls-server' AND holder LIKE 'www%'
    AND status = 'good'" >"$tmp/serials"
is '...enough of them' "$(wc -l <"$tmp/serials")" 9
list=$tmp/www/crl/$ca.crl
# The next one is revoked, and signet-cad makes a list of it.
revoke() {
	serial=$(head -n 1 "$tmp/serials")
	sed -i 1d "$tmp/serials"
	as o1 signet cert revoke "$serial" --reason keyCompromise --yes \
	    --wait 0s >/dev/null 2>&1
	cad
}
newest() {
	sql "SELECT max(number) FROM crl WHERE ca = '$ca' AND base = 0"
}

# Killed at each point: the old list or the new one, whole, and the next start
# goes on.
for point in crld-fetched crld-verified crld-renamed; do
	ok 'a certificate is revoked' revoke
	SIGNET_FAULT=$point
	export SIGNET_FAULT
	not "killed at $point" crld --once -c "$tmp/crld.conf"
	unset SIGNET_FAULT
	ok '...the list is whole' verified "$list" "$pki/ca/$ca.pem"
	if [ "$point" = crld-renamed ]; then
		is '...and the new one' "$(number "$list")" "$(newest)"
	else
		is '...and the old one' "$(number "$list")" \
		    "$(($(newest) - 1))"
	fi
	ok '...the next start goes on' crld --once -c "$tmp/crld.conf"
	is '...and has published it' "$(number "$list")" "$(newest)"
done
is 'nothing is left over' "$(find "$tmp/www" -name '.*' -type f)" ''

# Served.
start signet-crld -d -c "$tmp/crld.conf"
crld=$last
ok 'it listens' wait_for get -f -o /dev/null "$url/crl/$ca.crl"
get -D "$tmp/head" -o "$tmp/got.crl" "$url/crl/$ca.crl"
header() {
	tr -d '\r' <"$tmp/head" | sed -n "s/^$1: //p"
}
ok 'the list is the file' cmp "$tmp/got.crl" "$list"
is 'it is a list' "$(header Content-Type)" application/pkix-crl
is 'as old as its thisUpdate' "$(date -d "$(header Last-Modified)" +%s)" \
    "$(stat -c %Y "$list")"
is 'its tag is what it has' "$(header ETag)" \
    "\"$(sha256sum "$list" | cut -c 1-32)\""
is 'caches ask again within the hour' "$(header Cache-Control)" \
    'max-age=3600, public, no-transform, must-revalidate'
is 'a cache that has it is told so' "$(get -o /dev/null -w '%{http_code}' \
    -H "If-None-Match: $(header ETag)" "$url/crl/$ca.crl")" 304
is '...also by its date' "$(get -o /dev/null -w '%{http_code}' \
    -z "$list" "$url/crl/$ca.crl")" 304
head -c 100 "$list" >"$tmp/part.crl"
ok 'a download is taken up again' get -C - -o "$tmp/part.crl" \
    "$url/crl/$ca.crl"
ok '...and is the list' cmp "$tmp/part.crl" "$list"
is 'HEAD says its length' "$(get -I "$url/crl/$ca.crl" | tr -d '\r' |
    sed -n 's/^Content-Length: //p')" "$(stat -c %s "$list")"
get -D "$tmp/head" -o "$tmp/got.cer" "$url/ca/people.cer"
is 'a certificate is one' "$(header Content-Type)" application/pkix-cert
is '...for a day' "$(header Cache-Control)" \
    'max-age=86400, public, no-transform, must-revalidate'
get -D "$tmp/head" -o "$tmp/got.p7c" "$url/ca/people.p7c"
is 'a bundle is one' "$(header Content-Type)" application/pkcs7-mime
touch "$tmp/www/crl/.hidden.crl" "$tmp/www/crl/readme.txt" "$tmp/www/out.crl"
ln -s /etc/passwd "$tmp/www/crl/link.crl"
for path in / /crl /crl/ /ca/ /crl/none.crl "/crl//$ca.crl" \
    "/crl/../crl/$ca.crl" /crl/../../crld.conf /../../../../etc/passwd \
    /crl/%2e%2e/%2e%2e/crld.conf /crl/.hidden.crl /crl/readme.txt /out.crl \
    /crl/link.crl "/crl/$ca.crl/" "/crl/$ca.crl%00.cer" "/ca/$ca.crl"; do
	is "$path is not there" "$(get --path-as-is -o /dev/null \
	    -w '%{http_code}' "$url$path")" 404
done
rm "$tmp/www/crl/.hidden.crl" "$tmp/www/crl/readme.txt" "$tmp/www/out.crl" \
    "$tmp/www/crl/link.crl"
for method in POST PUT DELETE TRACE; do
	is "$method is not for this" "$(get -o /dev/null -w '%{http_code}' \
	    -X "$method" "$url/crl/$ca.crl")" 405
done

# What the process that serves may do.
web=$(pgrep -P "$crld" 'crld: we')
for line in 'NoNewPrivs:	1' 'Seccomp:	2'; do
	ok "the one that serves has $line" grep -qxF "$line" \
	    "/proc/$web/status"
done
not '...no connection to the store' sh -c "ls -l /proc/$web/fd |
    grep -q '$PGHOST'"

# All is well.
ok 'all is well' sh -c "curl -sf --unix-socket '$tmp/crld.sock' \
    http://x/healthz >'$tmp/health'"
ok '...and said so' grep -q "^ok ca $ca: 1 list, good until 20" "$tmp/health"
ok 'the time that is left is a metric' [ "$(metric \
    "signet_crl_seconds_to_expiry{ca=\"$ca\",shard=\"0\",kind=\"complete\"}")" \
    -gt 600000 ]

# A thousand requests while lists are published, and one more instance beside.
conf "s,crld\.sock,second.sock,; s,/www\",/www2\",; s,/crld\",/crld2\",
    s,^listen.*,,; s/crld-1/crld-2/"
start signet-crld -d -c "$tmp/other.conf"
second=$last
mkdir "$tmp/got"
rounds=0
while [ "$rounds" -lt 5 ] || [ ! -e "$tmp/revoked" ]; do
	rounds=$((rounds + 1))
	get -Z --parallel-max 4 -o "$tmp/got/$rounds-#1" \
	    "$url/crl/$ca.crl?[1-200]" || echo "round $rounds" >>"$tmp/bad"
	echo "$rounds" >"$tmp/rounds"
	sleep 0.3
done &
gets=$!
for i in 1 2 3; do
	revoke
done
: >"$tmp/revoked"
wait "$gets"
is 'all requests are answered' "$(find "$tmp/got" -type f | wc -l)" \
    $(($(cat "$tmp/rounds") * 200))
(cd "$tmp/got" && sha256sum -- * | sort | uniq -w 64) >"$tmp/kinds"
ok 'with more than one list' [ "$(wc -l <"$tmp/kinds")" -gt 1 ]
while read -r _ file; do
	verified "$tmp/got/$file" "$pki/ca/$ca.pem" || echo "$file"
done <"$tmp/kinds" >"$tmp/bad"
is 'each of which is whole and verifies' "$(cat "$tmp/bad")" ''
ok 'the last one is there' wait_for has_number "$ca.crl" "$(newest)"
ok 'both instances have it' wait_for cmp "$list" "$tmp/www2/crl/$ca.crl"
is '...of the same time' "$(stat -c %Y "$list")" \
    "$(stat -c %Y "$tmp/www2/crl/$ca.crl")"
ok 'the revoked one is on it' sh -c "openssl crl -inform DER -in '$list' \
    -noout -text | grep -qi 'Serial Number: 0*$serial'"
stop "$second"
is 'the second stops' $? 0

# How soon?  (cad has exited: it is published already, or about to be.)
began=$(date +%s%N)
revoke
ok 'a new list is served' wait_for has_number "$ca.crl" "$(newest)"
echo "# $((($(date +%s%N) - began) / 1000000)) ms for order, list and server"

# The store says otherwise.  Each lie is in the log and the audit chain, the
# list stays, and after it is taken back all is well again.
cp "$list" "$tmp/before.crl"
n=$(newest)
sql "CREATE TABLE kept AS SELECT * FROM crl WHERE ca = '$ca';
    CREATE TABLE kept_part AS SELECT * FROM crl_part WHERE ca = '$ca';
    CREATE TABLE kept_ca AS SELECT * FROM ca;"
restore() {
	tamper "DELETE FROM crl_part WHERE ca = '$ca';
	    DELETE FROM crl WHERE ca = '$ca';
	    INSERT INTO crl SELECT * FROM kept;
	    INSERT INTO crl_part SELECT * FROM kept_part;
	    DELETE FROM ca WHERE name NOT IN (SELECT name FROM kept_ca);
	    UPDATE ca SET der = k.der FROM kept_ca k WHERE k.name = ca.name
	    AND k.der <> ca.der; NOTIFY signet_crl"
}
# lie 'what' 'why it is refused' SQL
lie() {
	mark
	: >"$tmp/log"
	tamper "$3; NOTIFY signet_crl"
	ok "$1: refused" wait_for grep -q "ALARM publish: .*$2" "$tmp/log"
	ok '...the auditor sees it' wait_for audited act=alarm what=publish \
	    instance=crld-1
	ok '...the list stays' cmp "$list" "$tmp/before.crl"
	get -o "$tmp/got.crl" "$url/crl/$ca.crl"
	ok '...and is served' cmp "$tmp/got.crl" "$tmp/before.crl"
	ok '...somebody should look' sh -c "curl -s --unix-socket \
	    '$tmp/crld.sock' http://x/healthz | grep -q '^FAIL ca '"
	sql 'NOTIFY signet_crl'
	sleep 0.2
	is '...it is said once' "$(grep -c 'ALARM' "$tmp/log")" 1
	restore
	ok '...and all is well without it' wait_for curl -sf -o /dev/null \
	    --unix-socket "$tmp/crld.sock" http://x/healthz
}
new="INSERT INTO crl (ca, shard, number, base, this_update, next_update,
    entries, size, change) SELECT '$ca', 0, $((n + 1)), 0"
other=people
[ "$ca" = services ] || other=services
lie 'a list of another CA' 'issuer' "$new, this_update, next_update, entries,
    size, change FROM crl WHERE ca = '$other' ORDER BY number DESC LIMIT 1;
    INSERT INTO crl_part SELECT '$ca', 0, $((n + 1)), 0, p.n, p.der
    FROM crl_part p WHERE ca = '$other' AND number = (SELECT max(number)
    FROM crl WHERE ca = '$other')"
lie 'the list again with a higher number' 'not the list of its row' "$new,
    this_update, next_update, entries, size, change FROM crl
    WHERE ca = '$ca' AND number = $n; INSERT INTO crl_part SELECT ca, 0,
    $((n + 1)), 0, n, der FROM crl_part WHERE ca = '$ca' AND number = $n"
lie 'an older list with a higher number' 'lower than' "$new, this_update,
    next_update, entries, size, change FROM crl WHERE ca = '$ca'
    AND number = $((n - 1)); INSERT INTO crl_part SELECT ca, 0, $((n + 1)),
    0, n, der FROM crl_part WHERE ca = '$ca' AND number = $((n - 1))"
lie 'a list cut short' 'CRL' "$new, this_update, next_update, entries,
    size - 1, change FROM crl WHERE ca = '$ca' AND number = $n;
    INSERT INTO crl_part SELECT ca, 0, $((n + 1)), 0, n,
    substring(der FROM 1 FOR length(der) - 1) FROM crl_part
    WHERE ca = '$ca' AND number = $n"
lie 'a list with a bit that is not its own' 'signature' "$new, this_update,
    next_update, entries, size, change FROM crl WHERE ca = '$ca'
    AND number = $n; INSERT INTO crl_part SELECT ca, 0, $((n + 1)), 0, n,
    set_byte(der, length(der) - 1, get_byte(der, length(der) - 1) # 1)
    FROM crl_part WHERE ca = '$ca' AND number = $n"
lie 'a list without its parts' 'is not in the store' "$new, this_update,
    next_update, entries, size, change FROM crl WHERE ca = '$ca'
    AND number = $n"
lie 'no list but an old one' 'none newer' "DELETE FROM crl_part
    WHERE ca = '$ca' AND number > 2; DELETE FROM crl WHERE ca = '$ca'
    AND number > 2"
lie 'another certificate of a CA' 'another certificate than' "UPDATE ca
    SET der = set_byte(der, length(der) - 1, get_byte(der, length(der) - 1)
    # 1) WHERE name = '$ca'"
lie 'a CA that does not lead to the root' 'evil' "INSERT INTO ca (name,
    is_root, subject, der, key_digest, not_before, not_after)
    SELECT 'evil', false, 'CN=evil', decode('$(openssl req -x509 -newkey ec \
    -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/evil.key" \
    -subj /CN=evil -outform DER 2>/dev/null | base64 -w 0)', 'base64'),
    sha256('x'), now(), now() + interval '1 day'"
not 'nothing of it is published' ls "$tmp/www/ca/evil.cer"

# Files of roots are judged in the same way.
cp "$pki/ca/root.crl" "$tmp/root.crl"
: >"$tmp/log"
cp "$tmp/www/crl/people.crl" "$pki/ca/root.crl"
ok 'a list that no root has signed is refused' wait_for grep -q \
    'ALARM publish: list for crl/root.crl: it names none of the roots' \
    "$tmp/log"
ok '...and the old one stays' cmp "$tmp/root.crl" "$tmp/www/crl/root.crl"
cp "$tmp/root.crl" "$pki/ca/new.crl"
mv "$pki/ca/new.crl" "$pki/ca/root.crl"
ok 'the right one, put there by renaming, is well' wait_for sh -c "curl -s \
    --unix-socket '$tmp/crld.sock' http://x/healthz | grep -q '^ok ca root'"

# The store goes, and comes back.
ok 'the store stops' pg_stop "$tmp/pg"
ok '...which is seen' wait_for grep -q 'the store is away' "$tmp/log"
ok '...and said' wait_for sh -c "curl -s --unix-socket '$tmp/crld.sock' \
    http://x/healthz | grep -q '^FAIL store'"
ok 'what is published is served' has_number "$ca.crl" "$n"
stop "$crld"
is 'it stops when asked' $? 0
start signet-crld -d -c "$tmp/crld.conf"
crld=$last
ok '...and serves without the store' wait_for has_number "$ca.crl" "$n"
ok 'the store comes back' pg_as "$pg_bin/pg_ctl" --wait start \
    --pgdata="$tmp/pg/data" --log="$tmp/pg/again.log"
ok 'the next list is published' revoke
ok '...without help' wait_for has_number "$ca.crl" "$(newest)"

# What lies in the directory is not believed either.
: >"$tmp/log"
cp "$tmp/www/crl/people.crl" "$tmp/wrong.crl"
mv "$tmp/wrong.crl" "$list"
ok 'a list put in the place of another is noticed' wait_for \
    grep -q 'ALARM publish: .*' "$tmp/log"
ok '...and replaced' wait_for has_number "$ca.crl" "$(newest)"
rm "$list"
ok 'one that is removed is there again' wait_for has_number "$ca.crl" \
    "$(newest)"
ok 'it stops' stop "$crld"
cp "$tmp/www/crl/people.crl" "$list"
: >"$tmp/log"
start signet-crld -d -c "$tmp/crld.conf"
crld=$last
ok '...also while nobody looked' \
    wait_for has_number "$ca.crl" "$(newest)"
rm "$list"
stop "$crld"
start signet-crld -d -c "$tmp/crld.conf"
crld=$last
ok '...and when it is gone' wait_for has_number "$ca.crl" \
    "$(newest)"

# One process gone is all gone.
web=$(pgrep -P "$crld" 'crld: we')
kill -9 "$web"
wait "$crld"
is 'without its web process it ends' $? 1
ok '...and says so' grep -q 'signet-crld: web ended with signal 9' "$tmp/log"

# A list expires.
travel 8
start signet-crld -d -c "$tmp/crld.conf"
crld=$last
travel 0
ok 'an expired list is red' wait_for sh -c "curl -s --unix-socket \
    '$tmp/crld.sock' http://x/healthz |
    grep -q '^FAIL ca $ca: crl/$ca.crl has expired'"
is '...and no cache keeps it' "$(get -I "$url/crl/$ca.crl" | tr -d '\r' |
    sed -n 's/^Cache-Control: //p')" \
    'max-age=0, public, no-transform, must-revalidate'
ok 'it stops' stop "$crld"
done_testing
