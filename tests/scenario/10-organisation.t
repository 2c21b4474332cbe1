#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The life of an organisation: people join, leave, change their names, lose
# cards and find them; officers go, CAs get new generations, the directory and
# the database fail, a station is stolen, all is lost and restored.  All daemons
# run; the clock goes forward while they do.
# After each act it is looked at whether the world is told the truth; at the end,
# whether a secret is anywhere but where it belongs.
#
# SCENARIO_DAYS (5) how long; SCENARIO_SEED which life; SCENARIO_MINUTES ends
# it in between.  ./runtests --soak MINUTES lives five years.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
. "$srcdir/tests/lib/roll.sh"
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"

# One clock for all: of our programs, and of PostgreSQL and stock clients.
faketime=$(find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || {
	echo 'Bail out! no libfaketime'
	exit 1
}
printf '\0\0\0\0\0\0\0\0' >"$tmp/offset"
echo '+0' >"$tmp/offset.text"
fake="env LD_PRELOAD=$faketime FAKETIME_TIMESTAMP_FILE=$tmp/offset.text"
fake="$fake FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1"
PG_UNDER=$fake
start_pg
# Who asks for the database finds the one that is in charge.
ln -s pg "$tmp/db"
PGHOST=$tmp/db conninfo="host=$tmp/db port=5432 dbname=signet"
export PGHOST PG_UNDER SIGNET_CLOCK_FILE="$tmp/offset"
services_install
# What was committed is not lost with the server's memory.
psql -X -q -d postgres -c "ALTER SYSTEM SET synchronous_commit = 'on'" \
    -c 'SELECT pg_reload_conf()' >"$tmp/out" || exit 1
rad_configure
sink_start
rad_mail "$sink_url"
service_start slapd
# Cards and readers of this station.
for name in seal escrow mailing; do
	seal_pair "$name"
	# Longer than this life.
	openssl req -x509 -key "$tmp/$name.key" -out "$tmp/$name.pem" \
	    -subj "/CN=$name" -days 3650 \
	    -addext keyUsage=critical,keyAgreement 2>/dev/null
done
mkdir -p "$pki/station"
cp -R "$srcdir/etc/letters" "$pki/letters"
cp "$tmp/seal.key" "$tmp/seal.pem" "$tmp/escrow.pem" "$pki/station/"
cp "$tmp/mailing.pem" "$pki/station/mailing-house.pem"
cat >>"$pki/station.conf" <<-CONF
letters = "$pki/letters";
activate_at = "https://cards.example.org";
CONF
readers_begin 2 || {
	echo 'Bail out! no readers'
	exit 1
}

export PYTHONDONTWRITEBYTECODE=1
export slapd_pid tmp pki http ocsp ldap ldap_base ldapi fake srcdir
export crl_metrics ocsp_metrics rad_metrics rad_port
python3 "$srcdir/tests/scenario/life.py" >"$tmp/life" 2>"$tmp/life.log" &
pids="$! $pids"
wait $!
status=$?
cat "$tmp/life"
[ "$status" -eq 0 ] || {
	tail -n 30 "$tmp/life.log"
	tail -n 20 "$tmp/daemons.log" | sed 's/^/log: /'
} >&2
exit "$status"
