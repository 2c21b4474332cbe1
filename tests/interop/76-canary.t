#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The addresses in certificates, asked as a client would: what "signet canary"
# says when all is well, when somebody is away, and when somebody lies.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
. "$srcdir/tests/lib/formats.sh"
cd "$tmp" || exit 1
services_install

# told RESULT WHAT - the canary had this to say of that
canary() {
	signet canary --json "$@" >found.json 2>found.err
	canary_status=$?
	jq -r 'select(.result) | [.result, .ca, .what, .words] | join("|")' found.json >found
	return "$canary_status"
}
told() {
	ok "$1 is said of \"$2\" ($3)" grep -q "^$1|$2.*$3" found
}

exits 2 'a sample of nothing is refused' signet canary --sample 0
exits 2 'so is a time that is none' signet canary --timeout soon
exits 4 'so is a CA that is not there' signet canary --ca nobody

# From now on the services CA writes another address, where nobody answers so.
awk -v new="ocsp = [ \"$http/ocsp\" ];" '/name = "services"/ { mine = 1 }
    mine && /ocsp = / { sub(/ocsp = .*/, new) }
    { print }' "$pki/cad.conf" >"$tmp/cad.conf" && cp "$tmp/cad.conf" "$pki/cad.conf"
service_start cad
person www tls-server || echo "# no certificate for www"
for name in alice bob carol dora; do
	person "$name" mail-dual || echo "# no certificate for $name"
done
revoke bob --reason keyCompromise
as o1 signet cert hold "$(serial_in carol.pem)" --wait 20s --yes >/dev/null

as_page 'signet canary' signet canary --ca people
exits 6 'with nobody there the addresses are dead' canary --ca people
told DEAD 'people|ocsp post good' 'refused\|connect'
told DEAD 'people|list' 'refused\|connect'

service_start slapd crld ocspd
ok 'the directory is filled' wait_for signet publish check
exits 0 'S021, S026, S077: with everybody there all is well' canary \
    --ca people
not '... of each question' grep -v '^ok' found
for what in 'ocsp get good' 'ocsp post good' 'ocsp get revoked' \
    'ocsp post revoked' 'ocsp get held' 'ocsp post held' \
    'ocsp never issued' list issuer 'directory list' 'directory holder'; do
	told ok "people|$what|" ''
done

exits 3 'an address that somebody else has is found' canary --ca services \
    --sample 50
told WRONG 'services|ocsp get good' 'HTTP status 404'

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
told WRONG 'people|list' "$bob is on the list, and good in the store"
told WRONG 'people|ocsp post good' "$bob is good in the store, answered revoked"
restore "$was" "$bob"

tamper "UPDATE cert SET revoked_at = revoked_at - interval '3 days'
    WHERE serial = decode('$bob', 'hex')"
exits 3 'a date that was moved is found' canary --ca people --sample 50
told WRONG 'people|list' "date or reason of $bob is another"
restore "$was" "$bob"

row=$(sql "SELECT row_to_json(c) FROM cert c WHERE serial = decode('$bob', 'hex')")
tamper "DELETE FROM cert WHERE serial = decode('$bob', 'hex')"
exits 3 'a row that was deleted is found' canary --ca people --sample 50
told WRONG 'people|list' "$bob is on the list, and the store has no such certificate"
# shellcheck disable=SC2016 # dollars quote for SQL
tamper "INSERT INTO cert OVERRIDING SYSTEM VALUE
    SELECT * FROM json_populate_record(NULL::cert, \$json\$$row\$json\$)"
exits 0 'all is as it was' canary --ca people --sample 50

# --- the directory is edited ---------------------------------------------------

# edit NAME - LDIF of the changes follows
edit() {
	{
		echo "dn: $1,$ldap_base"
		echo 'changetype: modify'
		cat
	} | ldapmodify -Q -Y EXTERNAL -H "$ldapi" >/dev/null
}
printf 'delete: certificateRevocationList;binary\n' | edit cn=people,ou=PKI
exits 3 'a list that is missing is found' canary --ca people --sample 50
told WRONG 'people|directory list' 'certificateRevocationList: 1 missing'
printf 'add: userCertificate;binary\nuserCertificate;binary:: %s\n' \
    "$(openssl x509 -in bob.pem -outform DER | base64 -w 0)" |
    edit uid=alice,ou=people
exits 3 'a revoked certificate that is there is found' canary --ca people \
    --sample 50
told WRONG 'people|directory holder' \
    'uid=alice,ou=people,.*userCertificate: 1 too many'
printf 'delete: userCertificate;binary\n' | edit uid=dora,ou=people
exits 3 'a good one that is not there is found' canary --ca people --sample 50
ok 'all is mended' signet publish repair --yes
exits 0 'all is as it was' canary --ca people --sample 50

# A list is delivered after the store and before the directory has been looked at.
is_held() {
	grep -q ' (signet) T ' "/proc/$looking/stat"
}
list_number() {
	sql "SELECT max(number) FROM crl WHERE ca = 'people'"
}
is_newer() {
	[ "$(list_number)" -gt "$before" ]
}
# meanwhile POINT COMMAND...
meanwhile() {
	echo "$1 1 STOP" >"$tmp/plan"
	shift
	SIGNET_FAULT_PLAN=$tmp/plan "$@" >found.json 2>found.err &
	looking=$!
	wait_for is_held || return
	before=$(list_number)
	as o1 signet cert release "$(serial_in carol.pem)" --wait 20s --yes \
	    >/dev/null
	as o1 signet cert hold "$(serial_in carol.pem)" --wait 20s --yes \
	    >/dev/null
	wait_for is_newer && wait_for signet publish check
	meanwhile_status=$?
	kill -CONT "$looking"
	wait "$looking" && [ "$meanwhile_status" -eq 0 ]
}
ok 'a list that comes while the directory is looked at is no lie' \
    meanwhile canary.directory signet canary --ca people
ok '... neither for who compares all of it' \
    meanwhile publish.check signet publish check

service_stop slapd
exits 6 'a directory that is away is said' canary --ca people
told DEAD 'people|directory' "Can't contact"
told ok 'people|list' ''
service_start slapd

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
told WRONG 'people|list' 'issuer'
told WRONG 'people|issuer' 'another certificate than that of people'
cp "$pki/www/crl/people.crl" whole
head -c 200 whole >liar/crl/people.crl
exits 3 'a list that was cut is found' canary --ca people
told WRONG 'people|list' ''
stop "$liar"
service_start crld

service_stop ocspd
exits 6 'S011: without a responder there are lists' canary --ca people
told DEAD 'people|ocsp get good' ''
told ok 'people|list' ''
service_start ocspd

# For people: what is wrong alone.
is 'with nothing wrong there is nothing to show' \
    "$(signet canary --ca people --failed)" ''
done_testing
