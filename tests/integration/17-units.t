#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What "make install" gives systemd: each unit is one that systemd takes, says
# whose daemon it is, and shuts that in; users and directories fit.
. "${srcdir:-.}/tests/integration/tap.sh"

# unit NAME - with the program of this build, for who looks whether it is there
unit() {
	case $1 in
	*cad*)	dir=ca/issuing ;;
	*crld*)	dir=crl ;;
	*ocspd*)	dir=ocsp ;;
	*rad*)	dir=ra ;;
	*backup*)	dir=. ;;
	*)	dir=personalize ;;
	esac
	sed "s|^ExecStart=[^ ]*/|ExecStart=$SIGNET_BUILD/$dir/|" \
	    "$SIGNET_BUILD/systemd/$1.service" >"$tmp/units/$1.service"
}
# has NAME LINE
has() {
	grep -qxF -e "$2" "$tmp/units/$1.service"
}

mkdir "$tmp/units"
for d in signet-backup signet-cad signet-crld signet-ocspd signet-rad \
    signet-station@; do
	unit "$d"
	user=${d%@}
	not "$d: nothing is left to fill in" grep -q '@[a-z]*@' \
	    "$tmp/units/$d.service"
	ok "$d has a user of its own" has "$d" "User=$user"
	ok "$d: systemd-sysusers makes that user" grep -q "^u $user - " \
	    "$SIGNET_BUILD/systemd/sysusers.conf"
	dir=$(sed -n 's/^ReadWritePaths=//p' "$tmp/units/$d.service")
	for p in $dir; do
		ok "$d: systemd-tmpfiles makes $(basename "$p") for it" \
		    grep -qE "^d $p 07[05][05] $user $user -\$" \
		    "$SIGNET_BUILD/systemd/tmpfiles.conf"
	done
	not "$d: no secret is on a command line" \
	    grep -qiE '^(ExecStart|Environment).*(pass|pin)' \
	    "$tmp/units/$d.service"
done
for d in signet-cad signet-crld signet-ocspd signet-rad signet-station@; do
	ok "$d: the end of a process is said by who has started it" \
	    has "$d" KillMode=mixed
done
for d in signet-cad signet-crld signet-ocspd signet-rad; do
	ok "$d is waited for until it is ready" has "$d" Type=notify
	ok "$d is started again" has "$d" Restart=always
	ok "$d is watched" grep -q '^WatchdogSec=' "$tmp/units/$d.service"
done
cp "$SIGNET_BUILD/systemd/signet-backup.timer" "$tmp/units"
not 'no backup is made where nobody can open it' grep -q 'WantedBy' \
    "$tmp/units/signet-backup.service"
ok '... or wants one' has signet-backup \
    "ConditionPathExists=$(sed -n 's/.* --for \([^ ]*\) .*/\1/p' \
    "$tmp/units/signet-backup.service")"
ok 'the timer makes one that was missed' grep -qxF Persistent=yes \
    "$tmp/units/signet-backup.timer"
ok 'who makes them may read everything, and nothing else' has signet-backup \
    CapabilityBoundingSet=CAP_DAC_READ_SEARCH
is 'only root and each daemon itself may look into its directory' \
    "$(awk '$1 == "d" && $2 !~ /\/(signet|www)$/ { print $3 }' \
    "$SIGNET_BUILD/systemd/tmpfiles.conf" | sort -u)" 0700

# Its own opinion, where it is installed.
if command -v systemd-analyze >/dev/null; then
	sed 's/^Requires=pcscd.socket$//' "$tmp/units/signet-station@.service" \
	    >"$tmp/units/signet-station@batch.service"
	rm "$tmp/units/signet-station@.service"
	systemd-analyze verify --man=no --recursive-errors=no \
	    "$tmp/units/signet-backup.timer" >"$tmp/out" 2>&1
	is 'systemd takes the timer without a word' \
	    "$?$(grep -F signet-backup "$tmp/out")" 0
	for u in "$tmp"/units/*.service; do
		n=$(basename "$u" .service)
		systemd-analyze verify --man=no --recursive-errors=no "$u" \
		    >"$tmp/out" 2>&1
		is "systemd takes $n without a word" \
		    "$?$(grep -F "$n" "$tmp/out")" 0
		systemd-analyze security --offline=true --threshold=20 \
		    --no-pager "$u" >"$tmp/out" 2>/dev/null
		tap_result $? "$n: exposure at most 2.0 of 10"
		sed -n 's/^[^O]*\(Overall.*[0-9]\) .*/# \1/p' "$tmp/out"
	done
	sed '/^[A-Z][A-Za-z]*=yes$/d; /^SystemCall/d' \
	    "$tmp/units/signet-cad.service" >"$tmp/signet-open.service"
	not 'and one without its walls would be seen' systemd-analyze security \
	    --offline=true --threshold=20 "$tmp/signet-open.service"
fi
done_testing
