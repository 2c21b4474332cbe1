#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# signet doctor: mistakes with addresses, ports and what daemons need of
# others, each found with its effect and its fix.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/doctor.sh"
. "$srcdir/tests/lib/ports.sh"
PG_FSYNC=on
install_pki
prlimit --pid=$$ --core=0:

# Now with addresses.
doctor() {
	signet doctor --json "$@" >"$tmp/found" 2>"$tmp/said"
}
# shellcheck disable=SC2046 # numbers
set -- $(free_ports 8)
web=$1 dead=$2
# setting FILE NAME VALUE
setting() {
	sed -i "/^$2 = /d" "$pki/$1.conf"
	echo "$2 = $3;" >>"$pki/$1.conf"
}
setting crld listen "[ \"127.0.0.1:$3\" ]"
setting crld metrics_listen "\"127.0.0.1:$4\""
setting ocspd listen "[ \"127.0.0.1:$5\" ]"
setting ocspd metrics_listen "\"127.0.0.1:$6\""
setting rad listen "\"127.0.0.1:$7\""
setting rad metrics_listen "\"127.0.0.1:$8\""
crld_port=$3 ocspd_metrics=$6

# web_server PORT STATUS BODY - one that answers everything so
web_server() {
	perl -MIO::Socket::INET -e 'my $l = IO::Socket::INET->new(Listen => 5,
	    LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], ReuseAddr => 1);
	    while (my $c = $l->accept) { my $in; sysread $c, $in, 4096;
	    print $c "HTTP/1.0 $ARGV[1]\r\n\r\n$ARGV[2]\n"; close $c; }' \
	    "$1" "$2" "$3" &
	server=$!
	pids="$pids $server"
	wait_for curl -s -o /dev/null "http://127.0.0.1:$1/"
}

finds host-unknown 'pki.example.org'
is 'the same server is asked once' \
    "$(grep -c host-unknown "$tmp/found")" 1
sed -i "s|http://pki.example.org|http://127.0.0.1:$dead|g" "$pki/cad.conf"
finds host-unreachable "127.0.0.1 port $dead: Connection refused"
sed -i "s|http://127.0.0.1:$dead|http://127.0.0.1:$web|g" "$pki/cad.conf"
web_server "$web" '200 OK' hello
doctor
not 'one that is there is no mistake' grep -q 'host-un' "$tmp/found"

# ---- daemons ----
finds daemon-down 'signet-crld does not answer'
not 'a port that is free is nobody else'"'"'s' grep -q port-taken "$tmp/found"
web_server "$crld_port" '200 OK' other
finds port-taken "another program has 127.0.0.1:$crld_port"
web_server "$ocspd_metrics" '503 Not well' 'ok feed: it is
FAIL signer people: it has expired'
finds daemon-ill 'signer people: it has expired'

# ---- others ----
setting rad mail_server "\"smtp://127.0.0.1:$dead\""
setting rad mail_from '"ra@example.org"'
finds mail-server "port $dead"
cat >"$pki/directories.conf" <<-E
	targets = ( { name = "main"; url = "ldap://127.0.0.1:$dead";
	    base = "dc=example,dc=com"; starttls = true;
	    tls_ca = "ca/root.pem"; timeout = "2s"; } );
E
finds directory 'directory main'
station_configured
PCSCLITE_CSOCK_NAME=$tmp/no.socket
export PCSCLITE_CSOCK_NAME
finds reader ''
done_testing
