#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two cards are made in two readers, through the real pcscd; the process of the
# station that passes a step dies there: a statement, a command to a card, a use
# of a key.  With TEST_FULL 60 points, with TEST_HUGE all.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/kills.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=2
faults_full=60
[ -z "${TEST_HUGE:-}" ] || faults_full=0
# Each try takes two holders of the batch.
blanks=$((2 * FAULTS_POINTS + 4))
[ -z "${TEST_FULL:-}" ] || blanks=$((2 * faults_full + 4))
[ -z "${TEST_HUGE:-}" ] || blanks=4000

# The station under fire; without a word nobody dies.
station_fire() {
	kill -KILL "$station" 2>/dev/null
	wait "$station" 2>/dev/null
	rm -f "$tmp/count"
	station_env="LD_PRELOAD=$faults_lib CRASH_COUNT=$tmp/count $*"
	station_start --batch all
	station_env=
}
# It replaces those of its processes that die; itself it is started again.
all_ended() {
	cards_ended && return
	kill -0 "$station" 2>/dev/null && ! is_dead "$station" ||
	    station_start --batch all
	return 1
}
is_dead() {
	grep -q ') Z ' "/proc/$1/stat"
}
personalise_try() {
	station_fire "$@"
	blanks_in
	wait_for all_ended || kills_say || return 1
	blanks_out
}

ok 'a station is at work' kills_begin "$blanks"
ok 'two cards are made' personalise_try "CRASH_LIST=$tmp/steps"
is '... none is spoiled' "$(sql "SELECT count(*) FROM card
    WHERE state <> 'issued'")" 0
sort -n -o "$tmp/steps" "$tmp/steps"
faults_moments >"$tmp/points"
faults_count_points
ok '... by statements, commands and keys' sh -c '
    grep -q " db " "$1" && grep -q " card " "$1" && grep -q " key " "$1"' - \
    "$tmp/steps"
for faults_at in $(faults_asked '^[0-9]'); do
	faults_tried=$((faults_tried + 1))
	ok "point $faults_at, $(faults_what "$faults_at")" \
	    personalise_try "CRASH_AT=$faults_at"
done
kills_end
faults_sum
done_testing
