#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every template with sample data, in both languages: nothing is missing, and
# everybody can read it, on a telephone and in the dark, too.  Here those for
# everybody, in 21-pages-officer.t those for officers.  (E045)
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/web/browser.sh"

mkdir "$tmp/pages"
ok 'each value that a template names is there, each text is used' \
    render_pages "$srcdir/ra" "$srcdir/tests/web/samples.json" "$tmp/pages"
for file in $(grep -l '{{>top.html}}' "$srcdir"/ra/templates/*.html); do
	[ -e "$tmp/pages/en-${file##*/}" ] || echo "${file##*/}"
done >"$tmp/out.without"
ok 'each page has a sample' sh -c 'cat "$1"; test ! -s "$1"' - "$tmp/out.without"

# What is not there is named.
mkdir -p "$tmp/ra/templates" "$tmp/bad"
cp -r "$srcdir/ra/texts" "$tmp/ra/texts"
echo '<p>{{nobody}}</p>' >"$tmp/ra/templates/a.html"
echo '{"common": {}, "pages": {"a.html": {}}}' >"$tmp/a.json"
says 'a.html: nobody' render_pages "$tmp/ra" "$tmp/a.json" "$tmp/bad"
says 'home.lead: no page uses this text' \
    render_pages "$tmp/ra" "$tmp/a.json" "$tmp/bad"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/key" -out "$tmp/pem" -subj /CN=Alice -days 9 2>/dev/null
drive pages.mjs "$tmp/pages" "$tmp/pem" everybody
done_testing
