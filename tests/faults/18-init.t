#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet init makes a whole installation, by way of signet-root and signet-cad,
# and whoever passes a step dies there.  There are thousands: with TEST_FULL 200
# of each kind are tried, with TEST_HUGE all.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
start_pg
faults_sql 'CREATE DATABASE signet'
mkdir "$tmp/new"
faults_dirs=$tmp/new
FAULTS_POINTS=3
faults_full=200
[ -z "${TEST_HUGE:-}" ] || faults_full=0
pki=$tmp/new/pki
SIGNET_CONFIG=$pki/signet.conf
export SIGNET_CONFIG
faults_begin

init_run() {
	signet init --dir "$pki" --data "$srcdir" \
	    --database "$conninfo user=postgres" \
	    --organization "Example Org" --country SE \
	    --url http://pki.example.org \
	    --root-key ec:P-256 --ca-key ec:P-256 --key ec:P-256 \
	    --security-officer "so1:Sigrid Ost" \
	    --security-officer "so2:Tom Norr" </dev/null
}
# The root writes down each of its sessions; one that was cut is there, too.
init_names() {
	sed -e 's,/log/.*,/log/LOG,' -e 's,/inputs/[0-9]*,/inputs/N,' \
	    -e 's,/out/order-[0-9]*-,/out/order-N-,'
}
init_holds() {
	proven --heads "$pki/heads.pem" &&
	    [ "$(grep -c BEGIN "$tmp/bundle/certs.pem")" -eq 8 ]
}
faults_of init
disk_of init
faults_sum
done_testing
