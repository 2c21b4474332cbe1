#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# The operator guide, from an empty machine to a revoked certificate: each of its
# commands does what the guide says, with the store and the directory over TLS
# and a web server in front.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/ports.sh"
. "$srcdir/tests/lib/guide.sh"
start_pg
# shellcheck disable=SC2046 # numbers
set -- $(free_ports 10)
export DB="$1" WEB="$2" CRL="$3" OCSP="$4" RA="$5" RA_CERT="$6" LDAPS="$7"
export LDAP="$8"
shift 7
RA_METRICS=$2 CRL_METRICS=$3
# shellcheck disable=SC2046
set -- $(free_ports 1)
OCSP_METRICS=$1
export RA_METRICS CRL_METRICS OCSP_METRICS
# What the sandbox lets the programs read besides their own files.
STORE=$(mktemp -d /run/signet-test.XXXXXX 2>/dev/null ||
    mktemp -d "${XDG_RUNTIME_DIR:-/none}/signet-test.XXXXXX") || {
	echo "Bail out! neither /run nor XDG_RUNTIME_DIR can be written"
	exit 1
}
MACHINES=$(mktemp -d "${STORE%/*}/signet-test.XXXXXX") || exit 1
chmod 711 "$STORE" "$MACHINES"
export STORE
store_away() {
	store_status=$?
	rm -rf "$STORE" "$MACHINES"
	(exit "$store_status")
	tap_clean_up
}
trap store_away EXIT
SIGNET_CONFIG=$tmp/etc/signet/signet.conf
export SIGNET_CONFIG

# The port that PostgreSQL will have with TLS is that of its socket, too.
pg_stop "$tmp/pg"
echo "port = $DB" >>"$tmp/pg/data/postgresql.conf"
PGPORT=$DB
export PGPORT
ok 'there is a PostgreSQL' pg_again "$tmp/pg"

# Where this slapd.ldif has its places.
mkdir -p "$tmp/share" "$tmp/run"
sed -e "s|/var/lib/ldap|$tmp/var/lib/ldap|" -e "s|/run/slapd|$tmp/run|" \
    -e "s|/etc/ldap/signet|$tmp/etc/ldap/signet|" \
    "$srcdir/ldap-schema/slapd.ldif" >"$tmp/share/slapd.ldif"
mkdir -p "$tmp/etc/nginx/sites-enabled" "$tmp/etc/ldap" "$tmp/srv" \
    "$tmp/var/lib" "$tmp/logs" "$tmp/media"
cat >"$tmp/etc/nginx/nginx.conf" <<CONF
pid $tmp/nginx.pid;
error_log $tmp/nginx.log;
worker_processes 1;
events {}
http {
    access_log off;
    client_body_temp_path $tmp/nginx-body;
    proxy_temp_path $tmp/nginx-proxy;
    fastcgi_temp_path $tmp/nginx-1;
    uwsgi_temp_path $tmp/nginx-2;
    scgi_temp_path $tmp/nginx-3;
    include $tmp/etc/nginx/sites-enabled/*;
}
CONF
for n in 1 2 3; do
	( umask 077 && openssl rand -hex 16 >"$tmp/custodian-$n" )
done
guide_read "$srcdir/doc/guide/operator.md"
guide_run_to 'The daemons' || done_testing
for d in crld:$CRL_METRICS ocspd:$OCSP_METRICS rad:$RA_METRICS; do
	echo "metrics_listen = \"127.0.0.1:${d#*:}\";" \
	    >>"$tmp/etc/signet/${d%:*}.conf"
done
guide_run

# ---- machines of their own ----
# What was carried is enough: it runs from another directory, named by nothing of
# the first one.
machine_of() {
	mkdir -p "$MACHINES/$1" &&
	    tar -xPpf "$tmp/media/out/$1.tar" --transform \
	    "s,^$tmp/etc/signet,$MACHINES/$1,;s,^$STORE,$MACHINES/$1/store," &&
	    sed -i "s,$tmp/etc/signet,$MACHINES/$1,g;s,$STORE,$MACHINES/$1/store,g" \
		"$MACHINES/$1"/*.conf &&
	    mkdir -p "$MACHINES/$1/state"
}
on() {
	echo "metrics_listen = \"127.0.0.1:$3\";" \
	    >>"$MACHINES/$1/${2#signet-}.conf"
	start "$2" -d -c "$MACHINES/$1/${2#signet-}.conf"
	wait_for curl -s -f -o "$tmp/health" "http://127.0.0.1:$3/healthz"
}
for d in signet-crld signet-ocspd signet-rad; do
	systemctl stop "$d"
done
ok 'pki gets its part' machine_of pki
ok 'ra gets its' machine_of ra
for t in pki ra; do
	tar -tPf "$tmp/media/out/$t.tar"
done >"$tmp/carried"
ok '... which has what is secret of agents' grep -q '/agent-ra-tls$' "$tmp/carried"
not '... and no key of a CA or of an officer' grep -E \
    '(people|services)\.key|officers/|secrets/(ca|officer)' "$tmp/carried"
not '... whose settings name nothing of the first machine' grep -e "$tmp" \
    -e "$STORE" -r "$MACHINES" --include='*.conf'
ok 'lists are served at pki' on pki signet-crld "$CRL_METRICS"
ok 'answers, too' on pki signet-ocspd "$OCSP_METRICS"
ok 'pages at ra' on ra signet-rad "$RA_METRICS"
issuer=$tmp/etc/signet/ca/people.pem
is 'what was revoked is answered so' "$(openssl ocsp -issuer "$issuer" \
    -cert "$guide/here/holder.pem" -url "http://127.0.0.1:$WEB/ocsp" \
    -CAfile "$tmp/etc/signet/ca/root.pem" -verify_other "$issuer" \
    2>"$tmp/log" | sed -n 's/.*: \(revoked\)$/\1/p')" revoked
ok 'the list is there' curl -s -f -o "$tmp/people.crl" \
    "http://127.0.0.1:$WEB/crl/people.crl"
ok '... which is the CA'"'"'s' signet crl verify people "$tmp/people.crl"
ok 'a page is there' curl -s -f --cacert "$tmp/etc/signet/ca/root.pem" \
    -o "$tmp/page.html" "https://ra.localhost:$RA/"
done_testing
