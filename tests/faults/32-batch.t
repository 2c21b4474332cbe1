#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A batch of cards is taken in, approved by two officers, counted, thinned out
# and closed; signet dies at each step, and whoever finds it so goes on from what
# "signet card batch show" says.  Nobody is ordered twice, no blank counted twice.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=2
install_pki
{
	echo holder,name,mail,unit,surname
	for i in 1 2 3; do
		echo "$i,Person $i,p$i@example.com,Lab,Family"
	done
} >"$tmp/people.csv"
faults_begin

batch() {
	batch_verb=$1
	shift
	signet card batch "$batch_verb" autumn "$@"
}
taken_in() {
	batch import --layout person-ec --csv "$tmp/people.csv"
}
approved_by() {
	as "$1" signet card batch approve autumn --yes
}
# What is counted is added up: a count that got no answer is looked at first.
batch_run() {
	taken_in && approved_by o1 && approved_by o2 &&
	batch stock --received 5 && batch drop 1 2 3 --reason 'has left' &&
	batch stock --useless 1 && batch stock --returned 4 --note 'box 3' &&
	batch close
}
shown() {
	batch show --json 2>/dev/null | jq -r "$1"
}
# unless KEY VALUE COMMAND... - or the batch has come to that already
unless() {
	[ "$(shown ".$1")" = "$2" ] || {
		shift 2
		"$@"
	}
}
batch_approved() {
	[ "$(shown .orders)" = ready ] || {
		signed_by o1 || approved_by o1
	} && {
		signed_by o2 || approved_by o2
	}
}
# Each of its orders has that signature: a command signs all of them.
signed_by() {
	sql "SELECT encode(id, 'hex') FROM orders WHERE kind = 'batch'" |
	    while read -r signed_id; do
		signet order show "$signed_id" --json |
		    jq -e --arg who "$1" \
		    'any(.signed_by[]; .person == $who)' || exit 1
	done >"$tmp/signed"
}
batch_again() {
	[ -n "$(shown .state)" ] || taken_in || return
	[ "$(shown .state)" != closed ] || return 0
	batch_approved &&
	{ [ "$(sql "SELECT count(*) FROM card_item
	    WHERE state = 'waiting'")" = 0 ] || {
		unless received 5 batch stock --received 5 &&
		batch drop 1 2 3 --reason 'has left'
	}; } &&
	unless useless 1 batch stock --useless 1 &&
	unless returned 4 batch stock --returned 4 --note 'box 3' &&
	batch close
}
batch_holds() {
	[ "$(shown '[.state, .received, .useless, .returned] | join(" ")')" = \
	    'closed 5 1 4' ] &&
	[ "$(sql "SELECT count(*) FROM orders WHERE kind = 'batch'")" = 3 ] &&
	[ "$(sql "SELECT count(DISTINCT number) FROM card_item
	    WHERE state = 'dropped'")" = 3 ] && proven
}
faults_of batch
faults_sum
done_testing
