#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What "signet canary" says of lists that are not complete: shards, and the
# delta that a complete list names.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
cd "$tmp" || exit 1
services_install
sed -i -e '/name = "people";/a crl_shards = 1;\
	crl_delta = "5s";\
	crl_shard_url = "'"$http"'/crl/people-%d.crl";\
	crl_delta_url = "'"$http"'/crl/people-delta.crl";' \
    -e 's/crl_interval = .*/crl_interval = "10s";/' -e 's/^poll.*//' \
    "$pki/cad.conf"
echo 'poll = "1s";' >>"$pki/cad.conf"
# Mail programs may not be given shards; this profile is not for them any more.
sed -i -e 's/"emailProtection", //' -e '/^policies/,/^);/d' \
    -e '$acrl = "shard";' "$pki/profiles/mail-dual"

canary() {
	signet canary --json --ca people --sample 50 "$@" >found.json \
	    2>found.err
	canary_status=$?
	jq -r 'select(.result) | [.result, .what, .words] | join("|")' \
	    found.json | grep -v '|ocsp ' >found
	return "$canary_status"
}
told() {
	ok "$1 is said of \"$2\" ($3)" grep -q "^$1|$2|.*$3" found
}
restore() {
	tamper "UPDATE cert SET $1 WHERE serial = decode('$2', 'hex')"
}
row_of() {
	sql "SELECT format('status = %L, revoked_at = %L, reason = %L',
	    status, revoked_at, reason) FROM cert
	    WHERE serial = decode('$1', 'hex')"
}
has() {
	openssl crl -inform DER -in "$pki/www/crl/$1" -noout -text |
	    grep -qi "Serial Number: 0*$2"
}

# The list of "signet init" names no delta, the next one does.
service_start cad
is_named() {
	rm -f named.crl
	signet crl export people --format der -o named.crl &&
	openssl crl -inform DER -in named.crl -noout -text |
	    grep -q 'people-delta'
}
ok 'a complete list names the delta' wait_for is_named
service_stop cad
sed -i -e 's/crl_delta = .*/crl_delta = "1h";/' \
    -e 's/crl_interval = .*/crl_interval = "1d";/' "$pki/cad.conf"
service_start cad
for name in alice bob; do
	person "$name" mail-encrypt || echo "# no certificate for $name"
done
person dora mail-dual
bob=$(serial_in bob.pem)
dora=$(serial_in dora.pem)
revoke alice --reason superseded
revoke dora --reason superseded
service_start crld ocspd
ok 'the list of the shard has who is revoked' \
    wait_for has people-1.crl "$dora"
revoke bob --reason superseded
ok 'the delta has who is revoked since' wait_for has people-delta.crl "$bob"
exits 0 'all is well' canary
not '... of each question' grep -v '^ok' found
told ok 'list of a shard' ''
told ok list ''
told ok delta ''

# --- the store is edited by who owns it ----------------------------------------

was=$(row_of "$dora")
tamper "UPDATE cert SET status = 'good', revoked_at = NULL, reason = NULL
    WHERE serial = decode('$dora', 'hex')"
exits 3 'who is on a shard and good in the store is found' canary
told WRONG 'list of a shard' "$dora is on the list, and good in the store"
restore "$was" "$dora"
was=$(row_of "$bob")
tamper "UPDATE cert SET status = 'good', revoked_at = NULL, reason = NULL
    WHERE serial = decode('$bob', 'hex')"
exits 3 'who is on the delta and good in the store is found' canary
told WRONG delta "$bob is on the list, and good in the store"
restore "$was" "$bob"
tamper "UPDATE cert SET revoked_at = revoked_at - interval '1 day'
    WHERE serial = decode('$bob', 'hex')"
exits 3 'a date that was moved is found' canary
told WRONG delta "date or reason of $bob is another"
restore "$was" "$bob"
exits 0 'all is as it was' canary

# --- the server is somebody else's ---------------------------------------------

service_stop cad
service_stop crld
mkdir -p liar/crl liar/ca
cp "$pki"/www/crl/people*.crl liar/crl/
cp "$pki"/www/ca/people.cer liar/ca/
cat >liar.py <<'PY'
import http.server, sys, os
class H(http.server.SimpleHTTPRequestHandler):
    extensions_map = {'.crl': 'application/pkix-crl', '.cer': 'application/pkix-cert'}
    def log_message(self, *a): pass
os.chdir(sys.argv[2])
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H).serve_forever()
PY
start python3 liar.py "${http##*:}" liar
wait_for curl -sSf -o /dev/null "$http/crl/people.crl"
exits 0 'the same from another server is well, too' canary
cp liar/crl/people.crl liar/crl/people-1.crl
exits 3 'a complete list at the address of a shard is found' canary
told WRONG 'list of a shard' 'a complete list is at this address'
cp "$pki/www/crl/people-1.crl" liar/crl/
cp liar/crl/people.crl liar/crl/people-delta.crl
exits 3 'a complete list at the address of the delta is found' canary
told WRONG delta 'a complete list is at this address'
rm liar/crl/people-delta.crl
exits 3 'a delta that is missing is found' canary
told WRONG delta 'HTTP status 404'
cp "$pki/www/crl/people-delta.crl" liar/crl/people-delta.crl
cp liar/crl/people-1.crl liar/crl/people.crl
exits 3 "a shard's list at the address of the complete one is found" canary
told WRONG list "a shard's list is at this address"
done_testing
