#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many orders are handed in at once: a table as one batch, a folder of requests
# as an order for each, a file that was exported elsewhere; signet dies at each
# step.  Each is there once, with its requests, and none of them without the
# others.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=2
install_pki
make_requests "$tmp/people" 3 ec:P-256
mkdir "$tmp/hosts"
for host in a b c; do
	request "$host" -addext "subjectAltName=DNS:$host.example.org"
	cp "$tmp/$host.csr" "$tmp/hosts/"
done
ok 'somebody is known' signet holder new --name Mail mail
mark=$(sql "SELECT max(seq) FROM orders")
faults_begin
# Where there is another one besides, which no try begins with.
ok 'an order is made elsewhere' order_tls mail
ok '... and exported' signet order export "$(last_order)" -o "$tmp/one.pem"

of_kind() {
	sql "SELECT count(*) FROM orders WHERE seq > $mark AND $1"
}
# requests_of PROFILE - items of its orders, each with its own request
requests_of() {
	sql "SELECT count(DISTINCT r.der) FROM orders o JOIN item i
	    ON i.order_id = o.id JOIN request r
	    ON (r.order_id, r.n) = (i.order_id, i.n)
	    WHERE seq > $mark AND o.profile = '$1'"
}

# ---- a table: one order ----
table_run() {
	as o1 signet order import -p mail-sign --csv \
	    "$tmp/people/people.csv" --sign --yes
}
# What has arrived is in the list.
table_again() {
	[ "$(of_kind "kind = 'batch'")" = 0 ] || {
		[ "$(signet order show "$(last_order)" --json |
		    jq '.signed_by | length')" = 1 ] ||
		    as o1 signet order approve "$(last_order)" --yes
		return
	}
	table_run
}
table_holds() {
	[ "$(of_kind "kind = 'batch'")" = 1 ] &&
	[ "$(requests_of mail-sign)" = 3 ] &&
	[ "$(signet order show "$(last_order)" --json |
	    jq -r '[.signed_by[].person] | join(" ")')" = o1 ] && proven
}
faults_of table

# ---- a folder: an order for each, and all of them or none ----
folder_run() {
	as o1 signet order import -p tls-server --single "$tmp/hosts" --sign \
	    --yes
}
folder_again() {
	case $(of_kind "profile = 'tls-server'") in
	0) folder_run ;;
	3) folder_sign ;;
	*) echo 'some of them are there' && false ;;
	esac
}
folder_sign() {
	[ "$(of_kind "state = 'pending'")" = 0 ] ||
	    as o1 signet order approve --all-pending --yes
}
folder_holds() {
	[ "$(of_kind "profile = 'tls-server' AND state = 'ready'")" = 3 ] &&
	[ "$(requests_of tls-server)" = 3 ] && proven
}
faults_of folder

# ---- an order from elsewhere, as often as one likes ----
elsewhere_run() {
	signet order import "$tmp/one.pem" --yes
}
elsewhere_holds() {
	[ "$(of_kind "holder = 'mail' AND state = 'pending'")" = 1 ] &&
	[ "$(requests_of tls-server)" = 1 ] && proven
}
faults_of elsewhere
faults_sum
done_testing
