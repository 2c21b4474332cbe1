#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet init: from an empty directory to issued officers; again; with wrong
# answers, a wrong passphrase, the database down; with the root elsewhere; and
# what it made proven by signet audit.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/formats.sh"
PATH=$SIGNET_BUILD:$PATH
start_pg
owner="host=$PGHOST port=$PGPORT user=postgres"

# init DIR DATABASE [option]... - the same small installation each time
init() {
	init_dir=$1 init_db=$2
	shift 2
	signet init --dir "$init_dir" --data "$srcdir" \
	    --database "$owner dbname=$init_db" \
	    --organization "Example Org" --country "${country:-SE}" \
	    --url "${url:-http://pki.example.org}" --root-key ec:P-256 \
	    --ca-key "${ca_key:-ec:P-256}" --key ec:P-256 \
	    --security-officer "so1:Sigrid Ost:sigrid@example.org" \
	    --security-officer "so2:Tom Norr" \
	    --officer "ro1:Olga Vik:olga@example.org" "$@" </dev/null
}
again() {
	again_dir=$1
	shift
	signet init --dir "$again_dir" --data "$srcdir" "$@" </dev/null
}
proven() {
	rm -rf "$tmp/bundle"
	signet audit export --config "$1/signet.conf" "$tmp/bundle" &&
	signet audit verify "$tmp/bundle" --root "$1/ca/root.pem" \
	    --heads "$1/heads.pem" --profiles "$1/profiles"
}

# Answers that cannot be.
says 'missing: organization, country, database, url, security_officers' \
    signet init --dir "$tmp/no" --data "$srcdir" </dev/null
not 'answers are needed' signet init --dir "$tmp/no" --data "$srcdir" </dev/null
country=Sweden
says 'country: "Sweden" is not two capital letters' init "$tmp/no" no
country='' ca_key=rsa:1024
says 'key algorithm "rsa:1024": ' init "$tmp/no" no
ca_key='' url=https://pki.example.org
says 'does not begin with http://' init "$tmp/no" no
url=''
says 'two persons have the id so1' \
    init "$tmp/no" no --officer "so1:Somebody Else"
says 'threshold 0: with 1 custodians' init "$tmp/no" no --custodian a
is 'nothing is left of wrong answers' "$(ls -A "$tmp/no")" ''
cat >"$tmp/bad.conf" <<-CONF
	organisation = "Example";
CONF
says 'bad.conf:1: unknown setting "organisation"' signet init \
    --dir "$tmp/no" --data "$srcdir" --answers "$tmp/bad.conf"
says 'a person cannot have the id "cad"' \
    init "$tmp/no" no --officer "cad:Carl Adler"
# Users of their own: only root gives files away, and only to who is there.
if [ "$(id -u)" -ne 0 ]; then
	says 'service_users: only root' init "$tmp/no" no --service-users
elif ! id signet-cad >/dev/null 2>&1; then
	says 'service_users: no user signet-cad' \
	    init "$tmp/no" no --service-users
	said 'systemd-sysusers'
fi
rm -rf "$tmp/no"

says 'ldap and ldap_base belong together' \
    init "$tmp/no" no --ldap ldaps://ldap.example.org
# The database is down.
signet init --dir "$tmp/down" --data "$srcdir" \
    --database "host=$tmp/nowhere user=postgres dbname=signet" \
    --organization Example --country SE --url http://pki.example.org \
    --root-key ec:P-256 --ca-key ec:P-256 --key ec:P-256 \
    --security-officer a:A --security-officer b:B </dev/null \
    >"$tmp/said" 2>&1
is 'a database that is away is exit status 6' $? 6
ok 'and the line names the step' grep -q \
    '^signet: database, schema and roles: .*nowhere' "$tmp/said"
ok 'the steps before it are done' test -s "$tmp/down/signet.conf"

# All of it.
ok 'an installation is set up' init "$tmp/a" pki_a
ok 'again: nothing to do' again "$tmp/a"
as_page 'signet init' again "$tmp/a"
is 'each step says so' "$(again "$tmp/a" | grep -c 'already there$')" 15
ok 'with the same answers, too' init "$tmp/a" pki_a
says 'was begun with other answers' init "$tmp/a" pki_other
ok 'the audit proves it' proven "$tmp/a"
is 'nine certificates' "$(signet audit verify "$tmp/bundle" \
    --root "$tmp/a/ca/root.pem" --json | grep '"certificates": 9' | wc -l)" 1
ok 'the chain leads to the root' openssl verify -CAfile \
    "$tmp/a/ca/root.pem" -untrusted "$tmp/a/ca/services.pem" \
    "$tmp/a/officers/so1.pem" "$tmp/a/agents/cad.pem"
ok 'the PKCS#12 file opens with its passphrase' openssl pkcs12 -in \
    "$tmp/a/officers/ro1.p12" -passin "file:$tmp/a/secrets/officer-ro1" \
    -nodes -out "$tmp/ro1.pem"
is 'the people CA is for persons' "$(openssl x509 -in \
    "$tmp/a/ca/people.pem" -noout -ext extendedKeyUsage | tail -n 1 |
    sed 's/^ *//')" \
    'E-mail Protection, TLS Web Client Authentication, Microsoft Smartcard Login, PKINIT Client Auth, 2.16.840.1.101.3.6.8'
is 'secrets are closed' "$(find "$tmp/a/secrets" "$tmp/a/root" -type f \
    -name '*' -perm /077 -path '*secrets*' | wc -l)" 0
