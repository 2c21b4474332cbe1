#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A backup of two folders is restored elsewhere, and signet dies at each step;
# numbers of lists are skipped all the same, and once.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/backup.key" \
    -out "$tmp/backup.pem" -subj "/CN=Backup" -days 30 \
    -addext keyUsage=critical,keyEncipherment 2>/dev/null
chmod 600 "$tmp/backup.key"
mkdir -p "$tmp/more" "$tmp/elsewhere"
echo 'more = "of it";' >"$tmp/more/more.conf"
ok 'a backup' signet backup "$tmp/away" --for "$tmp/backup.pem" \
    --files "$pki" --files "$tmp/more"
backup=$(find "$tmp/away" -maxdepth 1 -name '2*Z')
was=$(sql "SELECT string_agg(name || (SELECT coalesce(max(number), 0) FROM crl
    WHERE crl.ca = ca.name), ' ' ORDER BY name) FROM ca WHERE NOT is_root")
faults_begin "$tmp/elsewhere"

restore_before() {
	PGOPTIONS="-c client_min_messages=warning" faults_sql \
	    'DROP DATABASE IF EXISTS elsewhere WITH (FORCE)'
}
restoring() {
	signet restore "$backup" --key "$tmp/backup.key" --cert "$tmp/backup.pem" \
	    --move "$pki=$tmp/elsewhere/pki" --move "$tmp/more=$tmp/elsewhere/more" \
	    --skip-numbers 100 --owner "host=$PGHOST port=$PGPORT dbname=elsewhere user=postgres" "$@"
}
restore_run() {
	restoring
}
# As the hints say: with --no-store if the store is whole, and what is in its
# place is moved away.
restore_again() {
	restoring && return
	if psql -X -q -At -d elsewhere -c "SELECT 1 FROM pg_namespace
	    WHERE nspname = 'signet_restoring'" | grep -q 1; then
		return 1
	fi
	rm -rf "$tmp/elsewhere/pki" "$tmp/elsewhere/more"
	restoring --no-store
}
restore_holds() {
	[ "$(psql -X -q -At -d elsewhere -c "SELECT string_agg(name ||
	    crl_number_from - 100, ' ' ORDER BY name) FROM signet.ca
	    WHERE NOT is_root")" = "$was" ] &&
	[ -e "$tmp/elsewhere/pki/signet.conf" ] &&
	[ -e "$tmp/elsewhere/more/more.conf" ] &&
	sed -i 's/dbname=signet/dbname=elsewhere/' \
	    "$tmp/elsewhere/pki/signet.conf" &&
	SIGNET_CONFIG=$tmp/elsewhere/pki/signet.conf proven
}
faults_of restore
disk_of restore
faults_sum
done_testing
