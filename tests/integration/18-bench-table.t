#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The table of the benches says what they measured, and nothing else.
. "${srcdir:-.}/tests/integration/tap.sh"
run=$srcdir/tests/bench/run
SIGNET_BUILD=${SIGNET_BUILD:?} BENCH_NAME=one
export SIGNET_BUILD BENCH_NAME

not 'a bench that is not there' sh "$run" --json "$tmp/b.json" nonsense
says 'no bench "nonsense" (try --list)' sh "$run" --json "$tmp/b.json" nonsense
not '... leaves no file' test -e "$tmp/b.json"
exits 2 'an option that is none' sh "$run" --nonsense
exits 2 'a comparison with what is not there' sh "$run" --compare "$tmp/no" issue
: >"$tmp/rows"
not 'no figures are no table' python3 "$srcdir/tests/bench/summary.py" \
    "$tmp/rows" 0 "$tmp/b.json"
is 'each bench has a name' "$(sh "$run" --list | wc -l)" \
    "$(find "$srcdir/tests/bench" -name 'bench-*.sh' | wc -l)"

# rows RATE - as a bench says them
rows() {
	rm -f "$tmp/rows"
	BENCH_JSON=$tmp/rows sh -c '
	. "$srcdir/tests/bench/row.sh"
	row "things made" "$1" /s "others make" 400
	row "... memory" 17.25 MiB
	BENCH_NAME=two
	row "things made" 5 /s' - "$1" >"$tmp/printed"
}
summary() {
	python3 "$srcdir/tests/bench/summary.py" "$tmp/rows" 0 "$@"
}
export srcdir
rows 100
says 'ratio 0.25' cat "$tmp/printed"
ok 'a table is made' eval 'summary "$tmp/then.json" >"$tmp/table"'
says 'one:' cat "$tmp/table"
ok '... with figure, yardstick and ratio' grep -qE \
    '^  things made +100 /s +others make: 400 +0\.25$' "$tmp/table"
ok '... and what belongs to it' grep -qE '^  \.\.\. memory +17\.25 MiB$' \
    "$tmp/table"
is 'the file has the same' "$(jq -r '.rows[] |
    "\(.bench) \(.what) \(.figure) \(.ratio)"' "$tmp/then.json" |
    paste -sd,)" \
    'one things made 100 0.25,one ... memory 17.25 null,two things made 5 null'
is '... and with what it was measured' "$(jq -r '.machine |
    (.openssl | startswith("OpenSSL")) and .processors > 0' \
    "$tmp/then.json")" true
rows 200
ok 'compared with then' eval \
    'summary "$tmp/now.json" "$tmp/then.json" >"$tmp/table"'
says '2.00 x' cat "$tmp/table"
ok '... each with its own' grep -qE \
    '^  things made +5 /s .*1\.00 x$' "$tmp/table"
done_testing
