#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet init killed at each of its points, then run again: it ends, and what
# it made is whole.
. "${srcdir:-.}/tests/integration/tap.sh"
PATH=$SIGNET_BUILD:$PATH
start_pg
owner="host=$PGHOST port=$PGPORT user=postgres"

init() {
	signet init --dir "$1" --data "$srcdir" \
	    --database "$owner dbname=$2" \
	    --organization "Example Org" --country SE \
	    --url http://pki.example.org \
	    --root-key ec:P-256 --ca-key ec:P-256 --key ec:P-256 \
	    --security-officer "so1:Sigrid Ost" \
	    --security-officer "so2:Tom Norr" </dev/null
}
proven() {
	rm -rf "$tmp/bundle"
	signet audit export --config "$1/signet.conf" "$tmp/bundle" &&
	signet audit verify "$tmp/bundle" --root "$1/ca/root.pem" \
	    --heads "$1/heads.pem" --profiles "$1/profiles" &&
	[ "$(grep -c BEGIN "$tmp/bundle/certs.pem")" -eq 8 ]
}

export SIGNET_FAULT_LIST="$tmp/passed"
: >"$tmp/passed"
ok 'it is run once' init "$tmp/whole" whole
unset SIGNET_FAULT_LIST
points=$(sort -u "$tmp/passed" | grep -E '^(init|root)')
if [ -z "$points" ]; then
	echo "# this build has no fault points: --enable-faults"
	done_testing
fi
n=0
for point in $(echo "$points" | some_points 14); do
	n=$((n + 1))
	SIGNET_FAULT=$point init "$tmp/d$n" "run$n" >"$tmp/killed" 2>&1
	tap_status=$?
	[ "$tap_status" -ne 0 ]
	tap_result $? "killed at $point"
	ok "$point: it goes on" init "$tmp/d$n" "run$n"
	ok "$point: all is whole" proven "$tmp/d$n"
	rm -rf "$tmp/d$n"
	psql -X -q -c "drop database run$n" >/dev/null 2>&1
done
done_testing
