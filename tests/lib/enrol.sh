# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
# The registration authority for tests of protocols.  After
# tests/lib/installation.sh and install_pki:
#
#	rad_certificates [option]...	the RA's own, for its orders and for TLS;
#					options of the order for the latter
#	device_profile			"device": the RA alone approves it
#	rad_start [setting]...		$ra and $ra_cert (URLs), $rad (pid)
#	rad_stop
#	rad_while COMMAND...	while signet-rad is there, which may die of it
#	cad_start, cad_stop		signet-cad, until it is stopped
#	code_order NAME [profile]	$order and its one-time code in $code
#	est PATH [curl's options]	status in $status, answer in $tmp/answer
#	enrol NAME PATH [curl's]	the same, a request of that name
#	issued_to NAME			the answer is its certificate, to
#					$tmp/NAME.pem
: "${pki:?}" "${tmp:?}" "${srcdir:?}"
rad_host=ra.example.org

# agent_cert PROFILE FILE [order's options] - approved by both security officers
agent_cert() {
	agent_profile=$1 agent_file=$2
	shift 2
	request "$agent_file" && as s1 signet order new --profile \
	    "$agent_profile" --csr "$tmp/$agent_file.csr" --holder \
	    "$agent_file" --holder-name "$agent_file" --sign --yes "$@" \
	    >"$tmp/out" 2>&1 || return 1
	agent_id=$(last_order)
	[ "$(order_state "$agent_id")" != pending ] ||
	    as s2 signet order approve "$agent_id" --yes >"$tmp/out" 2>&1 ||
	    return 1
	cad && cert_of "$agent_id" >"$tmp/$agent_file.pem"
}

rad_certificates() {
	agent_cert ra-agent ra --field org="Example AB" --field id=ra1 \
	    --field name="Registration" || return 1
	cat "$pki/ca/services.pem" >>"$tmp/ra.pem"
	as o1 order_tls web --field "dns=$rad_host" --sign "$@" >"$tmp/out" \
	    2>&1 && cad && cert_of "$(last_order)" >"$tmp/web.pem" &&
	cat "$pki/ca/services.pem" >>"$tmp/web.pem" &&
	chmod 600 "$tmp/ra.key" "$tmp/web.key"
}

device_profile() {
	sed -e 's/^approvals = .*/approvals = [ "ra-agent", "officer" ];/' \
	    -e 's/^renewal_approvals = .*/renewal_approvals = [ "ra-agent" ];/' \
	    -e 's/^renewal_window = .*/renewal_window = "365d";/' \
	    -e '$a self_revoke = true;' \
	    "$pki/profiles/tls-client" >"$pki/profiles/device"
}

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
	    LocalAddr => "127.0.0.1")->sockport'
}

rad_start() {
	rad_port=$(free_port) rad_cert_port=$(free_port)
	rad_metrics=$(free_port)
	ra=https://$rad_host:$rad_port ra_cert=https://$rad_host:$rad_cert_port
	mkdir -p "$tmp/rad"
	cat >"$tmp/rad.conf" <<-E
	listen = "127.0.0.1:$rad_port";
	listen_cert = "127.0.0.1:$rad_cert_port";
	url = "$ra";
	url_cert = "$ra_cert";
	metrics_listen = "127.0.0.1:$rad_metrics";
	database = "$conninfo user=signet_ra";
	state = "$tmp/rad";
	root = "$pki/ca/root.pem";
	ca_dir = "$pki/ca";
	profiles = "$pki/profiles";
	pages = "$srcdir/ra";
	tls_key = "$tmp/web.key";
	tls_cert = "$tmp/web.pem";
	agent_key = "$tmp/ra.key";
	agent_cert = "$tmp/ra.pem";
	E
	for rad_setting; do
		echo "$rad_setting;"
	done >>"$tmp/rad.conf"
	rad_again
}

rad_again() {
	signet-rad -d -c "$tmp/rad.conf" >>"$tmp/rad.log" 2>&1 &
	rad=$!
	pids="$pids $rad"
	wait_for curl -sf "http://127.0.0.1:$rad_metrics/metrics" &&
	    wait_for rad_curl "$ra/.well-known/est/cacerts" && return
	tail -n 20 "$tmp/rad.log"
	return 1
}

rad_stop() {
	stop "$rad"
}

# Until it serves, or has died.
rad_serves() {
	until rad_curl -f -o "$tmp/answer" "$ra/.well-known/est/cacerts"; do
		kill -0 "$rad" 2>/dev/null || return
		sleep 0.05
	done
}

rad_while() {
	signet-rad -d -c "$tmp/rad.conf" >>"$tmp/rad.log" 2>&1 &
	rad=$!
	rad_serves && "$@"
	rad_status=$?
	kill "$rad" 2>/dev/null
	wait "$rad"
	return "$rad_status"
}

cad_start() {
	signet-cad -d -c "$pki/cad.conf" >>"$tmp/cad.log" 2>&1 &
	cad_pid=$!
	pids="$pids $cad_pid"
}

cad_stop() {
	stop "$cad_pid"
}

rad_curl() {
	curl -s --cacert "$pki/ca/root.pem" \
	    --connect-to "$rad_host:$rad_port:127.0.0.1:$rad_port" \
	    --connect-to "$rad_host:$rad_cert_port:127.0.0.1:$rad_cert_port" \
	    "$@"
}

# The code is shown once, on a line of its own.
code_order() {
	code_name=$1
	as o1 signet order new --code --profile "${2:-tls-client}" --holder \
	    "$code_name" --holder-name "$code_name" --field "name=$code_name" \
	    --sign --yes >"$tmp/out" 2>&1 || return 1
	order=$(last_order)
	code=$(grep -oE '([0-9A-Z]{5}-){3}[0-9A-Z]{5}' "$tmp/out")
}

est() {
	est_path=$1
	shift
	status=$(rad_curl -o "$tmp/answer" -D "$tmp/head" -w '%{http_code}' \
	    "$@" "${est_base:-$ra}/.well-known/est/$est_path")
}

enrol() {
	enrol_name=$1 enrol_path=$2
	shift 2
	[ -e "$tmp/$enrol_name.csr" ] || request "$enrol_name" || return 1
	openssl req -in "$tmp/$enrol_name.csr" -outform DER |
	    openssl base64 >"$tmp/$enrol_name.b64"
	est "$enrol_path" -H 'Content-Type: application/pkcs10' \
	    --data-binary "@$tmp/$enrol_name.b64" "$@"
}

issued_to() {
	[ "$status" = 200 ] && base64 -d "$tmp/answer" |
	    openssl pkcs7 -inform DER -print_certs -out "$tmp/$1.pem" &&
	openssl x509 -in "$tmp/$1.pem" -noout -pubkey >"$tmp/$1.pub" &&
	openssl pkey -in "$tmp/$1.key" -pubout | cmp -s - "$tmp/$1.pub" &&
	openssl verify -CAfile "$pki/ca/root.pem" \
	    -untrusted "$pki/ca/services.pem" "$tmp/$1.pem" >/dev/null
}

with_cert() {
	est_base=$ra_cert
	with_name=$1
	shift
	"$@" --cert "$tmp/$with_name.pem" --key "$tmp/$with_name.key"
	est_base=
}
