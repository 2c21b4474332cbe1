#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every process of every daemon, looked at while it runs, and tried by itself:
# each, in the sandbox that it has entered, attempts what its sandbox is to
# refuse (lib/os/sandbox_proof.h), and has to be refused all of it (E002, E158).
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"

mkdir "$tmp/proof" && echo here >"$tmp/proof/outside" && : >"$tmp/proof/report"
chmod 777 "$tmp/proof" && chmod 666 "$tmp/proof/outside" "$tmp/proof/report"
SIGNET_SANDBOX_PROOF=$tmp/proof
export SIGNET_SANDBOX_PROOF

services_install
rad_configure
station_configure
layout ec '{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; }'
readers_begin 1 >"$tmp/out" 2>&1
service_start slapd cad crld ocspd
ok 'the registration authority starts' rad_start
ok 'there is a reader' readers_are_there
ok 'a batch is approved' card_batch one ec 1
station_start --batch one

below() {
	for below_pid in $(pgrep -P "$1"); do
		echo "$below_pid"
		below "$below_pid"
	done
}
name_of() { cat "/proc/$1/comm"; }
reported() { grep -c "^$1 " "$tmp/proof/report"; }

# --- who there is ---
# Those who start others as another user, and have the operator's command to
# run, or his terminal: no key and no connection.
above="$(service_pid cad) $station"
all="$above $(service_pid crld) $(service_pid ocspd) $rad_pid"
everybody() {
	for daemon in $all; do
		echo "$daemon"
		below "$daemon"
	done
}
nobody_is_missing() {
	for pid in $(everybody); do
		[ "$(reported "$pid")" -ge 20 ] || return 1
	done
	[ "$(everybody | wc -l)" -ge 25 ] &&
	    [ "$(pgrep -P "$station" | wc -l)" -ge 2 ]
}
ok 'all have tried what they may not' wait_for nobody_is_missing
everybody | while read -r pid; do
	printf '# %s: %s, %d attempts\n' "$pid" "$(name_of "$pid")" \
	    "$(reported "$pid")"
done
everybody >"$tmp/everybody"
# One may run a program: the operator's, which takes heads away.
sed "/^$(service_pid cad) exec /d" "$tmp/proof/report" |
    awk 'NR == FNR { ours[$1] = 1; next } $1 in ours && $3 != "refused"' \
    "$tmp/everybody" - >"$tmp/let"
is 'and nothing was not refused' "$(cat "$tmp/let")" ''
is 'nothing was made outside' "$(ls "$tmp/proof")" "outside
report"

# --- from outside ---
# has FILE LINE [BUT]
has() {
	for pid in $(everybody); do
		case " ${3:-} " in
		*" $pid "*) continue ;;
		esac
		grep -qE "$2" "/proc/$pid/$1" || {
			echo "$(name_of "$pid"): $(grep -E "${2%%[:+ ]*}" \
			    "/proc/$pid/$1")"
			return 1
		}
	done
}
ok 'all are under a filter' has status '^Seccomp:	2$'
ok 'none can gain a right' has status '^NoNewPrivs:	1$'
ok 'none has a capability' has status '^CapEff:	0+$' "$above"
ok '... or could take one' has status '^CapPrm:	0+$' "$above"
ok '... or hand one on' has status '^CapBnd:	0+$' "$above"
ok 'none leaves a core file' has limits '^Max core file size +0 +0 '

open_in() { find "/proc/$1/fd" -lname "$2" 2>/dev/null; }
keys=
for pid in $(everybody); do
	keys="$keys$(open_in "$pid" '*.key')$(open_in "$pid" '*/secrets/*')"
done
is 'none keeps the file of a key or of a passphrase open' "$keys" ''
# Who has a key and no errand outside has no way there either.
ss -Htanp >"$tmp/tcp" 2>/dev/null
ss -Hxnp >"$tmp/unix" 2>/dev/null
apart=0
for pid in $(everybody); do
	case $(name_of "$pid") in
	*signer*|*sealer*|*keeper*|*tokens*|*reader*)
		apart=$((apart + 1))
		not "$(name_of "$pid") has no connection and no port" \
		    grep -q "pid=$pid," "$tmp/tcp"
		not '... and none to the store' sh -c 'grep "pid=$1," "$2" |
		    grep -q "PGSQL"' - "$pid" "$tmp/unix" ;;
	esac
done
ok 'there are such processes' test "$apart" -ge 4
for pid in $above; do
	not "$(name_of "$pid"), which starts others, has no way to the store" \
	    sh -c 'grep "pid=$1," "$2" | grep -q PGSQL' - "$pid" "$tmp/unix"
done
station_stop
done_testing
