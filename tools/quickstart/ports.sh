# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: a port of its own for each listener, kept, because
# addresses stand in certificates.
: "${state:?}"

ports_usual="8080 8081 9641 9642 3890 8443 8444 9643 2525"

# free_port PORT... - the first that nobody has; 0 is any
free_port() {
	perl -MIO::Socket::INET -e 'for my $p (@ARGV) {
		my $s = IO::Socket::INET->new(Listen => 1,
		    LocalAddr => "127.0.0.1", LocalPort => $p) or next;
		print $s->sockport, "\n";
		exit 0;
	}
	exit 1' "$@"
}

ports_read() {
	[ ! -s "$state/ports" ] || {
		read -r crl_port; read -r ocsp_port; read -r crl_metrics
		read -r ocsp_metrics; read -r ldap_port; read -r ra_port
		read -r ra_cert_port; read -r ra_metrics; read -r smtp_port
	} <"$state/ports" || die \
	    "$state is of an older version: it has no port for everything" \
	    "./quickstart$given destroy, and start again"
}

ports_choose() {
	n=0
	for p in $ports_usual; do
		if [ -n "$ports_base" ]; then
			free_port $((ports_base + n)) || {
				echo $((ports_base + n)) >"$state/port.taken"
				return 1
			}
		else
			free_port "$p" 0 || return 1
		fi
		n=$((n + 1))
	done
}

ports_find() {
	if [ ! -s "$state/ports" ]; then
		ports_choose >"$state/ports.new" || die \
		    "port $(cat "$state/port.taken" 2>/dev/null) is taken by another program" \
		    "choose others: --ports BASE"
		rm -f "$state/port.taken"
		mv "$state/ports.new" "$state/ports"
	fi
	ports_read
	[ -z "$ports_base" ] || [ "$ports_base" -eq "$crl_port" ] || die \
	    "$state has other ports, which stand in its certificates" \
	    "leave out --ports, or use another --state DIR"
}
