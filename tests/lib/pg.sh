# SPDX-License-Identifier: Apache-2.0
# A private PostgreSQL cluster for tests, on a Unix socket only.
#
#	. tests/lib/pg.sh
#	pg_start DIR		DIR is empty or absent; sets PGHOST, PGPORT,
#				PGUSER, PGDATABASE and SIGNET_TEST_DB
#	pg_stop DIR
#	pg_again DIR		start it as it was left
#	pg_kill DIR		as a crash does
#	pg_freeze DIR, pg_thaw DIR	all its processes stop, and go on
#	pg_replica_start DIR	a streaming replica of the one that PGHOST names;
#				it is reached at host=DIR, and PGHOST stays
#	pg_replica_promote DIR
#	process_runs PID	it has not ended
#
# PG_UNDER is a command that the server runs under, with its own clock perhaps.
# PG_FROM is what a server that was stopped has left, to begin with.
# PG_FSYNC=on makes commits durable (default off: faster).  PostgreSQL refuses
# to run as root: then it runs as "postgres", or as "nobody".

pg_user() {
	id -u postgres >/dev/null 2>&1 && echo postgres || echo nobody
}

# Run a command as whom the cluster belongs to.
pg_as() {
	# shellcheck disable=SC2086 # several words
	set -- ${PG_UNDER:-} "$@"
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	elif command -v setpriv >/dev/null 2>&1; then
		setpriv --reuid="$(pg_user)" --regid="$(id -g "$(pg_user)")" \
		    --clear-groups -- "$@"
	else
		runuser -u "$(pg_user)" -- "$@"
	fi
}

# The newest server installed.
pg_bindir() {
	for d in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin
	do
		[ -x "$d/initdb" ] && echo "$d"
	done | sort -V | tail -n 1
}

# pg_init DIR/data - what initdb makes is the same each time: the first one keeps
# it next to the programs under test, and the others take that over.
pg_init() {
	pg_kept=${SIGNET_BUILD:-}/tests/empty.$(id -u).$(printf %s "$pg_bin" | tr / -)
	if [ -n "${PG_FROM:-}" ]; then
		cp -a "$PG_FROM" "$1"
	elif [ -n "${SIGNET_BUILD:-}" ] && [ -d "$pg_kept" ]; then
		cp -a "$pg_kept" "$1"
	else
		pg_as "$pg_bin/initdb" --no-sync --auth=trust --encoding=UTF8 \
		    --locale=C --username=postgres --pgdata="$1" || return 1
		[ -d "${SIGNET_BUILD:+$SIGNET_BUILD/tests}" ] || return 0
		# Who comes second finds the first one's.
		cp -a "$1" "$pg_kept.$$" && mv -T "$pg_kept.$$" "$pg_kept" ||
		    rm -rf "$pg_kept.$$"
	fi
}

