#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# What doc/formats.md says of JSON and of the audit bundle is what commands write.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/formats.sh"
install_pki
page=$srcdir/doc/formats.md
ok 'there is something of each kind' formats_fill

rows() {
	sed -n "/^$1/,/^$2/s/^| \`\(signet[^\`]*\)\` | \(.*\) |\$/\1 | \2/p" \
	    "$page" | tr -d '`'
}
ca_start
rows '## JSON' 'Each of these' >"$tmp/rows"
ok 'the page has commands' grep -q '^signet cert list' "$tmp/rows"
while read -r row; do
	command=${row%% | *}
	formats_keys "$command" >"$tmp/out.keys" 2>"$tmp/err"
	is "$command" "$(tr '\n' ' ' <"$tmp/out.keys" | sed 's/ $//')" \
	    "${row#* | }"
done <"$tmp/rows"
ca_stop

# What hands out a file hands out the same file.
for command in "cert export $formats_serial" 'crl export people' \
    "order export $formats_order"; do
	# shellcheck disable=SC2086
	signet $command >"$tmp/plain"
	# shellcheck disable=SC2086
	signet $command --json >"$tmp/asked" 2>"$tmp/err"
	ok "${command% *} is the same with --json" cmp "$tmp/plain" "$tmp/asked"
	ok '... and is something' test -s "$tmp/plain"
done

# The bundle.
sed -n '/^## Audit bundle/,/^## Tables/s/^| `\([a-zA-Z.]*\)` .*/\1/p' "$page" |
    sort >"$tmp/want"
is 'the bundle has the files that the page names' \
    "$(find "$tmp/bundle" -type f -printf '%f\n' | sort)" "$(cat "$tmp/want")"
not 'entries are number, hash and base 64' \
    grep -qvE '^[0-9]+ [0-9a-f]{64} [A-Za-z0-9+/]+=*$' "$tmp/bundle/entries.txt"
sed -n '$p' "$tmp/bundle/entries.txt" | cut -d ' ' -f 3 | base64 -d >"$tmp/body"
not 'bodies are lines of key and value' grep -qvE '^[a-z]+=' "$tmp/body"
done_testing
