# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A registration authority on ports of its own; after installation.sh:
#
#	rad_configure		in $pki, after install_pki
#	rad_set NAME VALUE	another value of a setting, as written there
#	rad_mail URL		its mails go to that server, in the clear
#	rad_start, rad_stop	ready when it returns; log in $tmp/rad.log
#	rad_while COMMAND...	while signet-rad is there, which may die of it
#	rad_over COMMAND...	so it is, or signet-rad has died
#	visit PATH [curl's]	a page for everybody: body in $tmp/body, headers
#				in $tmp/head, status on standard output
#	visit_as WHO PATH ...	the same where a certificate is asked for, with
#				$tmp/WHO.{pem,key} (officers' are made from $pki)
#	browse JAR PATH ...	as visit, with cookies in $tmp/JAR.jar
#	browse_as WHO PATH ...	as visit_as, with cookies
#	token			of the form in $tmp/body
#	header NAME		of the last answer
#
# $rad and $rad_cert are the two addresses, $rad_metrics the operator's.
: "${tmp:?}" "${srcdir:?}" "${pki:?}"
# shellcheck source=tests/lib/ports.sh
. "$srcdir/tests/lib/ports.sh"

rad_host=pki.example.org

rad_set() {
	sed -i "/^$1 = /d" "$pki/rad.conf"
	echo "$1 = $2;" >>"$pki/rad.conf"
}

rad_mail() {
	rad_set mail_server "\"$1\""
	rad_set mail_from '"pki@example.org"'
	rad_set mail_clear true
}

rad_configure() {
	# shellcheck disable=SC2046 # numbers
	set -- $(free_ports 3)
	rad_port=$1 rad_cert_port=$2
	rad=https://$rad_host:$1 rad_cert=https://$rad_host:$2
	rad_metrics=http://127.0.0.1:$3
	rad_set listen "\"127.0.0.1:$1\""
	rad_set listen_cert "\"127.0.0.1:$2\""
	rad_set metrics_listen "\"127.0.0.1:$3\""
	rad_set url "\"$rad\""
	rad_set url_cert "\"$rad_cert\""
	rad_set pages "\"$srcdir/ra\""
	for who in s1 s2 o1 o2; do
		[ -e "$pki/officers/$who.pem" ] || continue
		cp "$pki/officers/$who.pem" "$tmp/$who.pem"
		openssl pkey -in "$pki/officers/$who.key" \
		    -passin "file:$pki/secrets/officer-$who" \
		    -out "$tmp/$who.key" 2>/dev/null
	done
}

rad_ready() {
	curl -sSf -o "$tmp/ready" "$rad_metrics/healthz" &&
	    grep -q "^ok web" "$tmp/ready"
}

rad_start() {
	signet-rad -d -c "$pki/rad.conf" >"$tmp/rad.log" 2>&1 &
	rad_pid=$!
	pids="$pids $rad_pid"
	wait_for rad_ready
}

rad_stop() {
	kill "$rad_pid" 2>/dev/null
	wait "$rad_pid" 2>/dev/null
}

rad_over() {
	"$@" || ! kill -0 "$rad_pid" 2>/dev/null
}

rad_while() {
	signet-rad -d -c "$pki/rad.conf" >>"$tmp/rad.log" 2>&1 &
	rad_pid=$!
	wait_for rad_over rad_ready
	"$@"
	rad_status=$?
	rad_stop
	return "$rad_status"
}

# rad_ask URL [curl's]
rad_ask() {
	rad_url=$1
	shift
	: >"$tmp/body"
	curl -sS --max-time 20 --cacert "$pki/ca/root.pem" \
	    --resolve "$rad_host:$rad_port:127.0.0.1" \
	    --resolve "$rad_host:$rad_cert_port:127.0.0.1" --path-as-is \
	    -D "$tmp/head" -o "$tmp/body" -w '%{http_code}\n' "$@" \
	    "$rad_url" 2>"$tmp/curl"
}

visit() {
	rad_path=$1
	shift
	rad_ask "$rad$rad_path" "$@"
}

visit_as() {
	rad_who=$1 rad_path=$2
	shift 2
	rad_ask "$rad_cert$rad_path" --cert "$tmp/$rad_who.pem" \
	    --key "$tmp/$rad_who.key" "$@"
}

browse() {
	rad_jar=$1 rad_path=$2
	shift 2
	visit "$rad_path" -b "$tmp/$rad_jar.jar" -c "$tmp/$rad_jar.jar" "$@"
}

browse_as() {
	rad_jar=$1 rad_path=$2
	shift 2
	visit_as "$rad_jar" "$rad_path" -b "$tmp/$rad_jar.jar" \
	    -c "$tmp/$rad_jar.jar" "$@"
}

token() {
	sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' "$tmp/body" |
	    sed 's/&#[0-9]*;//g' | head -n 1
}

header() {
	tr -d '\r' <"$tmp/head" | sed -n "s/^$1: //Ip"
}
