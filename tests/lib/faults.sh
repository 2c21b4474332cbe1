# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A flow is killed at each of its steps in turn (tests/lib/crash_at.c), or finds
# no disk from there on; then it is done again as an operator would.  After
# tests/integration/tap.sh and tests/lib/installation.sh:
#
#	faults_begin [DIR...]	this state, $pki, those directories and the
#				store, is where each try begins
#	faults_of FLOW [WORD]	what FLOW does, and then again
#	disk_of FLOW		likewise with a disk that is full or read-only
#	faults_sum		how many points that were
#	faults_cad		signet-cad does what there is to do, under fire
#				if its caller is
#	faults_lists_follow	no CA has left out a number of its lists
#
# The script says what the flow is:
#
#	FLOW_before		what each try begins with, besides (need not be)
#	FLOW_names		a filter for what files are called (likewise)
#	FLOW_rows		one for how many rows each table has (likewise)
#	FLOW_run		what is under fire
#	FLOW_again		what an operator does after that (else FLOW_run)
#	FLOW_holds		what must be so at the end
#
# Who knows no store sets faults_stored to nothing: it is not put back for each
# try then, and what is in it is counted all the same.
#
# For each flow there is one run in which nobody dies.  What it has left
# behind, its files and the rows of each table, is what every other run must
# leave behind, too: nothing lost, nothing twice, nothing forgotten.
#
# FAULTS_POINTS (6) of each flow, one from each part of it, drawn by FAULTS_SEED
# (1); with TEST_FULL so many as the script says in faults_full (0: all of them),
# and with TEST_HUGE those, too, at which the same is left behind as at another.
# FAULTS_AT=N only that one, FAULTS_AT=full:N (readonly:N) only that of the disk.
# FAULTS_PART=2/3 tries the second of three parts of all that: three runs of a
# script side by side, each with a store of its own, are the whole.
: "${tmp:?}" "${srcdir:?}" "${SIGNET_BUILD:?}"
faults_dirs=
faults_full=0
faults_tried=0
faults_all=0
faults_filed=
faults_stored=yes
faults_lib=$SIGNET_BUILD/tests/lib/crash_at.so
: "${FAULTS_SEED:=1}" "${FAULTS_POINTS:=6}" "${FAULTS_PART:=1/1}"

faults_sql() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d postgres -c "$1"
}

# A copy has neither the rights on the database nor the settings of roles in it.
faults_copy() {
	PGOPTIONS="-c client_min_messages=warning" psql -X -q \
	    -v ON_ERROR_STOP=1 -d postgres \
	    -c "DROP DATABASE IF EXISTS $2 WITH (FORCE)" \
	    -c "CREATE DATABASE $2 TEMPLATE $1" \
	    -c "UPDATE pg_database SET datacl = (SELECT datacl
	    FROM pg_database WHERE datname = '$1') WHERE datname = '$2'" \
	    -c "INSERT INTO pg_db_role_setting
	    SELECT (SELECT oid FROM pg_database WHERE datname = '$2'), setrole,
	    setconfig FROM pg_db_role_setting WHERE setdatabase = (SELECT oid
	    FROM pg_database WHERE datname = '$1')"
}

faults_begin() {
	[ -n "$faults_dirs" ] || faults_dirs="$pki $*"
	rm -rf "$tmp/kept" && mkdir -m 700 "$tmp/kept" &&
	for faults_dir in $faults_dirs; do
		cp -a "$faults_dir" "$tmp/kept/" || return 1
	done
	faults_copy signet kept
}

# faults_back FLOW - to where it began
faults_back() {
	for faults_dir in $faults_dirs; do
		rm -rf "$faults_dir" &&
		cp -a "$tmp/kept/$(basename "$faults_dir")" "$faults_dir" ||
		    return 1
	done
	{ [ -z "$faults_stored" ] || faults_copy kept signet; } &&
	if command -v "$1_before" >/dev/null; then
		"$1_before"
	fi
}

# Whoever was connected is gone: the server has seen that its client has died.
faults_calm() {
	[ "$(faults_sql "SELECT count(*) FROM pg_stat_activity
	    WHERE datname = 'signet'")" -eq 0 ]
}

# Names that are not the same each time.
faults_name() {
	sed -e 's/20[0-9]\{6\}T[0-9]\{6\}Z/TIME/g' | faults_by names
}

faults_files() {
	for faults_dir in $faults_dirs; do
		find "$faults_dir"
	done | faults_name | LC_ALL=C sort -u
}

# Keys that no passphrase protects.
faults_clear() {
	# shellcheck disable=SC2086
	grep -rlE 'BEGIN (EC |RSA )?PRIVATE KEY' $faults_dirs | faults_name |
	    LC_ALL=C sort -u
}

