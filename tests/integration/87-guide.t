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
chmod 711 "$STORE"
export STORE
store_away() {
	store_status=$?
	rm -rf "$STORE"
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
done_testing
