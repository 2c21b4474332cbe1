#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad and odd requests, made by another hand (tests/lib/bad_requests.pl): each
# is refused for its own reason, or taken without what the holder must not
# decide.  The same by the check alone and where requests are handed in.
# Shows G052 S029.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"

r=$tmp/requests
perl "$srcdir/tests/lib/bad_requests.pl" "$r" || {
	echo 'Bail out! no requests'
	exit 1
}
cases=$(wc -l <"$r/cases")
judge() {
	perl "$srcdir/tests/lib/judge_requests.pl" "$r/cases" "$@"
}
check() {
	signet csr check "$@" --json >"$tmp/json"
}
install_pki

# The check alone.
ok "there are at least 150 cases ($cases)" [ "$cases" -ge 150 ]
exits 2 'a run with refused ones ends with 2' check -p mail-sign "$r"
said "of $cases are refused"
is 'each verdict is as expected' "$(judge <"$tmp/json")" ''
ok 'a good one alone ends with 0' signet csr check "$r/good-p256.csr"
said 'good'
exits 3 'a weak key alone with 3' signet csr check "$r/rsa-roca.csr"
said 'fingerprint of ROCA'
exits 4 'a file that is not there with 4' signet csr check "$r/none.csr"
exits 2 'a field needs a profile' signet csr check --field name=x \
    "$r/good-p256.csr"
exits 2 'a field that the profile has not' signet csr check -p mail-sign \
    --field dns=a.b "$r/good-p256.csr"
ok 'a field said wins over the one in the request' signet csr check \
    -p mail-sign --field name='Alice H.' "$r/cn-placeholder.csr"
ok 'without settings only the profile is missed' env \
    SIGNET_CONFIG=/nonexistent signet csr check "$r/good-rsa.csr"

# Handed in: fifty mistakes are told at a time, so forty files.
orders() {
	sql 'SELECT count(*) FROM orders'
}
before=$(orders)
i=0
awk -F '\t' '$2 == "refused" { print $1 }' "$r/cases" >"$tmp/bad"
bad=$(wc -l <"$tmp/bad")
while read -r name; do
	[ -d "$tmp/some" ] || mkdir "$tmp/some"
	cp "$r/$name.csr" "$tmp/some/"
	i=$((i + 1))
	[ $((i % 40)) -eq 0 ] || [ "$i" -eq "$bad" ] || continue
	signet order import -p mail-sign "$tmp/some" >>"$tmp/import" 2>&1
	echo "$?" >>"$tmp/status"
	rm -r "$tmp/some"
done <"$tmp/bad"
is 'each import ends with 2' "$(sort -u "$tmp/status")" 2
is 'nothing is stored' "$(orders)" "$before"
is 'each is refused for the same reason' \
    "$(judge refused <"$tmp/import")" ''

# The rest is taken.
mkdir "$tmp/rest"
awk -F '\t' '$2 != "refused" { print $1 }' "$r/cases" >"$tmp/good"
while read -r name; do
	cp "$r/$name.csr" "$tmp/rest/"
done <"$tmp/good"
ok 'the good and the odd ones are handed in' \
    signet order import -p mail-sign "$tmp/rest"
is 'as one order' "$(orders)" $((before + 1))
done_testing
