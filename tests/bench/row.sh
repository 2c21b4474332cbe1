# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Sourced by the benches: rows for people and for programs, and what processes
# took of the processors.
#
#	row WHAT FIGURE UNIT [YARDSTICK FIGURE]
#
# JSON lines go to $BENCH_JSON, from which tests/bench/run makes its table.
: "${SIGNET_BUILD:?}"

# CPU seconds that a process has used.
cpu() {
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' \
	    "/proc/$1/stat" 2>/dev/null || echo 0
}

# ... it and those below it.
cpu_tree() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v top="$1" \
	    -v hz="$(getconf CLK_TCK)" '{
		pid = $1
		sub(/.*\) /, "")
		parent[pid] = $2
		used[pid] = $12 + $13 + $14 + $15
	}
	END {
		for (pid in parent) {
			for (p = pid; p > 1 && p != top; p = parent[p])
				;
			if (p == top)
				sum += used[pid]
		}
		printf "%.2f\n", sum / hz
	}'
}

row_json() {
	row_more=$1
	shift
	printf "{\"bench\":\"${BENCH_NAME:-}\",\"what\":\"%s\",\"figure\":%s,\"unit\":\"%s\"$row_more}\n" \
	    "$@" >>"${BENCH_JSON:-/dev/null}"
}

row() {
	if [ $# -ge 5 ]; then
		ratio=$(awk -v a="$2" -v b="$5" \
		    'BEGIN { printf "%.2f", (b > 0 ? a / b : 0) }')
		printf '%-46s %10s %-8s %-28s %10s  ratio %s\n' "$1" "$2" "$3" \
		    "$4" "$5" "$ratio"
		row_json ',"yardstick":"%s","yardstick_figure":%s,"ratio":%s' \
		    "$1" "$2" "$3" "$4" "$5" "$ratio"
	else
		printf '%-46s %10s %s\n' "$1" "$2" "$3"
		row_json '' "$1" "$2" "$3"
	fi
}
