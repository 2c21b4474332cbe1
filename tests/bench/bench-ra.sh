#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long a page of signet-rad takes when 100 visitors look at forms, searches
# and their status, with few orders in the store and with very many; and the
# same for officers at their queue, dashboard, certificates and audit view.
#
# BENCH_ORDERS (1000000), BENCH_VISITORS (100), BENCH_PAUSE in ms between two
# pages of one visitor (1000), BENCH_SECONDS (20).  The visitors are on the same
# machine, so that what a page costs the processors says more than how long it
# took.  Orders, certificates, names, holders and audit entries are rows made
# for the purpose; those that are opened are real.
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
export srcdir
# shellcheck source=tests/integration/tap.sh
. "$srcdir/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/rad.sh
. "$srcdir/tests/lib/rad.sh"
# shellcheck source=tests/lib/officer.sh
. "$srcdir/tests/lib/officer.sh"
# shellcheck source=tests/bench/row.sh
. "$srcdir/tests/bench/row.sh"
orders=${BENCH_ORDERS:-1000000} people=${BENCH_VISITORS:-100}
pause=${BENCH_PAUSE:-1000} seconds=${BENCH_SECONDS:-20}
make -s -C "$SIGNET_BUILD" tests/bench/visitors \
    tests/lib/authenticator >/dev/null || exit 1
PG_FSYNC=on start_pg
install_pki
rad_configure
rad_set apply '[ "mail-dual", "web-login" ]'
rad_set per_address 0
rad_mail smtp://127.0.0.1:9

# Something real to look at, by somebody who may.
bind o1 o1 >"$tmp/out" 2>&1 || { cat "$tmp/out" >&2; exit 1; }
as o1 order_tls www --sign >"$tmp/out" 2>&1 || { cat "$tmp/out" >&2; exit 1; }
done_order=$(last_order)
cad
done_serial=$(serial_of "$done_order")
token=$(openssl rand -hex 20)

filled=0
# Until there are that many: one of a hundred waits for officers, one was
# rejected, one certificate of fifty is revoked.
fill() {
	psql -X -q -v ON_ERROR_STOP=1 -d signet <<-S || exit 1
	SET search_path = signet;
	SET session_replication_role = replica;
	SET synchronous_commit = off;
	CREATE TEMP TABLE g AS SELECT g, sha256(int8send(g)) AS h,
	    now() - (($1 - g) || ' seconds')::interval AS at,
	    CASE g % 100 WHEN 0 THEN 'pending' WHEN 1 THEN 'rejected'
	    ELSE 'done' END AS state,
	    'user' || g || '@example.org' AS mail
	    FROM generate_series($filled + 1, $1) g;
	INSERT INTO holder (id, name, mail, org) SELECT 'h' || g, 'Holder ' || g,
	    mail, 'Example AB' FROM g;
	INSERT INTO orders (id, digest, kind, state, ca, profile, holder, summary,
	    blob, approvals, items, open_items, created_at, expires_at,
	    stored_at, changed_at, reason)
	    SELECT substr(h, 1, 16), h, 'issue', state, 'people', 'mail-dual',
	    'h' || g, 'mail-dual for h' || g, h, 1, 1,
	    CASE state WHEN 'pending' THEN 1 ELSE 0 END, at,
	    at + interval '1 year', at, at,
	    CASE state WHEN 'rejected' THEN 'no' END FROM g;
	INSERT INTO item (order_id, n, state, holder)
	    SELECT substr(h, 1, 16), 0, CASE state WHEN 'pending' THEN 'open'
	    WHEN 'rejected' THEN 'dropped' ELSE 'done' END, 'h' || g FROM g;
	INSERT INTO cert (ca, serial, order_id, n, profile, holder, subject,
	    key_digest, not_before, not_after, der, issued_at, status,
	    revoked_at, reason)
	    SELECT 'people', substr(h, 17, 16), substr(h, 1, 16), 0, 'mail-dual',
	    'h' || g, 'CN=Holder ' || g, h, at, at + interval '300 days',
	    decode(repeat('30', 64), 'hex'), at,
	    CASE g % 50 WHEN 2 THEN 'revoked' ELSE 'good' END,
	    CASE g % 50 WHEN 2 THEN at END, CASE g % 50 WHEN 2 THEN 4 END
	    FROM g WHERE state = 'done';
	INSERT INTO cert_name (cert, kind, value)
	    SELECT c.id, 'mail', g.mail FROM g JOIN cert c
	    ON c.serial = substr(g.h, 17, 16) AND c.ca = 'people';
	INSERT INTO status_change (ca, serial, status, reason, order_id,
	    changed_at) SELECT 'people', substr(h, 17, 16), 'revoked', 4,
	    substr(h, 1, 16), at FROM g WHERE g % 50 = 2 AND state = 'done';
	INSERT INTO audit (seq, hash, body)
	    SELECT (SELECT max(seq) FROM audit) + g - $filled, h,
	    convert_to('{"type":"order-new","order":"' || encode(h, 'hex')
	    || '"}', 'UTF8') FROM g;
	UPDATE audit_head SET seq = a.seq, hash = a.hash
	    FROM (SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1) a;
	INSERT INTO application (id, state, profile, fields, request,
	    key_digest, mail, lang, confirmed_at, made_at, expires_at, reason)
	    SELECT substr(h, 1, 16),
	    CASE WHEN g % 100 = 10 THEN 'waiting' ELSE 'rejected' END,
	    'mail-dual', '[["name", "Holder"]]', h || h, h, mail, 'en', at, at,
	    now() + interval '30 days',
	    CASE WHEN g % 100 = 10 THEN NULL ELSE 'no' END FROM g
	    WHERE g % 10 = 0;
	INSERT INTO application_link (application, kind, token)
	    SELECT id, 'status', sha256('$token') FROM application
	    WHERE state = 'waiting' LIMIT 1 ON CONFLICT DO NOTHING;
	SET session_replication_role = origin;
	S
	sql 'VACUUM ANALYZE'
	sql CHECKPOINT
	filled=$1
}

