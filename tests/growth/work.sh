# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Steady work for the world of world.sh, and what must be true in the end:
#
#	work_prepare DEVICES REVOCATIONS	requests, and certificates to revoke
#	work_start [PACE]	load.py in the background
#	work_goes_on		each kind of work is done, from now on, too
#	work_end
#	nothing_is_wrong	what was acknowledged is in the store, once, and no
#				wrong answer was given
#	says_of RESPONDER SERIAL	the status that it tells
#	said_of RESPONDER SERIAL STATUS	it is that
#	seen_by NAME TEXT		its log has it
#	adopt				two security officers let a CA go on from
#					where the chain ends now
: "${tmp:?}" "${srcdir:?}" "${pki:?}"
work=$tmp/work

# A batch of its own for certificates that are only there to be revoked.
work_prepare() {
	mkdir -p "$work" && cp "$pki/ca/root.pem" "$work/root.pem" &&
	openssl ocsp -issuer "$pki/ca/services.pem" -serial 0x7a01 -no_nonce \
	    -reqout "$work/template" || return 1
	request device && as o1 signet order new --profile device --csr \
	    "$tmp/device.csr" --holder device --holder-name Device \
	    --field name=device --sign --yes || return 1
	work_device=$(last_order)
	work_n=0
	while [ "$work_n" -lt "$2" ]; do
		as o1 order_tls "old$work_n" --sign || return 1
		work_n=$((work_n + 1))
	done
	cad && cert_of "$work_device" >"$work/device.pem" &&
	cp "$tmp/device.key" "$work/device.key" || return 1
	sql "SELECT encode(c.serial, 'hex') FROM cert c
	    WHERE holder LIKE 'old%'" >"$work/serials"
	work_n=0
	while [ "$work_n" -lt "$1" ]; do
		request "new$work_n" -subj /CN=device || return 1
		openssl req -in "$tmp/new$work_n.csr" -outform DER |
		    openssl base64 >"$work/$work_n.b64"
		work_n=$((work_n + 1))
	done
}

work_start() {
	: >"$work/done"
	python3 "$srcdir/tests/growth/load.py" "$work" 900 "${1:-1}" \
	    >>"$tmp/log" 2>&1 &
	work_pid=$!
	pids="$pids $work_pid"
}

work_count() {
	grep -c "^$1" "$work/done"
}

work_more() {
	[ "$(work_count issued)" -gt "$((work_issued + 1))" ] &&
	    [ "$(work_count revoked)" -gt "$work_revoked" ]
}

work_goes_on() {
	work_issued=$(work_count issued) work_revoked=$(work_count revoked)
	wait_for work_more
}

work_end() {
	touch "$work/stop"
	wait "$work_pid"
}

# sql, of whoever is the primary now.
world_sql() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d "$world_primary user=postgres" \
	    -c "SET search_path = signet" -c "$1"
}

world_quiet() {
	[ "$(world_sql "SELECT (SELECT count(*) FROM orders WHERE state = 'ready')
	    + (SELECT count(*) FROM intent) + (SELECT count(*) FROM outbox)
	    + (SELECT count(*) FROM delivery)")" = 0 ]
}

nothing_is_wrong() {
	is 'no wrong answer was given' "$(grep '^wrong' "$work/done")" ''
	ok '... and many right ones' awk '/OCSP (good|revoked)/ { n += $1 }
	    END { exit n < 50 }' "$work/counts"
	world_sql "SELECT encode(serial, 'hex') FROM cert" | sort >"$tmp/stored"
	is 'no number is there twice' "$(uniq -d "$tmp/stored")" ''
	is 'whatever was said to be issued is there' "$(sed -n \
	    's/^issued [0-9]* //p' "$work/done" | sort -u |
	    comm -23 - "$tmp/stored")" ''
	is '... once for each request' "$(world_sql "SELECT count(*) FROM (SELECT
	    FROM cert WHERE holder = 'device' GROUP BY key_digest
	    HAVING count(*) > 1) t")" 0
	world_sql "SELECT encode(serial, 'hex') FROM cert
	    WHERE status = 'revoked'" | sort >"$tmp/stored"
	is 'whatever was said to be revoked is so' "$(sed -n \
	    's/^revoked //p' "$work/done" | sort -u |
	    comm -23 - "$tmp/stored")" ''
	is 'each is revoked once' "$(world_sql "SELECT count(*) FROM (SELECT
	    FROM status_change GROUP BY ca, serial HAVING count(*) > 1) t")" 0
	is 'one list has one number' "$(world_sql "SELECT count(*) - count(DISTINCT
	    (ca, shard, number)) FROM crl")" 0
	ok 'the auditor finds nothing' proven
}

says_of() {
	ocsp=http://$(host_ip "$1"):8081 status "$2"
}

said_of() {
	[ "$(says_of "$1" "$2")" = "$3" ]
}

seen_by() {
	grep -q "$2" "$tmp/$1.log"
}

adopt() {
	signet audit show --json | tail -n 1 >"$tmp/head" &&
	as s1 signet order new --kind adopt --seq "$(sed -n \
	    's/.*"seq": *\([0-9]*\).*/\1/p' "$tmp/head")" --hash "$(sed -n \
	    's/.*"hash": *"\([0-9a-f]*\)".*/\1/p' "$tmp/head")" \
	    --comment 'failover' --yes --sign --wait 0s &&
	as s2 signet order approve --all-pending --yes
}
