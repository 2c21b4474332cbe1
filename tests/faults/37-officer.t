#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# At the pages of signet-rad an officer orders a batch, puts a certificate on
# hold and revokes it, and a holder renews with the old key; signet-rad dies at
# each step.  Whoever got no answer looks how it stands, and goes on.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=4
install_pki
sed -i -e 's/^validity = .*/validity = "300d";/' \
    -e 's/^renewal_window = .*/renewal_window = "300d";/' \
    "$pki/profiles/mail-dual"
rad_configure
ok 'signet-rad has run' rad_start
rad_stop
ok 'an officer has a security key' bind o1 o1
row() {
	request "$1" && printf '%s,%s.example.org,%s\n' "$1" "$1" \
	    "$(openssl req -in "$tmp/$1.csr" -outform DER | base64 -w 0)"
}
{ echo holder,dns,csr; row w1; row w2; row w3; } >"$tmp/people.csv"
request alice
request next -subj /
ok 'somebody has a certificate' as o1 signet order new --profile mail-dual \
    --csr "$tmp/alice.csr" --holder alice --holder-name alice \
    --field country=SE --field 'org=Example AB' \
    --field orgid=NTRSE-556677-8899 --field given=alice \
    --field surname=Holm --field 'name=alice Holm' \
    --field mail=alice@example.org --sign --yes
ok '... from the CA' cad
serial=$(serial_of "$(last_order)")
cert_of "$(last_order)" >"$tmp/alice.pem"
mark=$(sql 'SELECT max(seq) FROM orders')
wait_for faults_calm
faults_begin

# What looks once a second whether there is a mail has its own test.
crash_in='MHD-worker,rad: web,rad: sea,rad: kee'
# orders_are KIND STATE... - these, since then
orders_are() {
	orders_kind=$1
	shift
	[ "$(sql "SELECT string_agg(state, ' ' ORDER BY seq) FROM orders
	    WHERE seq > $mark AND kind = '$orders_kind'")" = "$*" ]
}
sign_it() {
	sign_at=/officer/order/$(last_order)/sign
	browse_as o1 "$sign_at" >/dev/null
	[ "$(touch_it o1 "$sign_at")" = 303 ]
}

# ---- batch: a table becomes one order, which is signed ----
batch_pages() {
	browse_as o1 /officer/batches >/dev/null
	[ "$(upload o1 /officer/batches/new "$tmp/people.csv" \
	    -F profile=tls-server)" = 200 ] &&
	[ "$(post_hidden o1 /officer/batches/order)" = 303 ] && sign_it
}
batch_run() (
	export CRASH_IN="$crash_in"
	rad_while batch_pages
)
batch_signed() {
	signet order show "$(last_order)" --json |
	    jq -e 'any(.signed_by[]; .person == "o1")'
}
batch_rest() {
	if orders_are batch ''; then
		batch_pages
	else
		batch_signed || sign_it
	fi
}
batch_again() {
	rad_while batch_rest
}
batch_holds() {
	orders_are batch pending && batch_signed && [ "$(sql "SELECT
	    count(DISTINCT r.der) FROM request r JOIN orders o
	    ON o.id = r.order_id WHERE o.seq > $mark")" = 3 ] && proven
}
faults_of batch

# ---- status: on hold, and then revoked ----
cert=/officer/cert/people/$serial
# acts WORD [FIELD]... - asked for and signed
acts() {
	acts_what=$1
	shift
	browse_as o1 "$cert" >/dev/null
	[ "$(post o1 "$cert" -d "act=$acts_what" "$@")" = 200 ] &&
	[ "$(touch_it o1 "$(form_act)")" = 303 ]
}
status_pages() {
	acts hold && cad && acts revoke -d reason=superseded
}
status_run() (
	export CRASH_IN="$crash_in"
	rad_while status_pages && cad
)
# Its page says what has become of it, and the queue has what is not signed.
acts_rest() {
	if orders_are "$1" ''; then
		acts "$@"
	else
		! orders_are "$1" pending || sign_it
	fi
}
status_rest() {
	acts_rest hold && cad && acts_rest revoke -d reason=superseded
}
status_again() {
	rad_while status_rest && cad
}
status_holds() {
	orders_are hold 'done' && orders_are revoke 'done' &&
	[ "$(sql "SELECT status || ' ' || reason FROM cert
	    WHERE serial = decode('$serial', 'hex')")" = 'revoked 4' ] &&
	[ "$(sql 'SELECT count(*) FROM status_change')" = 2 ] && proven
}
faults_of status

# ---- renew: in two halves, as the page's script does ----
renew_before() {
	rm -f "$tmp/half"
}
value() {
	jq -r ".$1" "$tmp/body"
}
renew_prepare() {
	browse n /renew >/dev/null
	token >"$tmp/csrf"
	[ "$(browse n /renew/prepare --data-urlencode "csrf=$(token)" \
	    --data-urlencode "certificate@$tmp/alice.pem" \
	    --data-urlencode "csr@$tmp/next.csr")" = 200 ] || return
	value bytes | openssl base64 -d -A >"$tmp/bytes"
	openssl dgst -sha256 -sign "$tmp/alice.key" "$tmp/bytes" |
	    openssl base64 -A >"$tmp/signature"
	value token | tr -d '\n' >"$tmp/half"
}
renew_finish() {
	browse n /renew/finish --data-urlencode "csrf=$(cat "$tmp/csrf")" \
	    --data-urlencode "token@$tmp/half" \
	    --data-urlencode "signature@$tmp/signature"
}
renew_pages() {
	renew_prepare && [ "$(renew_finish)" = 200 ]
}
renew_run() (
	export CRASH_IN="$crash_in"
	rad_while renew_pages && cad
)
# Sent once more it says that it is there, or goes on.
renew_rest() {
	[ -s "$tmp/half" ] || renew_prepare || return
	browse n /renew >/dev/null
	token >"$tmp/csrf"
	case $(renew_finish) in
	200 | 409) ;;
	*) cat "$tmp/body" && false ;;
	esac
}
renew_again() {
	rad_while renew_rest && cad
}
renew_holds() {
	orders_are issue 'done' &&
	[ "$(sql "SELECT count(*) FROM cert WHERE holder = 'alice'")" = 2 ] &&
	cert_of "$(last_order)" | openssl x509 -noout -pubkey >"$tmp/pub" &&
	openssl req -in "$tmp/next.csr" -noout -pubkey | cmp - "$tmp/pub" &&
	proven
}
faults_of renew
faults_sum
done_testing
