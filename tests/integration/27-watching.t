#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Alerts and the dashboard ask only for what the daemons really tell.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
. "$srcdir/tests/lib/rad.sh"
alerts=${watch:-$srcdir/etc/watch}/signet-alerts.yml
dashboard=${watch:-$srcdir/etc/watch}/signet-dashboard.json
services_install
mkdir "$tmp/watch"
echo "metrics = \"$tmp/watch/signet.prom\";" >>"$pki/cad.conf"
service_start slapd cad crld ocspd
rad_configure
rad_start
told() {
	{
		cat "$tmp/watch/signet.prom" &&
		curl -sSf "$crl_metrics/metrics" &&
		curl -sSf "$ocsp_metrics/metrics" &&
		curl -sSf "$rad_metrics/metrics"
	} >"$tmp/metrics" &&
	    grep -q '^signet_publish_waiting{' "$tmp/metrics"
}
ok 'the daemons tell' wait_for told
sed -n 's/^\(signet_[a-z_]*\).*/\1/p' "$tmp/metrics" | sort -u >"$tmp/names"
# asked FILE - names that it asks for and nobody tells
untold() {
	sed 's/#.*//' "$1" | grep -oE 'signet_[a-z_]+' | sort -u >"$tmp/asked"
	[ -s "$tmp/asked" ] || echo 'nothing is asked for'
	comm -23 "$tmp/asked" "$tmp/names"
}
is 'every alert asks for what is told' "$(untold "$alerts")" ''
is '... as does the dashboard' "$(untold "$dashboard")" ''
# A name that nobody tells is found, as a proof of the above.
echo 'expr: signet_ocsp_nonsense' >"$tmp/wrong"
is 'another name is not' "$(untold "$tmp/wrong")" signet_ocsp_nonsense
ok 'the dashboard is JSON' python3 -m json.tool "$dashboard" /dev/null
# Each alert says what is the matter, and how grave.
rules() {
	grep -c "^ *$1" "$alerts"
}
is 'each alert has a severity' "$(rules 'labels: { severity: ')" \
    "$(rules '- alert: ')"
is '... and a summary' "$(rules 'summary: .')" "$(rules '- alert: ')"
is '... and says what to do' "$(rules 'description: ')" "$(rules '- alert: ')"
if command -v promtool >/dev/null; then
	ok 'Prometheus takes the rules' promtool check rules "$alerts"
	mkdir "$tmp/rules" && cp "$alerts" "$srcdir/tests/lib/alerts_test.yml" \
	    "$tmp/rules"
	ok '... which call when they must, and only then' \
	    promtool test rules "$tmp/rules/alerts_test.yml"
fi
done_testing
