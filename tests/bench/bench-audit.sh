#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An auditor's day: a bundle of the whole store is written, and verified by a
# program that believes nothing in it but the root.
#
# BENCH_AUDIT: certificates in the store, of each run ("10000 100000"); nine
# tenths came in ten batches, the others by orders of their own, one in a
# hundred is revoked.  Beside it: what the signatures of it cost alone, two for
# each certificate, and openssl verify, which looks at one of them.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tests/bench/installation.sh
. "$srcdir/tests/bench/installation.sh"
bench_start

fill() {
	bench_install
	at=0
	for i in 1 2 3 4 5 6 7 8 9; do
		feed batch "$tmp/d" "$conninfo" $((size / 10)) "$at" || exit 1
		at=$((at + size / 10))
	done
	feed single "$tmp/d" "$conninfo" $((size / 10)) "$at" || exit 1
	cad_until "$items_left"
	feed revoke "$tmp/d" "$conninfo" $((size / 100)) || exit 1
	cad_until "SELECT count(*) FROM orders WHERE state = 'ready'"
}

# openssl_verify BUNDLE - as many of its certificates as $sample
openssl_verify() {
	mkdir "$tmp/pem" &&
	    awk -v dir="$tmp/pem" -v n="$sample" '
		/^-----BEGIN/ {
			if (k == n)
				exit
			file = dir "/" ++k ".pem"
		}
		file != "" { print >file }
		/^-----END/ { close(file); file = "" }' "$1/certs.pem"
	measured openssl verify -CAfile "$1/cas.pem" "$tmp"/pem/*.pem
	rm -rf "$tmp/pem"
}

# each SECONDS N
each() {
	awk -v t="$1" -v n="$2" 'BEGIN { printf "%.1f", t * 1e6 / n }'
}

one() {
	echo "# a store of $size" >&2
	fill
	measured signet audit export "$tmp/b$size"
	row "$size certificates: bundle written" "$took" s
	row "... CPU for each, program" "$(each "$own" "$size")" us
	row "... CPU for each, store" "$(each "$store" "$size")" us
	row "... the bundle" "$(du -sm "$tmp/b$size" | cut -f 1)" MiB
	measured signet audit verify "$tmp/b$size" --root "$tmp/pki/ca/root.pem" \
	    --profiles "$tmp/pki/profiles"
	us=$(each "$own" "$size")
	row "$size certificates: bundle verified" "$took" s
	row "... CPU for each" "$us" us "two P-256 verifications" "$two"
	memory=$mib
	openssl_verify "$tmp/b$size"
	row "... CPU for each" "$us" us "openssl verify" \
	    "$(each "$own" "$sample")"
	row "... memory of the program" "$memory" MiB
	rm -rf "$tmp/b$size"
}

verifies=$(openssl speed -seconds 1 ecdsap256 2>/dev/null |
    awk 'END { printf "%.0f", $NF }')
two=$(awk -v n="$verifies" 'BEGIN { printf "%.1f", 2e6 / n }')
sample=2000
most=0
for size in ${BENCH_AUDIT:-10000 100000}; do
	[ "$size" -le "$most" ] || most=$size
done
feed requests "$tmp/d" "$most" || exit 1
for size in ${BENCH_AUDIT:-10000 100000}; do
	one
done
