#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests handed in as one batch from a CSV file, and two officers' approvals.
#
# BENCH_ITEMS rows (20000), each with a request in a file of its own, by an
# installation that "signet init" made, against bare checks of a signature.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
PATH=$PATH:$SIGNET_BUILD/ca/root
items=${BENCH_ITEMS:-20000}
bench_start

# feed's installation gives the requests; the one that takes them is real.
feed requests "$tmp/d" "$items" && feed pem "$tmp/d" "$items" || exit 1
psql -X -q -d postgres -c 'ALTER DATABASE signet RENAME TO fed' || exit 1
signet init --dir "$tmp/pki" --data "$srcdir" --organization "Example AB" \
    --country SE --database "$conninfo user=postgres" \
    --url http://pki.example.org --root-key ec:P-256 --ca-key ec:P-256 \
    --key ec:P-256 --security-officer "s1:Sara One" \
    --security-officer "s2:Sten Two" --officer "o1:Olga One" \
    --officer "o2:Otto Two" --yes </dev/null >"$tmp/out" 2>&1 ||
    { tail -n 5 "$tmp/out" >&2; exit 1; }
SIGNET_CONFIG=$tmp/pki/signet.conf
export SIGNET_CONFIG

as() {
	who=$1
	shift
	"$@" --key "$tmp/pki/officers/$who.key" \
	    --cert "$tmp/pki/officers/$who.pem" \
	    --passphrase "file:$tmp/pki/secrets/officer-$who" --yes \
	    </dev/null >"$tmp/out" 2>&1 || { tail -n 5 "$tmp/out" >&2; exit 1; }
}

# Seconds that a command takes, in $took.
timed() {
	s=$(date +%s.%N)
	"$@"
	took=$(awk -v s="$s" -v e="$(date +%s.%N)" \
	    'BEGIN { printf "%.2f", e - s }')
}

awk -v n="$items" 'BEGIN {
	print "holder,name,given,surname,mail,org,orgid,country,csr"
	for (i = 1; i <= n; i++)
		printf "b%d,Person %d,Person,%d,p%d@example.org,Example AB," \
		    "NTRSE-5560000001,SE,%06d.pem\n", i, i, i, i, i - 1
}' >"$tmp/d/pem/people.csv"

timed as o1 signet order import --profile mail-dual \
    --csv "$tmp/d/pem/people.csv"
import=$took
id=$(sql "SELECT encode(id, 'hex') FROM orders WHERE kind = 'batch'")
stored=$(sql "SELECT count(*) FROM request r JOIN orders o ON o.id = r.order_id
    WHERE o.kind = 'batch'")
[ "$stored" = "$items" ] || { echo "$stored of $items stored" >&2; exit 1; }
timed as o1 signet order approve "$id"
first=$took
timed as o2 signet order approve "$id"
second=$took
state=$(sql "SELECT state FROM orders WHERE id = decode('$id', 'hex')")
[ "$state" = ready ] || { echo "the order is $state" >&2; exit 1; }

verifies=$(openssl speed -seconds 1 ecdsap256 2>/dev/null |
    awk 'END { printf "%.0f", $NF }')
row "requests handed in as one batch" "$(awk -v n="$items" -v t="$import" \
    'BEGIN { printf "%.0f", n / t }')" /s "one core's P-256 verifications" \
    "$verifies"
row "the first officer approves $items items" "$first" s
row "the second officer approves them" "$second" s