# What waits is read, so it is real: a page of it, newest.
fill_pending() {
	i=0
	while [ $i -lt 50 ]; do
		i=$((i + 1))
		order_tls wish --comment "$i" >"$tmp/out" 2>&1 ||
		    { cat "$tmp/out" >&2; exit 1; }
	done
	pending_order=$(last_order)
}

# look WHAT ORIGIN [visitors' options] -- PATH...
look() {
	look_what=$1 look_at=$2
	shift 2
	look_options=
	while [ "$1" != -- ]; do
		look_options="$look_options $1"
		shift
	done
	shift
	look_urls=
	for look_path; do
		look_urls="$look_urls $look_at$look_path"
	done
	look_pg=$(head -n 1 "$tmp/pg/data/postmaster.pid")
	look_rad=$(cpu_tree "$rad_pid") look_store=$(cpu_tree "$look_pg")
	# shellcheck disable=SC2086 # many
	visitors -C "$pki/ca/root.pem" -r "${look_at#https://}" -n "$people" \
	    -p "$pause" $look_options $look_urls >"$tmp/visit" || exit 1
	look_rad="$look_rad $(cpu_tree "$rad_pid")"
	look_store="$look_store $(cpu_tree "$look_pg")"
	awk -v bad=0 '$3 > 0 { print "failed: " $0 >"/dev/stderr"; bad = 1 }
	    END { exit bad }' "$tmp/visit" || tail -n 5 "$tmp/rad.log" >&2
	while read -r url n bad p50 p99 _; do
		label=${url#"$look_at"}
		label=$(printf %s "$label" |
		    sed "s,$token,TOKEN,; s,[0-9a-f]\{30\,\},ID,; s/?.*//")
		row "RA: $look_what: $label ($n)" "$p99" "ms p99" \
		    "its median" "$p50"
		[ "$bad" -eq 0 ] || failed=yes
	done <"$tmp/visit"
	look_n=$(awk '$1 == "all" { print $2 }' "$tmp/visit")
	# shellcheck disable=SC2086 # a word and two numbers each
	for look_part in "signet-rad $look_rad" "store $look_store"; do
		set -- $look_part
		row "RA: $look_what: CPU of a page, $1" "$(awk -v a="$2" \
		    -v b="$3" -v n="$look_n" 'BEGIN {
			printf "%.2f", (b - a) * 1000 / n }')" ms
	done
}
failed=
both() {
	rad_start || { cat "$tmp/rad.log" >&2; exit 1; }
	look "$1 orders, visitors" "$rad" -s "$seconds" -- / /enrol \
	    /enrol/mail-dual /code "/status/$token" \
	    "/search?mail=user$((filled / 2 + 12))@example.org" /renew /revoke
	look "$1 orders, officers" "$rad_cert" -s "$seconds" \
	    -E "$tmp/o1.pem" -K "$tmp/o1.key" -- /officer /officer/queue \
	    "/officer/queue?kind=order" "/officer/order/$pending_order" \
	    "/officer/certs?mail=user$((filled / 2 + 12))@example.org" \
	    "/officer/cert/services/$done_serial" /officer/audit
	rad_stop
}
fill 1000
fill_pending
both 1000
fill "$orders"
fill_pending
both "$orders"
[ -z "$failed" ]
