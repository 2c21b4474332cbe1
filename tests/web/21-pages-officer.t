#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As 20-pages.t, for the pages of officers.  (E058)
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/web/browser.sh"

mkdir "$tmp/pages"
ok 'the pages are made of templates and samples' \
    render_pages "$srcdir/ra" "$srcdir/tests/web/samples.json" "$tmp/pages"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/key" -out "$tmp/pem" -subj /CN=Alice -days 9 2>/dev/null
drive pages.mjs "$tmp/pages" "$tmp/pem" officer
done_testing
