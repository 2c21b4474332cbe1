#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A full disk under the ledger, then under the store: nothing is lost, nothing
# comes twice, and with room again the work goes on by itself.
. "${srcdir:-.}/tests/integration/tap.sh"

start_pg
export SIGNET_PROFILES="$srcdir/etc/profiles" SIGNET_SQL="$srcdir/db" \
    SIGNET_GROUP=50 SIGNET_WORKERS=2
mkdir "$tmp/d"
ok 'an installation is set up' feed init "$tmp/d" "$conninfo"
sed -i '1i poll = "1s";' "$tmp/d/cad.conf"

order() {
	feed requests "$tmp/d" "$2" && feed "$1" "$tmp/d" "$conninfo" "$2"
}
finished() {
	[ "$(sql "SELECT count(*) FROM item WHERE state <> 'done'")" = 0 ]
}
whole() {
	[ "$(sql "SELECT count(*), count(DISTINCT serial),
	    count(DISTINCT (order_id, n)) FROM cert")" = "$1|$1|$1" ] &&
	[ "$(sql "SELECT count(*) FROM intent")" = 0 ]
}

# The ledger's file may not grow: write(2) fails as on a full disk.
order batch 200 >"$tmp/out" 2>&1
limited() {		# runs in the background, so in a process of its own
	trap '' XFSZ
	ulimit -f 16
	exec signet-cad -d -c "$tmp/d/cad.conf"
}
start limited
ok 'a ledger that cannot grow stops the signing' \
    wait_for grep -q 'write ledger' "$tmp/log"
ok '... with a hint' grep -q 'hint: make room' "$tmp/log"
stop "$last"
before=$(sql "SELECT count(*) FROM cert")
ok '... before everything was signed' test "$before" -lt 200
ok 'with room again the rest is issued' signet-cad --once -d -c "$tmp/d/cad.conf"
ok '... all of it' finished
ok '... each once' whole 200

# A tablespace of its own on a small file system, filled to the brim.
fill() {
	dd if=/dev/zero of="$tmp/small/filler" bs=64k 2>/dev/null
	! dd if=/dev/zero of="$tmp/small/more" bs=64k count=1 2>/dev/null
}
mkdir "$tmp/small"
if [ "$(id -u)" -eq 0 ] &&
    mount -t tmpfs -o size=12m,mode=777 none "$tmp/small" 2>/dev/null; then
	trap 'umount -l "$tmp/small" 2>/dev/null; tap_clean_up' EXIT
	mkdir "$tmp/small/ts"
	chown postgres "$tmp/small/ts" 2>/dev/null ||
	    chown nobody "$tmp/small/ts"
	sql "CREATE TABLESPACE small LOCATION '$tmp/small/ts'" >/dev/null
	sql "ALTER TABLE cert SET TABLESPACE small" >/dev/null
	order batch 300 >"$tmp/out" 2>&1
	ok 'the disk of the certificates is full' fill
	: >"$tmp/log"
	start signet-cad -d -c "$tmp/d/cad.conf"
	ok 'a store without room is an error that says so' \
	    wait_for grep -q 'No space left on device' "$tmp/log"
	ok '... and the daemon lives on' kill -0 "$last"
	rm -f "$tmp/small/filler" "$tmp/small/more"
	ok 'with room again the daemon goes on by itself' wait_for finished
	ok '... each certificate is there once' whole 500
	stop "$last"
else
	echo "# no right to mount a small file system: the store's disk was not filled"
fi

done_testing
