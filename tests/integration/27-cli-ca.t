#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store and the issuing CAs by hand: db init, ca init, certified by a root
# off line, taken in from its parcel; and everything that is not taken in.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/root.sh"
. "$srcdir/tests/lib/formats.sh"
start_pg
cd "$tmp" || exit 1

SIGNET_CONFIG=$tmp/signet.conf
export SIGNET_CONFIG
cat >signet.conf <<CONF
database = "$conninfo user=postgres";
profiles = "$srcdir/etc/profiles";
schema = "$srcdir/db";
patience = "0s";
CONF
certify() {
	signet-root certify --dir R $profiles --yes $two --csr "ca/$1.csr" \
	    --name "$1"
}
parcel() {
	ls R/out/parcel-"$1"-*.pem
}

# The store.
exits 6 'without a database nothing works' signet holder list
said 'make it with: signet db init'
ok 'its plan' sh -c 'psql -q -c "CREATE DATABASE signet" &&
    signet db migrate --plan'
said 'core'
exits 7 'nor without a schema' signet holder list
says 'empty; next: signet db init' signet db status
ok 'made' signet db init
ok 'and made again' signet db init
as_page 'signet db init' signet db init
says 'up to date' signet db status
says 'nothing to apply' signet db migrate --plan
is 'as JSON, too' "$(signet db status --json | jq -r .name | head -n 1)" core

# Keys.
new_root R >/dev/null 2>&1
mkdir ca && cp R/root.pem ca/root.pem
echo 'correct horse' >pass && chmod 600 pass
exits 2 'a name is a name' signet ca init ../x --key ec:P-256
exits 2 'root is taken' signet ca init root --key ec:P-256
exits 2 'an algorithm is one' \
    signet ca init people --key dsa:1024 --passphrase file:pass
exits 2 'an algorithm is needed' signet ca init people
not 'nothing is left behind' test -e ca/people.key
ok 'a key and a request' \
    signet ca init people --key ec:P-256 --passphrase file:pass
said 'signet-root certify'
is 'only for us' "$(stat -c %a ca/people.key)" 600
ok 'encrypted' grep -q 'BEGIN ENCRYPTED PRIVATE KEY' ca/people.key
ok 'the request is one' sh -c \
    'signet ca csr people | openssl req -noout -verify'
exits 5 'a second one is refused' \
    signet ca init people --key ec:P-256 --passphrase file:pass
exits 4 'no request of others' signet ca csr nobody

# Certificates.
ok 'the root certifies it' certify people
exits 4 'a file that is not there' signet ca import people none
exits 2 'a file that is none' signet ca import people signet.conf
said 'neither a certificate in PEM nor a parcel'
sed 's/A/B/' "$(parcel 0002)" >bad.parcel
not 'an altered parcel' signet ca import people bad.parcel
new_root Q >/dev/null 2>&1
signet-root certify --dir Q $profiles --yes $two --csr ca/people.csr \
    --name people >/dev/null 2>&1
exits 3 'a parcel of another root' \
    signet ca import people Q/out/parcel-0002-certify.pem
exits 3 'a certificate of another root' \
    signet ca import people Q/issued/0002-people.pem
exits 4 'a CA that is not in the parcel' \
    signet ca import services "$(parcel 0002)"
exits 2 'the root is no issuing CA' signet ca import root ca/root.pem
exits 2 'the certificate of another key' signet ca import people ca/root.pem
said 'does not belong to the key of CA people'
is 'the store has no CA' "$(sql 'SELECT count(*) FROM ca')" 0
ok 'its own parcel' signet ca import people "$(parcel 0002)"
as_page 'signet ca import NAME FILE' signet ca import people "$(parcel 0002)"
ok 'twice is once' signet ca import people "$(parcel 0002)"
said 'is there already'
says 'people' signet ca list
is 'root and CA' "$(signet ca list --json | jq -r '.name + " " +
    (.is_trusted | tostring)')" 'root true
people true'
ok 'the file leads to the root' openssl verify -CAfile ca/root.pem \
    ca/people.pem
is 'it is in the audit chain' "$(sql "SELECT count(*) FROM audit WHERE
    position('act=ca-add' IN convert_from(body, 'UTF8')) > 0")" 2
signet ca init services --key ec:P-256 --passphrase file:pass >/dev/null
ok 'the root certifies another' certify services
ok 'from PEM' signet ca import services R/issued/0003-services.pem
signet ca init later --key ec:P-256 --passphrase file:pass >/dev/null
certify later >/dev/null 2>&1
ok 'and a third one' signet ca import later "$(parcel 0004)"
exits 5 'an old parcel is a replay' signet ca import people "$(parcel 0002)"
said 'replayed'
says 'Example' signet ca show people
exits 4 'a CA that is not there' signet ca show nobody

# A stranger's certificate in the directory stops everything.
cp Q/issued/0002-people.pem ca/stranger.pem
not 'a CA that does not lead to the root is not trusted' signet ca list
said 'stranger.pem'
done_testing
