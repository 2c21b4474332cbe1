#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An installation is backed up, and signet dies at each step.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
mkdir "$tmp/away"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/backup.key" \
    -out "$tmp/backup.pem" -subj "/CN=Backup" -days 30 \
    -addext keyUsage=critical,keyEncipherment 2>/dev/null
chmod 600 "$tmp/backup.key"
faults_begin "$tmp/away"

backup_run() {
	signet backup "$tmp/away" --for "$tmp/backup.pem"
}
backup_holds() {
	backup_made=$(find "$tmp/away" -maxdepth 1 -name '2*Z' | sort | tail -n 1)
	[ -n "$backup_made" ] &&
	signet restore --check "$backup_made" --key "$tmp/backup.key" \
	    --cert "$tmp/backup.pem" >"$tmp/check" &&
	[ "$(sql "SELECT count(*) FROM audit WHERE body LIKE 'act=backup%'
	    AND position(convert_to('$(sha256sum "$backup_made/backup.json" |
	    cut -d ' ' -f 1)', 'UTF8') IN body) > 0")" = 1 ] && proven
}
faults_of backup
disk_of backup
faults_sum
done_testing
