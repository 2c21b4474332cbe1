#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Bytes to a port as they are, and what comes back, with a last line that says
# how it ended:
#
#	raw_http.pl [-w SECONDS] [-s PAUSE] PORT TEXT...
#
# Each TEXT is sent with \r \n \t \0 and \xHH replaced; PAUSE seconds lie
# between two of them.  Reads until the end, or until nothing has come for
# SECONDS (default 1).
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my ($wait, $pause) = (1, 0);
while (@ARGV && $ARGV[0] =~ /^-([ws])$/) {
	shift @ARGV;
	my $value = shift @ARGV;
	$1 eq 'w' ? ($wait = $value) : ($pause = $value);
}
my $port = shift @ARGV;
$SIG{PIPE} = 'IGNORE';
my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
    or die "connect: $!\n";
binmode STDOUT;
my ($began, $first, $gone) = (time, 1, 0);
for my $text (@ARGV) {
	sleep $pause if !$first && $pause > 0;
	$first = 0;
	my %named = (r => "\r", n => "\n", t => "\t", 0 => "\0");
	$text =~ s/\\(?:x([0-9a-f]{2})|([rnt0]))/
	    defined $1 ? chr hex $1 : $named{$2}/gex;
	$gone ||= !defined $socket->syswrite($text);
}
my $select = IO::Select->new($socket);
my $how = 'open';
while ($select->can_read($wait)) {
	my $n = $socket->sysread(my $data, 65536);
	$how = 'closed', last if !$n;
	print $data;
}
printf "\n[%s after %d s]\n", $how, time - $began;
