# SPDX-License-Identifier: Apache-2.0
# Sourced by each script of tests/integration and tests/interop: TAP output, a
# private directory in $tmp, processes that are stopped by their pid.
#
#	ok 'what should be so' command...	not ok if the command fails
#	not 'what must not be so' command...	not ok if it succeeds
#	says 'text' command...			output and errors have the text
#	exits N 'what it does' command...	not ok if it ends with another status
#	said 'text'				the last command said that, too
#	start command...			in the background; $last, $tmp/log
#	wait_for command...			until it succeeds, at most 90 s
#	travel DAYS				what is started from now on has another clock
#	some_points [N]			of a list of lines all with TEST_FULL, else
#					each third or N-th, the first included
#	done_testing
#
# SIGNET_BUILD is the build directory, srcdir the source.
srcdir=$(cd "${srcdir:-.}" && pwd)
SIGNET_BUILD=$(cd "${SIGNET_BUILD:-.}" && pwd)
# shellcheck source=tests/lib/pg.sh
. "$srcdir/tests/lib/pg.sh"
# shellcheck source=tests/lib/travel.sh
. "$srcdir/tests/lib/travel.sh"
PATH=$SIGNET_BUILD:$SIGNET_BUILD/cli:$SIGNET_BUILD/ca/issuing:$SIGNET_BUILD/ca/root:$SIGNET_BUILD/crl:$SIGNET_BUILD/ocsp:$SIGNET_BUILD/personalize:$SIGNET_BUILD/ra:$SIGNET_BUILD/tests/lib:$SIGNET_BUILD/tests/bench:$PATH
export PATH srcdir SIGNET_BUILD
# Else most of the time would go into passphrases: test builds obey it.
SIGNET_CHEAP_KEYS=yes
export SIGNET_CHEAP_KEYS
# What a terminal of a test can do.
TERM=xterm
export TERM
unset PAGER SIGNET_FAULT SIGNET_FAULT_LIST SIGNET_FAULT_PLAN SIGNET_CONFIG
tap_count=0
tap_failed=0
tap_pg=
pids=
tmp=$(mktemp -d "${TMPDIR:-/tmp}/signet-test.XXXXXX") || exit 1
chmod 755 "$tmp"

some_points() {
	awk -v full="${TEST_FULL:-}" -v n="${1:-3}" 'full != "" || NR % n == 1'
}

tap_result() {
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$tap_count" "$2"
	else
		tap_failed=$((tap_failed + 1))
		printf 'not ok %d - %s\n' "$tap_count" "$2"
		# Where prove shows it.
		[ ! -s "$tmp/out" ] || tail -n 20 "$tmp/out" |
		    sed 's/^/#   /' >&2
		[ ! -s "$tmp/log" ] || tail -n 8 "$tmp/log" |
		    sed 's/^/# log: /' >&2
	fi
}

ok() {
	tap_what=$1
	shift
	"$@" >"$tmp/out" 2>&1
	tap_result $? "$tap_what"
}

# A grep that could not look has not seen that nothing is there, and what is not
# there itself, or has crashed, has refused nothing.
not() {
	tap_what=$1
	shift
	"$@" >"$tmp/out" 2>&1
	tap_got=$?
	case $1,$tap_got in
	*,0)	tap_result 1 "$tap_what" ;;
	grep,1)	tap_result 0 "$tap_what" ;;
	grep,* | *,12[67] | *,13[24569])
		echo "exit status $tap_got" >>"$tmp/out"
		tap_result 1 "$tap_what" ;;
	*)	tap_result 0 "$tap_what" ;;
	esac
}

# Whatever its status: what a program says is looked for in out and err.
says() {
	tap_text=$1
	shift
	"$@" >"$tmp/out" 2>&1
	grep -qF -e "$tap_text" "$tmp/out"
	tap_result $? "says \"$tap_text\""
}

exits() {
	tap_status=$1 tap_what=$2
	shift 2
	"$@" >"$tmp/out" 2>&1
	tap_got=$?
	[ "$tap_got" -eq "$tap_status" ] ||
	    echo "exit status $tap_got, not $tap_status" >>"$tmp/out"
	[ "$tap_got" -eq "$tap_status" ]
	tap_result $? "$tap_what"
}

said() {
	grep -qF -e "$1" "$tmp/out"
	tap_result $? "and says \"$1\""
}

is() {
	if [ "$2" = "$3" ]; then
		: >"$tmp/out"
		tap_result 0 "$1"
	else
		printf 'got: %s\nexpected: %s\n' "$2" "$3" >"$tmp/out"
		tap_result 1 "$1"
	fi
}

start() {
	"$@" >>"$tmp/log" 2>&1 &
	last=$!
	pids="$pids $last"
}

# tap_crashed STATUS - is it that of a program which a fault of its own ended?
tap_crashed() {
	case $1 in
	132 | 134 | 135 | 136 | 139) return 0 ;;
	esac
	return 1
}

# Stop one of ours and take its status.
stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	tap_end=$?
	! tap_crashed "$tap_end" ||
	    tap_result 1 "what is stopped ends, and does not crash ($tap_end)"
	return "$tap_end"
}

wait_for() {
	tap_tries=0
	while [ "$tap_tries" -lt 904 ]; do
		"$@" >/dev/null 2>&1 && return 0
		tap_tries=$((tap_tries + 1))
		# Most of it is there at once.
		if [ "$tap_tries" -le 5 ]; then
			sleep 0.02
		else
			sleep 0.1
		fi
	done
	return 1
}

# A private PostgreSQL in $tmp/pg; psql finds it.
start_pg() {
	pg_start "$tmp/pg" >"$tmp/out" 2>&1 || {
		sed 's/^/# /' "$tmp/out"
		echo 'Bail out! no PostgreSQL'
		exit 1
	}
	tap_pg=yes
	conninfo="host=$PGHOST port=$PGPORT dbname=signet"
}

sql() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d signet -c "set search_path = signet" -c "$1"
}

done_testing() {
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}

# All are told to end before one is waited for, and the stores, with those that
# replace them, are there until nobody is left who might have to tell them something.
tap_clean_up() {
	tap_status=$?
	tap_ending=
	for tap_pid in $pids; do
		kill "$tap_pid" 2>/dev/null && tap_ending="$tap_ending $tap_pid"
	done
	for tap_pid in $tap_ending; do
		wait "$tap_pid" 2>/dev/null
		tap_end=$?
		tap_crashed "$tap_end" || continue
		echo "# at the end process $tap_pid crashed ($tap_end)" >&2
		tap_status=1
	done
	for tap_store in "$tmp"/*/data/postmaster.pid; do
		[ ! -e "$tap_store" ] ||
		    pg_stop "${tap_store%/data/*}" >/dev/null 2>&1
	done
	[ -n "${KEEP:-}" ] || rm -rf "$tmp"
	exit "$tap_status"
}
trap tap_clean_up EXIT
trap 'exit 1' INT TERM HUP
