# SPDX-License-Identifier: Apache-2.0
# signet-ocspd for tests, in an installation.  After tests/lib/installation.sh:
#
#	ocsp_signer CA [openssl's]	key and certificate in $tmp/ocspd/signers
#	ocsp_start [setting]...		$ocsp (URL), $ocspd (pid), $tmp/ocspd.log
#	ocsp_stop
#	ocsp_restart			with the same settings
#	status SERIAL [option]...	what openssl says: "good", "revoked
#					keyCompromise", "unknown", or an error
#	metric NAME			its value
#	healthy				/healthz is 200
#	ocsp_ready			wait until it can answer for $ocsp_ca
#	issued NAME			a certificate; $serial
#	change KIND SERIAL [option]...	by officer o1; carried out
#
# CA is services unless $ocsp_ca says another.

# shellcheck source=tests/lib/ports.sh
. "$srcdir/tests/lib/ports.sh"
ocsp_ca=services
mkdir -p "$tmp/ocspd/signers"

ocsp_signer() {
	signer_ca=$1
	shift
	[ $# -gt 0 ] || set -- ec -pkeyopt ec_paramgen_curve:P-256
	openssl req -new -newkey "$@" -nodes -keyout "$tmp/signer.key" \
	    -out "$tmp/signer.csr" -subj "/CN=signer" 2>/dev/null &&
	as s1 signet order new --profile "${signer_profile:-ocsp-signer}" \
	    --ca "$signer_ca" --csr "$tmp/signer.csr" --sign \
	    --holder "ocsp-$signer_ca" --holder-name "OCSP of $signer_ca" \
	    --yes >"$tmp/out" 2>&1 && cad || return 1
	cert_of "$(last_order)" >"$tmp/signer.pem" &&
	cat "$tmp/signer.key" >>"$tmp/signer.pem" &&
	chmod 600 "$tmp/signer.pem" &&
	mv "$tmp/signer.pem" "$tmp/ocspd/signers/$signer_ca.pem"
}

# The profile takes RSA only, as clients want; P-256 is quicker to make.
ocsp_allow_ec() {
	sed -i 's/^keys = (/&\n\t{ type = "ec"; curves = [ "P-256" ]; },/' \
	    "$pki/profiles/ocsp-signer"
}

ocsp_start() {
	ocsp_port=$(free_ports 1) operator_port=$(free_ports 1)
	ocsp=http://127.0.0.1:$ocsp_port
	cat >"$tmp/ocspd.conf" <<-E
	listen = [ "127.0.0.1:$ocsp_port" ];
	metrics_listen = "127.0.0.1:$operator_port";
	database = "${ocsp_db:-$conninfo} user=signet_ocsp";
	state = "${ocsp_state:-$tmp/ocspd}";
	root = "$pki/ca/root.pem";
	profiles = "$pki/profiles";
	E
	for ocsp_setting; do
		echo "$ocsp_setting;"
	done >>"$tmp/ocspd.conf"
	ocsp_restart
}

ocsp_restart() {
	signet-ocspd -d -c "$tmp/ocspd.conf" >>"$tmp/ocspd.log" 2>&1 &
	ocspd=$!
	pids="$pids $ocspd"
	wait_for curl -so /dev/null "http://127.0.0.1:$operator_port/healthz"
}

ocsp_stop() {
	stop "$ocspd"
}

healthy() {
	[ "$(curl -s -o "$tmp/health" -w '%{http_code}' \
	    "http://127.0.0.1:$operator_port/healthz")" = 200 ]
}

ocsp_can() {
	healthy
	grep -q '^ok store' "$tmp/health" &&
	    grep -q "^ok signer $ocsp_ca:" "$tmp/health" &&
	    grep -q "^ok list $ocsp_ca:" "$tmp/health"
}

ocsp_ready() {
	wait_for ocsp_can
}

metric() {
	curl -s "http://127.0.0.1:$operator_port/metrics" |
	    awk -v name="$1" '$1 == name { print $2 }'
}

# The nonce makes sure that nothing comes from a cache: -no_nonce after it.
status() {
	status_serial=$1
	shift
	openssl ocsp -issuer "$pki/ca/$ocsp_ca.pem" -CAfile \
	    "$pki/ca/root.pem" -verify_other "$pki/ca/$ocsp_ca.pem" \
	    -url "${status_url:-$ocsp}" "$@" -serial "0x$status_serial" \
	    >"$tmp/status" 2>&1
	grep -q '^Response verify OK' "$tmp/status" || {
		sed -n 's/^Responder Error: \([a-z]*\).*/\1/p' "$tmp/status" |
		    grep . || tail -n 1 "$tmp/status"
		return
	}
	awk -v s="0x$status_serial" 'index($1, s) == 1 { r = $2 }
	    /Reason:/ { r = r " " $2 } END { print r }' "$tmp/status"
}

issued() {
	as o1 order_tls "$1" --sign >/dev/null && cad &&
	serial=$(serial_of "$(last_order)") && [ -n "$serial" ]
}

change() {
	as o1 signet order new --kind "$1" --wait 0s --yes "$2" ${3:+"$3" "$4"} \
	    >"$tmp/out" 2>&1
	id=$(last_order)
	cad
	[ "$(order_state "$id")" = 'done' ]
}
