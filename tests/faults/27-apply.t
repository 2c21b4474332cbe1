#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Somebody applies by the form of signet-rad and confirms the mail address, an
# officer makes an order of it with a security key, the applicant collects what
# the CA has made; signet-rad dies at each step, and whoever it was who got no
# answer looks how it stands and goes on.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
sink_start
rad_configure
rad_set apply '[ "mail-dual" ]'
rad_mail "$sink_url"
ok 'signet-rad has run' rad_start
rad_stop
ok 'an officer has a security key' bind o1 o1
request alice
wait_for faults_calm
faults_begin

# The process that sends the mails looks once a second, so that its steps are not
# the same each time; it has tests/faults/24-notice.t.
crash_in='MHD-worker,rad: web,rad: sea,rad: kee'

no_mail() {
	rm -f "$tmp"/sink/mail/*.eml
}
# told WORD - the path of the link of that kind in the newest mail
told() {
	last_mail "$rad/$1/" | grep -oE "/$1/[0-9a-f]{40}" | head -n 1
}
came() {
	told_path=$(told "$1") && [ -n "$told_path" ]
}
# comes WORD - the mail with this link, unless the program has died
comes() {
	wait_for rad_over came "$1" && came "$1"
}
application() {
	sql "SELECT state FROM application"
}
told_all() {
	[ "$(sql "SELECT count(*) FROM notice WHERE state <> 'sent'")" = 0 ]
}
# A mail that goes out again has a link of its own.
apply_rows() {
	sed '/^application_link|/d'
}
# That it was approved is told if the CA takes its time.
decide_rows() {
	sed -e '/^application_link|/d' -e '/^notice|/d'
}
collect_rows() {
	apply_rows
}

# ---- apply: the form, and the link in the mail ----
apply_before() {
	no_mail
}
fill_in() {
	browse a /enrol/mail-dual >/dev/null
	[ "$(browse a /enrol/mail-dual --data-urlencode "csrf=$(token)" \
	    --data-urlencode mail=alice@example.org \
	    --data-urlencode field.country=SE \
	    --data-urlencode "field.org=Example AB" \
	    --data-urlencode field.orgid=NTRSE-556677-8899 \
	    --data-urlencode field.given=Alice \
	    --data-urlencode field.surname=Holm \
	    --data-urlencode "field.name=Alice Holm" \
	    --data-urlencode "csr@$tmp/alice.csr")" = 200 ]
}
confirm() {
	comes confirm && browse b "$told_path" >/dev/null &&
	[ "$(browse b "$told_path" --data-urlencode "csrf=$(token)")" = 303 ]
}
apply_both() {
	fill_in && confirm && comes status && wait_for rad_over told_all
}
apply_run() (
	export CRASH_IN="$crash_in"
	rad_while apply_both
)
# Who has got the mail has applied, and who has got the second one confirmed.
apply_rest() {
	[ -n "$(application)" ] || fill_in || return
	[ "$(application)" = waiting ] || confirm || return
	comes status && wait_for rad_over told_all
}
apply_again() {
	rad_while apply_rest
}
apply_holds() {
	[ "$(application)" = waiting ] && [ -n "$(told status)" ] && proven
}
faults_of apply

# ---- decide: the officer makes an order of it ----
id=$(sql "SELECT encode(id, 'hex') FROM application")
ok 'the application waits' [ "$(application)" = waiting ]
wait_for faults_calm
faults_begin

decide_before() {
	no_mail
}
decide_page() {
	browse_as o1 "/officer/application/$id" >/dev/null
	[ "$(post o1 "/officer/application/$id/order" -d holder=4711 \
	    --data-urlencode 'holder_name=Alice Holm' -d evidence=passport \
	    --data-urlencode 'evidence_text=seen today')" = 200 ] &&
	[ "$(touch_it o1 "$(form_act)")" = 303 ]
}
# What the CA has made is told, unless the program has died.
told_issued() {
	[ "$(sql "SELECT count(*) FROM notice WHERE kind = 'issued'
	    AND state = 'sent'")" = 1 ]
}
decide_told() {
	cad && wait_for rad_over told_issued && wait_for rad_over told_all
}
decide_all() {
	decide_page && decide_told
}
decide_run() (
	export CRASH_IN="$crash_in"
	rad_while decide_all
)
decide_state() {
	sql "SELECT state FROM orders WHERE kind = 'issue'
	    AND profile = 'mail-dual'"
}
decide_sign() {
	decide_at=/officer/order/$(last_order)/sign
	browse_as o1 "$decide_at" >/dev/null
	[ "$(touch_it o1 "$decide_at")" = 303 ]
}
# Whoever sees that it waits decides, and signs if the order does; the CA has its
# own tests.
decide_rest() {
	[ "$(application)" != waiting ] || decide_page || return
	[ "$(decide_state)" != pending ] || decide_sign || return
	decide_told
}
decide_again() {
	rad_while decide_rest
}
decide_holds() {
	decide_is || {
		application
		sql 'SELECT kind, state FROM notice'
		return 1
	}
}
decide_is() {
	[ "$(application)" = issued ] &&
	[ "$(decide_state)" = 'done' ] &&
	[ "$(sql "SELECT count(*) FROM cert WHERE holder = '4711'")" = 1 ] &&
	[ "$(sql "SELECT string_agg(kind, ' ' ORDER BY kind) FROM notice
	    WHERE kind <> 'approved'")" = 'confirm issued received' ] &&
	[ -n "$(told status)" ] && proven
}
faults_of decide

# ---- collect: the certificate, and the code that revokes it ----
collect=$(told status | sed s,status,collect,)
wait_for faults_calm
faults_begin

collect_before() {
	no_mail
}
collect_code() {
	[ "$1" = 200 ] && grep -qE '>([0-9A-Z]{4}-){5}[0-9A-Z]{4}<' "$tmp/body"
}
collect_cert() {
	[ "$(visit "$collect/pem")" = 200 ] &&
	openssl x509 -in "$tmp/body" -noout -pubkey >"$tmp/pub" &&
	openssl req -in "$tmp/alice.csr" -noout -pubkey | cmp - "$tmp/pub"
}
collect_all() {
	collect_code "$(browse c "$collect")" && collect_cert
}
collect_run() (
	export CRASH_IN="$crash_in"
	rad_while collect_all
)
# A code that was made and not seen is replaced.
collect_rest() {
	collect_code "$(browse c "$collect")" ||
	    collect_code "$(browse c "$collect/code" \
	    --data-urlencode "csrf=$(token)")" || return
	collect_cert
}
collect_again() {
	rad_while collect_rest
}
collect_holds() {
	[ "$(sql 'SELECT count(*) FROM revocation_code')" = 1 ] && proven
}
faults_of collect
faults_sum
done_testing
