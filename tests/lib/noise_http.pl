#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Requests with octets changed, doubled and gone, the same ones each time:
#
#	noise_http.pl PORT COUNT
#
# Says how many connections were refused; what comes back does not matter.
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $count) = @ARGV;
my @good = (
	"GET /shared HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
	"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	    . "5\r\nhello\r\n0\r\n\r\n",
	"GET /file HTTP/1.0\r\nIf-None-Match: W/\"abc\", \"x\"\r\n\r\n",
	"HEAD //own HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
);
my ($seed, $refused) = (4711, 0);
sub draw {
	$seed = ($seed * 1103515245 + 12345) % 2147483648;
	return int($seed / 65536) % $_[0];
}
$SIG{PIPE} = 'IGNORE';
for my $i (1 .. $count) {
	my $text = $good[$i % @good];
	for (0 .. draw(4)) {
		my $at = draw(length $text);
		my $how = draw(4);
		substr($text, $at, 1) = chr draw(256) if $how == 0;
		substr($text, $at, 1) = '' if $how == 1;
		substr($text, $at, 0) = substr($text, $at, draw(40))
		    if $how == 2;
		substr($text, $at, 0) = ("\r", "\n", "\0", ' ')[draw(4)]
		    if $how == 3;
	}
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
	    Timeout => 5) or $refused++, next;
	$socket->syswrite($text);
	shutdown $socket, 1;
	$socket->sysread(my $reply, 4096) if $i % 3 == 0;
}
print "$refused refused\n";
