# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#	free_ports N	so many ports of this machine that nobody has, in a line
#
# Below those that the system gives to clients, who would take one before the
# server is up.  Scripts that run side by side and have the same TEST_PORTS, a
# folder, get each port once: nobody has it between here and its server.
free_ports() {
	perl -MIO::Socket::INET -e 'my @s;
	    while (@s < $ARGV[0]) {
		my $port = 20000 + int(rand(12000));
		my $s = IO::Socket::INET->new(Listen => 1, LocalAddr =>
		    "127.0.0.1", LocalPort => $port) or next;
		push @s, $s if !$ENV{TEST_PORTS} ||
		    mkdir("$ENV{TEST_PORTS}/$port");
	    }
	    print join(" ", map { $_->sockport } @s), "\n"' "$1"
}
