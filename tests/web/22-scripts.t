#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the pages do in the browser: keys, files, renewal, security keys; what
# they send, and what they say when it goes wrong.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/web/browser.sh"

mkdir "$tmp/pages"
ok 'the pages are made of templates and samples' \
    render_pages "$srcdir/ra" "$srcdir/tests/web/samples.json" "$tmp/pages"
cd "$tmp" || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout ca.key -out ca.pem -subj "/CN=Test CA" -days 30 2>/dev/null
openssl pkcs12 -export -legacy -inkey ca.key -in ca.pem -out legacy.p12 \
    -passout pass:x
drive scripts.mjs
done_testing
