# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: a PostgreSQL of its own.
: "${state:?}"

# PostgreSQL does not run as root.  Its user may be unable to reach a clone in
# somebody's home, and a socket's path is short: then it lives elsewhere.
store_place() {
	if [ -e "$state/store" ]; then
		store=$(cat "$state/store")
		return
	fi
	store=$state/postgres
	if ! pg_as test -x "$state" || [ "${#store}" -gt 85 ]; then
		store=$(mktemp -d /var/tmp/signet-store.XXXXXX) ||
		    die "no place for the store"
	fi
	mkdir -p "$store" && chmod 700 "$store" || die "cannot make $store"
	[ "$(id -u)" -ne 0 ] || chown "$(pg_user):" "$store"
	echo "$store" >"$state/store"
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

store_make() (
	cd "$store" &&
	pg_as "$(pg_bindir)/initdb" --auth=trust --encoding=UTF8 --locale=C \
	    --username=postgres --pgdata="$store/data" || exit 1
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
	[ -e "$state/store" ] || return 0
	store_place
	if store_runs; then
		quiet "stop the store" store_ctl stop --mode=fast
		echo "PostgreSQL stopped"
	fi
}

store_status() {
	[ ! -e "$state/store" ] || store_place
	if [ -e "$state/store" ] && store_runs; then
		echo "PostgreSQL    running, process $(store_pid), in $store"
	else
		echo "PostgreSQL    not running"
	fi
}
