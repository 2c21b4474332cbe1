# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#	free_ports N	so many ports of this machine that nobody has, in a line
#	port_pairs N	the first of each pair of neighbours that nobody has
#	ports_leave	what this process has taken, others may take
#
# Below those that the system gives to clients, who would take one before the
# server is up.  Between here and its server, and while that is down, nobody else
# gets it: a link in a folder that all tests of this user share, whatever suite
# they are of, names the process that has taken the port, TEST_PORTS_OF or the
# script, and goes for nothing when there is no such process.  Only who listens on
# the port touches its link, so that two never do at once.
ports_taken=/tmp/signet-test-ports-$(id -u)
ports_perl='
	use strict;
	use warnings;
	use IO::Socket::INET;
	my ($n, $folder, $of) = @ARGV;

	sub listener {
		return IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
		    LocalAddr => "127.0.0.1", LocalPort => shift);
	}

	sub take {
		my $link = "$folder/" . shift->sockport;
		my $whose = readlink $link;
		unlink $link if defined $whose && !kill(0, $whose) && $!{ESRCH};
		return 1 if symlink $of, $link;
		die "$link: $!\n" if !$!{EEXIST};
		return 0;
	}
'

ports_find() {
	mkdir -m 700 "$ports_taken" 2>/dev/null || [ -O "$ports_taken" ] || {
		echo "$ports_taken is not ours" >&2
		return 1
	}
	perl -e "$ports_perl $1" "$2" "$ports_taken" "${TEST_PORTS_OF:-$$}"
}

free_ports() {
	ports_find '
	my @kept;
	while (@kept < $n) {
		my $s = listener(20000 + int(rand(12000))) or next;
		push @kept, $s if take($s);
	}
	print join(" ", map { $_->sockport } @kept), "\n";' "$1"
}

port_pairs() {
	ports_find '
	my (@kept, @pair);
	while (@kept < 2 * $n) {
		my $at = 20000 + 2 * int(rand(6000));
		@pair = grep { defined } map { listener($_) } $at, $at + 1;
		next if @pair < 2 || grep { !take($_) } @pair;
		push @kept, @pair;
		print "$at\n";
	}' "$1"
}

ports_leave() {
	[ ! -d "$ports_taken" ] ||
	    find "$ports_taken" -lname "${TEST_PORTS_OF:-$$}" -delete
}
