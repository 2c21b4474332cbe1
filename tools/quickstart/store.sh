# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: a PostgreSQL of its own.
: "${state:?}"

# PostgreSQL does not run as root.
store_place() {
	mkdir -p "$store" && chmod 700 "$store" || die "cannot make $store"
	! is_root || chown "$(pg_user):" "$store" ||
	    die "cannot give $store to $(pg_user)"
	# Who may come in is then a matter of pg_hba.conf.
	! has_users || chmod 755 "$store"
}

store_pid() {
	head -n 1 "$store/data/postmaster.pid" 2>/dev/null
}

store_runs() {
	pid=$(store_pid) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

store_ctl() (
	cd "$store" &&
	pg_as "$(pg_bindir)/pg_ctl" --pgdata="$store/data" \
	    --log="$store/server.log" --wait --timeout=60 "$@" 7>&- 8>&-
)

# Who is who: root may be any role, each daemon its own, as the manual of signet
# init says; postgres is whom it runs as.
store_users() {
	sed -n '/^signet  [a-z]/p' "$top/man/signet-init.1"
	for role in owner agent ocsp crl ra station audit backup; do
		echo "signet root signet_$role"
	done
	echo "signet $(pg_user) postgres"
}

store_make() (
	cd "$store" && rm -rf data &&
	pg_as "$(pg_bindir)/initdb" --auth=trust --encoding=UTF8 --locale=C \
	    --username=postgres --pgdata="$store/data" || exit 1
	if has_users; then
		echo 'local all all peer map=signet' >data/pg_hba.conf &&
		    store_users >>data/pg_ident.conf || exit 1
	fi
	cat >>"$store/data/postgresql.conf" <<-EOF
	listen_addresses = ''
	unix_socket_directories = '$store'
	timezone = 'UTC'
	log_timezone = 'UTC'
	EOF
)

store_start() {
	[ -n "$(pg_bindir)" ] || die "no PostgreSQL server is installed" \
	    "apt-get install postgresql"
	store_place
	conninfo="host=$store user=postgres dbname=signet"
	[ -s "$store/data/PG_VERSION" ] || quiet "make the store" store_make
	store_runs || quiet "start the store" store_ctl start
	echo "PostgreSQL runs in $store, on a Unix socket only"
}

store_stop() {
	if store_runs; then
		quiet "stop the store" store_ctl stop --mode=fast
		echo "PostgreSQL stopped"
	fi
}

store_status() {
	if store_runs; then
		echo "PostgreSQL    running, process $(store_pid), in $store"
	else
		echo "PostgreSQL    not running"
	fi
}