# How many rows each table has, but for those that count tries.
faults_rows() {
	faults_all_rows | faults_by rows
}

# faults_by WORD - as the flow says, if it says anything
faults_by() {
	if command -v "${faults_flow}_$1" >/dev/null; then
		"${faults_flow}_$1"
	else
		cat
	fi
}

faults_all_rows() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d signet <<-\SQL
	SELECT string_agg(format('SELECT %L, count(*) FROM signet.%I',
	    relname, relname), ' UNION ALL ' ORDER BY relname) || ' ORDER BY 1'
	    FROM pg_class
	    WHERE relnamespace = 'signet'::regnamespace AND relkind = 'r'
	    AND relname !~ '^audit|^intent|^heartbeat|^crl' \gexec
	SQL
}

# What is wrong with it, for whoever asks.
faults_doctor() {
	signet doctor --offline --json 2>/dev/null | jq -r .check |
	    grep -vx cad-silent | sort
}

faults_state() {
	faults_doctor >"$tmp/$1.doctor"
	faults_files >"$tmp/$1.files"
	faults_clear >"$tmp/$1.clear"
	faults_rows >"$tmp/$1.rows"
}

# Nothing is left behind that the undisturbed run has not left behind as well.
faults_same() {
	faults_state now
	{
		comm -13 "$tmp/clean.files" "$tmp/now.files" |
		    sed 's/^/is left over: /'
		comm -23 "$tmp/clean.files" "$tmp/now.files" |
		    sed 's/^/is missing: /'
		comm -13 "$tmp/clean.clear" "$tmp/now.clear" |
		    sed 's/^/a key in clear: /'
		comm -13 "$tmp/clean.doctor" "$tmp/now.doctor" |
		    sed 's/^/signet doctor: /'
		diff "$tmp/clean.rows" "$tmp/now.rows" |
		    sed -n 's/^> /rows: /p; s/^< /rows undisturbed: /p'
	} >"$tmp/differs"
	cat "$tmp/differs"
	[ ! -s "$tmp/differs" ]
}

# faults_fire FLOW [VAR=VALUE]... - the flow under fire; $tmp/fire says what it said
faults_fire() (
	faults_flow=$1
	shift
	rm -f "$tmp/count"
	LD_PRELOAD=$faults_lib
	CRASH_COUNT=$tmp/count
	export LD_PRELOAD CRASH_COUNT
	for faults_set; do
		export "${faults_set?}"
	done
	"${faults_flow}_run" >"$tmp/fire" 2>&1
)

faults_count() {
	od -An -tu8 "$tmp/count" | tr -d ' '
}

faults_learn() {
	faults_back "$1" || return 1
	rm -f "$tmp/steps"
	faults_fire "$1" "CRASH_LIST=$tmp/steps" || { cat "$tmp/fire"; return 1; }
	faults_steps=$(wc -l <"$tmp/steps")
	wait_for faults_calm
	"$1_holds" || return 1
	# Two processes may write their lines in another order than they counted.
	sort -n -o "$tmp/steps" "$tmp/steps"
	faults_state clean
	[ "$faults_steps" -gt 0 ] && [ -s "$tmp/clean.files" ] &&
	    [ -s "$tmp/clean.rows" ]
}

# faults_draw K - K lines of the input, one from each part of it; K = 0: all
faults_draw() {
	awk -v k="$1" -v seed="$FAULTS_SEED" '{ line[n++] = $0 }
	END {
		srand(seed)
		if (k == 0 || k > n)
			k = n
		for (i = 0; i < k; i++) {
			a = int(i * n / k)
			b = int((i + 1) * n / k)
			print line[a + int(rand() * (b - a))]
		}
	}'
}

# Those at which a process may die: after each step and before it, and in the
# midst of each write.  Before a step that comes next after one of the same
# process is after that one: the same moment, which is tried once.  So is after
# a step that leaves nothing behind (a statement within a transaction, one that
# reads, what is synced, a use of a key): with TEST_HUGE that is tried, too.
faults_moments() {
	awk -v huge="${TEST_HUGE:-}" '
	function leaves() {
		if ($3 != "db")
			return $3 != "key" && $4 !~ /^f(data)?sync$/
		if ($6 == "BEGIN")
			within[$5] = 1
		else if ($6 == "COMMIT" || $6 == "ROLLBACK")
			within[$5] = 0
		return !within[$5] && $6 !~ /^(SELECT|SET|RESET|LISTEN)$/
	}
	{
		if ($5 != last || $4 == "write" || $4 == "pwrite")
			print 2 * NR - 1
		if (leaves() || huge != "")
			print 2 * NR
		last = $5
	}' "$tmp/steps"
}

