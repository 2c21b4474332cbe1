#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# The runbook for disasters: what it says to do is done to an installation, which
# then works, and an auditor finds nothing that was not approved.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/guide.sh"
install_pki
cat >>"$pki/signet.conf" <<CONF
officer_key = "officers/o1.key";
officer_cert = "officers/o1.pem";
officer_passphrase = "file:$pki/secrets/officer-o1";
CONF
mkdir -p "$tmp/srv/evidence" "$tmp/srv/backup"
[ "$(id -u)" -ne 0 ] || chown "$(pg_user)" "$tmp/srv/backup"
guide_env
# Where systemctl of the tests has the settings.
mkdir -p "$tmp/etc" && ln -s "$pki" "$tmp/etc/signet"
ok 'the CA runs' systemctl start signet-cad
guide_pids
export pki
guide_read "$srcdir/doc/disaster.md"
guide_run
guide_pids
systemctl stop signet-cad
says 'nothing that was not approved' sh -c "
    signet audit export '$tmp/after' && signet audit verify '$tmp/after' \
    --root '$pki/ca/root.pem' --profiles '$pki/profiles'"
done_testing
