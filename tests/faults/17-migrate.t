#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A store of an early version, with rows in it, is brought to this one, and
# signet dies at each step.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/old_rows.sh"
pki=$tmp/pki
. "$srcdir/tests/lib/faults.sh"
start_pg
mkdir "$pki"
cat >"$pki/signet.conf" <<CONF
database = "host=$PGHOST port=$PGPORT dbname=signet user=signet_cli";
schema = "$srcdir/db";
CONF
SIGNET_CONFIG=$pki/signet.conf
export SIGNET_CONFIG
owner="host=$PGHOST port=$PGPORT dbname=signet user=postgres"
ok 'a store makes the roles' signet db init --owner "$owner"
old_psql postgres -c 'DROP DATABASE signet' -c 'CREATE DATABASE signet'
for k in 1 2 3 4 5; do
	old_apply signet "$k" || exit 1
done
old_keep signet
faults_begin

migrate_run() {
	signet db migrate --owner "$owner"
}
migrate_holds() {
	[ "$(sql 'SELECT max(version) FROM schema_version')" = "$(old_newest)" ] &&
	[ "$(sql 'SELECT count(*) FROM schema_version')" = "$(old_newest)" ] &&
	[ -z "$(old_lost signet)" ] &&
	signet order list >/dev/null
}
faults_of migrate
faults_sum
done_testing
