#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A list is made while a revocation is in the signer's ledger and its
# transaction not at its end, or never was because signet-cad was killed.  The
# list has it, and there is no alarm; when the store has had it and lost it,
# there is.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/store_hold.sh"
install_pki
sed -i -e 's/^workers = .*/workers = 2;/' -e 's/^group = .*/group = 100;/' \
    "$pki/cad.conf"
for name in one two three; do
	as o1 order_tls "$name" --sign >/dev/null
done
ok 'certificates are issued' cad
three=$(serial_of "$(last_order)")
two=$(serial_of "$(last_order 1)")
one=$(serial_of "$(last_order 2)")

reads() { has_locks status_change true ShareLock; }
waits() { has_locks status_change false RowExclusiveLock; }
start signet-cad -d -c "$pki/cad.conf"
workers() {
	ps -o pid=,comm= --ppid "$last" | sort -n | awk '/: wor/ { print $1 }'
}
two_connected() {
	[ "$(workers | wc -l)" = 2 ] && [ "$(sql "SELECT count(*)
	    FROM pg_stat_activity WHERE application_name LIKE 'cad-1/%'
	    AND state = 'idle'")" -ge 2 ]
}
ok 'signet-cad runs, with two workers' wait_for two_connected
hold 'LOCK TABLE signet.status_change IN SHARE MODE'
ok 'the history of changes cannot be written' wait_for reads
# The first worker makes the lists; so it is to be the other one's order.
first=$(workers | head -n 1)
kill -STOP "$first"
as o1 signet order new --kind revoke --reason superseded --wait 0s --yes \
    "$one" >"$tmp/out" 2>&1
ok 'a revocation waits for its end' wait_for waits
due() {
	tamper "UPDATE crl SET this_update = this_update - interval '2d'
	    WHERE ca = 'services'"
}
ok 'a list is due' due
made() {
	grep -c '^signet-cad: CRL .* of CA services' "$tmp/log"
}
before=$(made)
kill -CONT "$first"
stored() { [ "$(made)" -gt "$before" ]; }
ok 'it is made meanwhile' wait_for stored
ok '... and the revocation is still under way' waits
alarmed() { grep -q 'ALARM' "$tmp/log"; }
not '... without an alarm' alarmed
listed() {
	signet crl export services --format pem | openssl crl -noout -text |
	    grep -qi "Serial Number: $1"
}
ok '... with the revocation' listed "$one"
let_go
revoked() { [ "$(sql "SELECT status FROM cert
    WHERE serial = '\\x$one'")" = revoked ]; }
ok 'which the store has by then' wait_for revoked
not 'there was no alarm at all' alarmed

# It had it, and has it no more.
as o1 signet order new --kind revoke --reason superseded --wait 0s --yes \
    "$two" >"$tmp/out" 2>&1
gone() { [ "$(sql "SELECT status FROM cert WHERE serial = '\\x$two'")" = \
    revoked ]; }
ok 'another is revoked' wait_for gone
tamper "UPDATE cert SET status = 'good', revoked_at = NULL, reason = NULL
    WHERE serial = '\\x$two'"
due
ok 'the store loses it: an alarm' wait_for grep -q \
    "ALARM crl: the store lacks revoked certificate $two" "$tmp/log"
stop "$last"

# Killed between the ledger and the store's COMMIT; the next list comes before
# the order is tried again, which somebody has locked.
is_good() { [ "$(sql "SELECT status FROM cert
    WHERE serial = '\\x$three'")" = good ]; }
blames() { grep -q "the store lacks revoked certificate $three" "$tmp/log"; }
as o1 signet order new --kind revoke --reason superseded --wait 0s --yes \
    "$three" >"$tmp/out" 2>&1
SIGNET_FAULT=cad.status-before-commit
export SIGNET_FAULT
not 'a third revocation, killed before it is in the store' cad
unset SIGNET_FAULT
ok '... which says good' is_good
hold "SELECT FROM signet.orders WHERE state = 'ready' FOR UPDATE"
ok 'its order is locked' wait_for has_locks orders true RowShareLock
due
ok 'the next start makes a list' cad
ok '... that has it' listed "$three"
ok '... while the store says good' is_good
not '... without blaming the store for it' blames
let_go
ok 'the order is carried out after all' cad
not '... and the store has it' is_good
not '... without an alarm about it' blames
tamper "UPDATE cert SET status = 'good', revoked_at = NULL, reason = NULL
    WHERE serial = '\\x$three'"
due
cad
ok 'when the store loses it then, there is an alarm' blames
done_testing