pg_start() {
	pg_bin=$(pg_bindir)
	if [ -z "$pg_bin" ]; then
		echo "pg_start: no PostgreSQL server is installed" >&2
		return 1
	fi
	mkdir -p "$1" && pg_dir=$(cd "$1" && pwd -P) || return 1
	if [ "${#pg_dir}" -gt 85 ]; then
		echo "pg_start: $pg_dir: too long for a socket's path" >&2
		return 1
	fi
	if [ "$(id -u)" -eq 0 ]; then
		chown "$(pg_user)" "$pg_dir" || return 1
	fi
	(
		cd "$pg_dir" || exit 1
		pg_init "$pg_dir/data" >"$pg_dir/initdb.log" 2>&1 || exit 1
		cat >>"$pg_dir/data/postgresql.conf" <<-EOF
		listen_addresses = ''
		unix_socket_directories = '$pg_dir'
		fsync = ${PG_FSYNC:-off}
		synchronous_commit = ${PG_FSYNC:-off}
		full_page_writes = ${PG_FSYNC:-off}
		max_wal_size = 2GB
		shared_buffers = ${PG_BUFFERS:-64MB}
		# In the data's folder: it goes with it when the server is killed.
		dynamic_shared_memory_type = mmap
		timezone = 'UTC'
		log_timezone = 'UTC'
		EOF
		pg_as "$pg_bin/pg_ctl" --pgdata="$pg_dir/data" \
		    --log="$pg_dir/server.log" --wait --timeout=60 start \
		    >"$pg_dir/start.log" 2>&1
	) || {
		echo "pg_start: the server does not start:" >&2
		cat "$pg_dir"/*.log >&2
		return 1
	}
	PGHOST=$pg_dir PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	# Before Debian's wrapper, which takes four times as long as psql itself.
	case :$PATH: in
	*:$pg_bin:*) ;;
	*)	PATH=$pg_bin:$PATH ;;
	esac
	SIGNET_TEST_DB="host=$pg_dir port=5432 user=postgres dbname=postgres"
	export PGHOST PGPORT PGUSER PGDATABASE SIGNET_TEST_DB
}

# Whose parent has gone ends for init to look, which in a container may take its
# time: two seconds with some.
process_runs() {
	kill -0 "$1" 2>/dev/null && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null
}

# By its pid, which the server keeps in its own directory.
pg_stop() {
	[ -r "$1/data/postmaster.pid" ] || return 0
	pg_pid=$(head -n 1 "$1/data/postmaster.pid")
	kill -INT "$pg_pid" 2>/dev/null || return 0
	pg_tries=0
	while process_runs "$pg_pid"; do
		pg_tries=$((pg_tries + 1))
		[ "$pg_tries" -eq 200 ] && kill -QUIT "$pg_pid" 2>/dev/null
		[ "$pg_tries" -gt 300 ] && return 1
		sleep 0.1
	done
	return 0
}

pg_again() {
	pg_as "$(pg_bindir)/pg_ctl" --pgdata="$1/data" \
	    --log="$1/server.log" --wait --timeout=60 start \
	    >"$1/start.log" 2>&1
}

pg_pids() {
	head -n 1 "$1/data/postmaster.pid"
	ps -o pid= --ppid "$(head -n 1 "$1/data/postmaster.pid")"
}

# The lock file stays, as after a crash, and names nobody any more.
pg_kill() {
	pg_all=$(pg_pids "$1")
	# shellcheck disable=SC2086
	kill -KILL $pg_all 2>/dev/null
	for pg_pid in $pg_all; do
		while process_runs "$pg_pid"; do
			sleep 0.05
		done
	done
}

pg_freeze() {
	# shellcheck disable=SC2046
	kill -STOP $(pg_pids "$1") 2>/dev/null
}

pg_thaw() {
	# shellcheck disable=SC2046
	kill -CONT $(pg_pids "$1") 2>/dev/null
}

pg_replica_start() {
	pg_bin=$(pg_bindir)
	mkdir -p "$1" && pg_replica=$(cd "$1" && pwd -P) || return 1
	if [ "$(id -u)" -eq 0 ]; then
		chown "$(pg_user)" "$pg_replica" || return 1
	fi
	(
		cd "$pg_replica" || exit 1
		pg_as "$pg_bin/pg_basebackup" --pgdata="$pg_replica/data" \
		    --host="$PGHOST" --port="$PGPORT" --username="$PGUSER" \
		    --write-recovery-conf --checkpoint=fast --no-sync \
		    --wal-method=stream >"$pg_replica/backup.log" 2>&1 || exit 1
		echo "unix_socket_directories = '$pg_replica'" \
		    >>"$pg_replica/data/postgresql.conf"
		pg_again "$pg_replica"
	) || {
		echo "pg_replica_start: the replica does not start:" >&2
		cat "$pg_replica"/*.log >&2
		return 1
	}
}

pg_replica_promote() {
	pg_as "$(pg_bindir)/pg_ctl" --pgdata="$1/data" --wait --timeout=60 \
	    promote >"$1/promote.log" 2>&1
}
