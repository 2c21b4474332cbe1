# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: what runs.
: "${state:?}"

# In the order in which they start.
daemons="cad crld ocspd rad"

# credentials_give DAEMON - its passphrases, as systemd gives them, and what
# else its settings want
credentials_give() {
	given_to=$home/credentials/signet-$1
	(umask 022 && mkdir -p "$home/credentials" && rm -rf "$given_to" &&
	    install -d -m 500 -o "signet-$1" -g "signet-$1" "$given_to") &&
	for name in $({
		sed -n 's/^LoadCredential=\([^:]*\):.*/\1/p' \
		    "$top/systemd/signet-$1"*.service.in
		sed -n 's/.*"credential:\([^"]*\)".*/\1/p' "$inst/$1.conf"
	} | sort -u); do
		install -m 400 -o "signet-$1" -g "signet-$1" \
		    "$inst/secrets/$name" "$given_to/$name" || return 1
	done
}

# daemon_as NAME DO COMMAND... - as a user of its own, or else as whose this is
daemon_as() {
	daemon=$1 how=$2
	shift 2
	if has_users; then
		credentials_give "$daemon" ||
		    die "cannot write in $home/credentials"
		set -- env CREDENTIALS_DIRECTORY="$given_to" setpriv \
		    --reuid="signet-$daemon" --regid="signet-$daemon" \
		    --clear-groups --no-new-privs --inh-caps=-all -- "$@"
	fi
	$how "$@"
}

daemon_start() {
	daemon_as "$1" "in_background signet-$1" \
	    "signet-$1" -c "$inst/$1.conf" -d
}

daemons_start() {
	for d in $daemons; do
		background_runs "signet-$d" || daemon_start "$d"
	done
}

# healthy PORT - what the daemon there says of itself
healthy() {
	curl -sf -o /dev/null "http://127.0.0.1:$1/healthz"
}

# is_well DAEMON PORT
is_well() {
	wait_for healthy "$2" || {
		curl -s "http://127.0.0.1:$2/healthz" >&2
		die "signet-$1 is not well" "see $state/log/signet-$1.log"
	}
}

# The responder has ordered its signers, and the CA has certified them.
daemons_ready() {
	sleep 1
	for d in $daemons; do
		background_runs "signet-$d" || {
			tail -n 20 "$state/log/signet-$d.log" >&2
			die "signet-$d does not start" \
			    "see $state/log/signet-$d.log"
		}
	done
	is_well crld "$crl_metrics"
	is_well ocspd "$ocsp_metrics"
	is_well rad "$ra_metrics"
	echo "http://127.0.0.1:$crl_port    lists and CA certificates"
	echo "http://127.0.0.1:$ocsp_port    OCSP"
	echo "https://ra.localhost:$ra_port    registration authority"
	echo "https://ra.localhost:$ra_cert_port    with a certificate, such as" \
	    "$state/officers/ro1.p12"
}

daemons_stop() {
	for d in rad ocspd crld cad; do
		background_stop "signet-$d"
	done
}

# status_of DAEMON [ADDRESS]
status_of() {
	if background_runs "signet-$1"; then
		pid=$(background_pid "signet-$1")
		printf '%-13s running, process %s of %s%s\n' "signet-$1" \
		    "$pid" "$(stat -c %U "/proc/$pid")" "${2:+, $2}"
	else
		printf '%-13s not running\n' "signet-$1"
	fi
}

daemons_status() {
	status_of cad
	status_of crld "${crl_port:+http://127.0.0.1:$crl_port}"
	status_of ocspd "${ocsp_port:+http://127.0.0.1:$ocsp_port}"
	status_of rad "${ra_port:+https://ra.localhost:$ra_port}"
}
