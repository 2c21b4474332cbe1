# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#	free_ports N	so many ports of this machine that nobody has, in a line
#
# Below those that the system gives to clients, who would take one before the
# server is up.
free_ports() {
	perl -MIO::Socket::INET -e 'my @s;
	    while (@s < $ARGV[0]) {
		my $s = IO::Socket::INET->new(Listen => 1, LocalAddr =>
		    "127.0.0.1", LocalPort => 20000 + int(rand(12000)));
		push @s, $s if $s;
	    }
	    print join(" ", map { $_->sockport } @s), "\n"' "$1"
}