is 'keys are closed' "$(find "$tmp/a" -name '*.key' -perm /077 | wc -l)" 0
not 'no password of the owner in the settings' \
    grep -q "user='postgres'" "$tmp/a"/*d.conf "$tmp/a/signet.conf"
for daemon in cad ocspd crld; do
	ok "signet-$daemon takes its settings" \
	    "signet-$daemon" -t -c "$tmp/a/$daemon.conf"
done
says 'none' signet publish check --config "$tmp/a/signet.conf" \
    --directory main
ok 'a directory to publish to is only sketched' grep -q '^# targets' \
    "$tmp/a/directories.conf"
ok "the root's list is there to be published" openssl crl -inform DER \
    -in "$tmp/a/ca/root.crl" -CAfile "$tmp/a/ca/root.pem" -noout
ok '... and to be read by the CA, which stops when it is on it' grep -qxF \
    "root_crl = \"$tmp/a/ca/root.crl\";" "$tmp/a/cad.conf"
ok 'so are directories of the daemons, for them alone' test "$(stat -c %a \
    "$tmp/a/state/cad" "$tmp/a/state/ocspd/signers" "$tmp/a/state/crld" |
    sort -u)" = 700
ok 'the root can replay its ceremonies' signet-root replay --dir \
    "$tmp/a/root"
says 'lock' flock "$tmp/a/.init.lock" signet init --dir "$tmp/a" \
    --data "$srcdir"

# S025: an officer approves, with a key that was made for him.
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \
    "$tmp/www.key" -subj /CN=www.example.org -out "$tmp/www.csr" 2>/dev/null
export SIGNET_CONFIG="$tmp/a/signet.conf"
ok 'an officer signs an order with the key made for him' signet order new \
    --sign --profile tls-server --csr "$tmp/www.csr" --holder www --holder-name www \
    --field dns=www.example.org --key "$tmp/a/officers/ro1.key" \
    --cert "$tmp/a/officers/ro1.pem" \
    --passphrase "file:$tmp/a/secrets/officer-ro1"
unset SIGNET_CONFIG

# Tampering in the store is found by the same proof.
psql -X -q -d pki_a -c "set search_path = signet" \
    -c "update cert set status = 'revoked', revoked_at = now(), reason = 1
	where holder = 'so2'" >/dev/null 2>&1
says 'the store says revoked, but no entry made it so' proven "$tmp/a"

# A wrong passphrase for the root.
mkdir -m 700 "$tmp/pass"
for n in 1 2 3; do
	echo "custodian $n's own words" >"$tmp/pass/$n"
	chmod 600 "$tmp/pass/$n"
done
split() {
	init "$tmp/c" pki_c --custodian "c1=file:$tmp/pass/1" \
	    --custodian "c2=file:$tmp/pass/2" \
	    --custodian "c3=file:$tmp/pass/3" --threshold 2
}
ok 'custodians hold the root' split
rm -f "$tmp/c/ca/people.pem" "$tmp/c/root/issued/"*-people.pem
echo "other words" >"$tmp/pass/2"
says 'signet-root: ' again "$tmp/c"
not 'a wrong passphrase stops it' again "$tmp/c"

# E036, E124: the root is elsewhere; files are carried there and back.
elsewhere() {
	init "$tmp/o" pki_o --offline-root --ldap ldaps://127.0.0.1:1 \
	    --ldap-base dc=example,dc=org
}
elsewhere >"$tmp/said" 2>&1
is 'without the root it waits' $? 6
ok 'and says what to carry' grep -q 'root-init.conf' "$tmp/said"
echo 'a passphrase of the root' >"$tmp/pass/root" && chmod 600 "$tmp/pass/root"
out=$tmp/o/outgoing
sed -i "s|\"prompt\"|\"file:$tmp/pass/root\"|" "$out/root-init.conf"
there() {
	verb=$1
	shift
	signet-root "$verb" --dir "$tmp/far" --yes \
	    --passphrase "file:$tmp/pass/root" "$@"
}
ok 'the root is made there' signet-root init --dir "$tmp/far" --yes \
    --profiles "$srcdir/etc/profiles" "$out/root-init.conf"
for ca in people services; do
	ok "and certifies $ca" there certify --profiles "$out/profiles" \
	    "$out/certify-$ca.conf"
done
# One comes as a bare certificate, the other in the root's parcel.
cp "$tmp/far/issued/"*"-people.pem" "$tmp/o/incoming/people.pem"
cp "$tmp/far/out/"parcel-0003-certify.pem "$tmp/o/incoming/services.pem"
cp "$tmp/far/root.pem" "$tmp/o/incoming/"
cp "$tmp/far/crl/0001.crl" "$tmp/o/incoming/root.crl"
again "$tmp/o" >"$tmp/said" 2>&1
is 'it goes on, and waits for approvals' $? 6
ok 'which it names' grep -q 'approve.conf' "$tmp/said"
ok 'the root approves' there approve --ceremony "$out/approve.conf"
cp "$out/approved/"* "$tmp/o/incoming/"
ok 'and the set-up ends' again "$tmp/o"
ok 'the directory that was named is published to' signet-crld -t \
    -c "$tmp/o/crld.conf"
says "ldaps://127.0.0.1:1: connect: Can't contact" signet publish check \
    --config "$tmp/o/signet.conf" --directory main
ok "... with the root's list to publish" cmp "$tmp/far/crl/0001.crl" \
    "$tmp/o/ca/root.crl"
ok 'the audit proves it' proven "$tmp/o"
done_testing