# Each step that changes a file, with both kinds of trouble.  What a full disk
# lets through makes no difference there: the next step is where it begins.
faults_troubles() {
	awk -v huge="${TEST_HUGE:-}" '
	$3 == "file" {
		if (huge != "" || $4 !~ /^(unlink|unlinkat|rmdir|fchmod|chmod|chown|utimensat|ftruncate)$/)
			print "full:" NR
		print "readonly:" NR
	}' "$tmp/steps"
}

# The CA does what there is to do, and shares the fate of who calls it.
faults_cad() {
	timeout 60 signet-cad -d --once -c "$pki/cad.conf"
}

faults_lists_follow() {
	[ "$(sql "SELECT count(*) FROM crl c WHERE number <> 1 AND NOT EXISTS
	    (SELECT FROM crl d WHERE d.ca = c.ca
	    AND d.number = c.number - 1)")" = 0 ]
}

faults_again() {
	if command -v "$1_again" >/dev/null; then
		"$1_again"
	else
		"$1_run"
	fi
}

# faults_recover FLOW - and all is as if nothing had happened
faults_recover() {
	wait_for faults_calm || { echo 'somebody is still connected'; return 1; }
	faults_again "$1" >"$tmp/again" 2>&1 || {
		echo 'it does not go on:'
		cat "$tmp/again"
		return 1
	}
	wait_for faults_calm
	"$1_holds" && faults_same
}

# faults_hit FLOW STEP VAR=VALUE - under fire until that step has come: what
# two processes do side by side is not the same number of steps each time
faults_hit() {
	for _ in 1 2 3; do
		faults_back "$1" || return 1
		faults_fire "$1" "$3"
		[ "$(faults_count)" -lt "$2" ] || return 0
	done
	echo "step $2 does not come: $(faults_count) steps"
	return 1
}

faults_try() {
	faults_hit "$1" "$((($2 + 1) / 2))" "CRASH_AT=$2" && faults_recover "$1"
}

faults_try_disk() {
	faults_hit "$1" "${2#*:}" "CRASH_DISK=$2" && faults_recover "$1"
}

# Where it fails, what it said under fire says more than that it fails.
faults_say() {
	sed 's/^/under fire: /' "$tmp/fire" | tail -n 5
}

# faults_what POINT - in words
faults_what() {
	faults_when=before
	[ $(($1 % 2)) -eq 1 ] || faults_when=after
	echo "$faults_when $(sed -n "$((($1 + 1) / 2))p" "$tmp/steps" |
	    faults_words)"
}

# faults_words - a line of the list in words
faults_words() {
	sed "s,$tmp/,,g" | cut -d ' ' -f 2-4,6- | cut -c 1-70
}

# faults_asked PATTERN - of the points those that are tried; of FAULTS_AT those
# that look so
faults_asked() {
	if [ -n "${FAULTS_AT:-}" ]; then
		printf '%s\n' "$FAULTS_AT" | tr ' ' '\n' | grep "$1"
	elif [ -n "${TEST_FULL:-}" ]; then
		faults_draw "$faults_full" <"$tmp/points"
	else
		faults_draw "$FAULTS_POINTS" <"$tmp/points"
	fi | awk -v i="${FAULTS_PART%/*}" -v k="${FAULTS_PART#*/}" 'NR % k == i % k'
}

faults_of() {
	faults_flow=$1
	ok "$1: nobody dies" faults_learn "$1"
	! grep -q '^[0-9]* [^ ]* file ' "$tmp/steps" || faults_filed="$faults_filed $1"
	faults_moments >"$tmp/points"
	faults_count_points
	for faults_at in $(faults_asked '^[0-9]'); do
		faults_tried=$((faults_tried + 1))
		ok "$1, point $faults_at, $(faults_what "$faults_at")" \
		    faults_try_or_say try "$1" "$faults_at"
	done
}

faults_count_points() {
	faults_all=$((faults_all + $(wc -l <"$tmp/points")))
}

faults_try_or_say() {
	faults_how=$1
	shift
	"faults_$faults_how" "$@" && return
	faults_say
	return 1
}

disk_of() {
	faults_flow=$1
	faults_filed=$(printf '%s\n' "$faults_filed " | sed "s/ $1 / /")
	ok "$1: there is room" faults_learn "$1"
	faults_troubles >"$tmp/points"
	faults_count_points
	for faults_at in $(faults_asked :); do
		faults_tried=$((faults_tried + 1))
		ok "$1, disk $faults_at, $(sed -n "${faults_at#*:}p" \
		    "$tmp/steps" | faults_words)" \
		    faults_try_or_say try_disk "$1" "$faults_at"
	done
}

faults_sum() {
	is 'each flow that changes files is tried without a disk' \
	    "$(echo $faults_filed)" ''
	echo "# $faults_tried of $faults_all points, seed $FAULTS_SEED"
}
