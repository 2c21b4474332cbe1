#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The addresses in certificates, asked as a client would: what "signet canary"
# says when all is well, when somebody is away, and when somebody lies.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
cd "$tmp" || exit 1
services_install

# found RESULT WHAT - the canary had this to say of that
canary() {
	signet canary --json "$@" >found.json 2>found.err
	canary_status=$?
	jq -r 'select(.result) | [.result, .ca, .what, .words] | join("|")' found.json >found
	return "$canary_status"
}
found() {
	ok "$1 is said of \"$2\" ($3)" grep -q "^$1|$2.*$3" found
}

exits 2 'a sample of nothing is refused' signet canary --sample 0
exits 2 'so is a time that is none' signet canary --timeout soon
exits 4 'so is a CA that is not there' signet canary --ca nobody

service_start cad
for name in alice bob carol dora; do
	person "$name" mail-dual || echo "# no certificate for $name"
done
revoke bob --reason keyCompromise
as o1 signet cert hold "$(serial_in carol.pem)" --wait 20s --yes >/dev/null

exits 6 'with nobody there the addresses are dead' canary --ca people
found DEAD 'people|ocsp post good' 'refused\|connect'
found DEAD 'people|list' 'refused\|connect'

service_start crld ocspd
exits 0 'with everybody there all is well' canary --ca people
not '... of each question' grep -v '^ok' found
for what in 'ocsp get good' 'ocsp post good' 'ocsp get revoked' \
    'ocsp post revoked' 'ocsp get held' 'ocsp post held' \
    'ocsp never issued' list issuer; do
	found ok "people|$what|" ''
done

# The CA's first certificates were made for another address.
exits 3 'an address that somebody else has is found' canary --ca services
found WRONG 'services|ocsp get good' 'HTTP status 404'

# --- the store is edited by who owns it ---------------------------------------

restore() {
	tamper "UPDATE cert SET $1 WHERE serial = decode('$2', 'hex')"
}
bob=$(serial_in bob.pem)
was=$(sql "SELECT format('status = %L, revoked_at = %L, reason = %L, invalid_since = %L',
    status, revoked_at, reason, invalid_since) FROM cert
    WHERE serial = decode('$bob', 'hex')")
tamper "UPDATE cert SET status = 'good', revoked_at = NULL, reason = NULL
    WHERE serial = decode('$bob', 'hex')"
exits 3 'a revoked certificate set back to good is found' canary --ca people --sample 50
found WRONG 'people|list' "$bob is on the list, and good in the store"
found WRONG 'people|ocsp post good' "$bob is good in the store, answered revoked"
restore "$was" "$bob"

tamper "UPDATE cert SET revoked_at = revoked_at - interval '3 days'
    WHERE serial = decode('$bob', 'hex')"
exits 3 'a date that was moved is found' canary --ca people --sample 50
found WRONG 'people|list' "date or reason of $bob is another"
restore "$was" "$bob"

row=$(sql "SELECT row_to_json(c) FROM cert c WHERE serial = decode('$bob', 'hex')")
tamper "DELETE FROM cert WHERE serial = decode('$bob', 'hex')"
exits 3 'a row that was deleted is found' canary --ca people --sample 50
found WRONG 'people|list' "$bob is on the list, and the store has no such certificate"
# shellcheck disable=SC2016 # dollars quote for SQL
tamper "INSERT INTO cert OVERRIDING SYSTEM VALUE
    SELECT * FROM json_populate_record(NULL::cert, \$json\$$row\$json\$)"
exits 0 'all is as it was' canary --ca people --sample 50

# --- the servers are somebody else's -------------------------------------------

service_stop crld
mkdir -p liar/crl liar/ca
cp "$pki/www/crl/services.crl" liar/crl/people.crl
cp "$pki/www/ca/services.cer" liar/ca/people.cer
cat >liar.py <<'PY'
import http.server, sys, os
class H(http.server.SimpleHTTPRequestHandler):
    extensions_map = {'.crl': 'application/pkix-crl', '.cer': 'application/pkix-cert'}
    def log_message(self, *a): pass
os.chdir(sys.argv[2])
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H).serve_forever()
PY
start python3 liar.py "${http##*:}" liar
liar=$last
wait_for curl -sSf -o /dev/null "$http/crl/people.crl"
exits 3 "another CA's list and certificate are found" canary --ca people
found WRONG 'people|list' 'issuer'
found WRONG 'people|issuer' 'another certificate than that of people'
cp "$pki/www/crl/people.crl" whole
head -c 200 whole >liar/crl/people.crl
exits 3 'a list that was cut is found' canary --ca people
found WRONG 'people|list' ''
stop "$liar"
service_start crld

service_stop ocspd
exits 6 'a responder that is away is said' canary --ca people
found DEAD 'people|ocsp get good' ''
found ok 'people|list' ''
service_start ocspd

# For people: what is wrong alone.
is 'with nothing wrong there is nothing to show' \
    "$(signet canary --ca people --failed)" ''
done_testing
