#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Asks OCSP responders again and again, each over connections that stay open,
# by POST with SHA-1 and without a nonce.  REQUEST is any request of openssl's
# about a certificate of the CA; serial numbers are hexadecimal, standard
# input has one a line.
#
#	ask_ocsp.pl load REQUEST SECONDS DIR URL
#		"SERIAL good|revoked": asked in turn by four clients.  Counts
#		of "right", "wrong", what else came, and "gone" (no answer);
#		each signed answer that is not like another is kept in DIR.
#	ask_ocsp.pl watch REQUEST PAUSE FORMAT FILE URL...
#		Says FORMAT of a serial number on standard output, for who
#		revokes it, after every responder has said once that it is
#		good, and so every PAUSE seconds with another; asks until all
#		say that it is revoked.  FILE: lines "SERIAL N TIME" of when
#		the N-th first did.
use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

$SIG{PIPE} = 'IGNORE';
$| = 1;

sub tlv { return pack('CC', $_[0], length $_[1]) . $_[1] }

# The CA's name and key, from a request about another one of it.
sub issuer {
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!\n";
	local $/;
	my $der = <$in>;
	$der =~ /(\x04\x14.{20}\x04\x14.{20})\x02/s
	    or die "$path: no CertID with SHA-1\n";
	return "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00$1";
}

sub integer {
	my $number = pack 'H*', length($_[0]) % 2 ? "0$_[0]" : $_[0];
	$number = "\0$number" if ord($number) > 127;
	return tlv(2, $number);
}

sub request {
	my ($issuer, $serial) = @_;
	my $der = $issuer . integer($serial);
	$der = tlv(0x30, $der) for 1 .. 5;
	return $der;
}

# What an answer says of the certificate: the tag behind its number.
sub verdict {
	my ($answer, $serial) = @_;
	my %status = (0x80 => 'good', 0xa1 => 'revoked', 0x82 => 'unknown');
	return "error-" . ord(substr $answer, 4, 1) if length $answer == 5;
	my $number = integer($serial);
	my $at = index $answer, $number;
	return 'other' if $at < 0;
	return $status{ord substr $answer, $at + length $number, 1} // 'other';
}

sub responder {
	my ($url) = @_;
	my ($host, $path) = $url =~ m{^http://([^/]+)(/.*)?$} or
	    die "$url: not an address\n";
	return { host => $host, path => $path // '/' };
}

# undef: no connection, or it ended.
sub ask {
	my ($r, $der) = @_;
	my ($head, $got, $length) = ('', '');
	$r->{socket} //= IO::Socket::INET->new(PeerAddr => $r->{host},
	    Timeout => 5) or return undef;
	my $socket = $r->{socket};
	my $sent = $socket->syswrite("POST $r->{path} HTTP/1.1\r\n" .
	    "Host: $r->{host}\r\nContent-Type: application/ocsp-request\r\n" .
	    'Content-Length: ' . length($der) . "\r\n\r\n$der");
	while ($sent) {
		if (!defined $length && $got =~ s/^(.*?\r\n)\r\n//s) {
			$head = $1;
			$length = $head =~ /^Content-Length: *(\d+)/mi ? $1 :
			    0;
		}
		return ($head =~ m{^HTTP/1\.1 (\d+)})[0], $got
		    if defined $length && length $got >= $length;
		$sent = $socket->sysread($got, 65536, length $got);
	}
	delete $r->{socket};
	return undef;
}

sub client {
	my ($issuer, $url, $seconds, $dir, $all) = @_;
	my $r = responder($url);
	my (%count, %kept);
	my $end = time + $seconds;
	for (my $i = int rand @$all; time < $end; $i++) {
		my ($serial, $expected) = @{$all->[$i % @$all]};
		my ($status, $answer) = ask($r, request($issuer, $serial));
		if (!defined $status) {
			$count{gone}++;
			sleep 0.01;
			next;
		}
		my $said = $status == 200 ? verdict($answer, $serial) :
		    "http-$status";
		$count{$said eq $expected ? 'right' :
		    $said =~ /^(error|http)/ ? $said : 'wrong'}++;
		next if $said =~ /^(error|http)/ || $kept{$answer}++;
		open my $out, '>:raw', "$dir/$serial." . sha1_hex($answer)
		    or die "$dir: $!\n";
		print $out $answer;
		close $out;
	}
	return \%count;
}

sub load {
	my ($issuer, $seconds, $dir, $url) = @_;
	my @all = map { [split] } <STDIN>;
	my (@pipe, %sum);
	for my $n (1 .. 4) {
		my $pid = open(my $from, '-|') // die "fork: $!\n";
		if ($pid == 0) {
			srand $n;
			my $count = client($issuer, $url, $seconds, $dir,
			    \@all);
			print "$_ $count->{$_}\n" for keys %$count;
			exit 0;
		}
		push @pipe, $from;
	}
	for my $from (@pipe) {
		while (<$from>) {
			my ($what, $n) = split;
			$sum{$what} += $n;
		}
		close $from or die "a client failed\n";
	}
	print "$_ $sum{$_}\n" for sort keys %sum;
}

# One that is watched, at each responder that has not said it yet.
sub look {
	my ($issuer, $responders, $one, $out) = @_;
	my @rest;
	for my $n (@{$one->{rest}}) {
		my ($status, $answer) = ask($responders->[$n],
		    request($issuer, $one->{serial}));
		if (defined $status && $status == 200 &&
		    verdict($answer, $one->{serial}) eq 'revoked') {
			printf $out "%s %d %.6f\n", $one->{serial}, $n, time;
		} else {
			push @rest, $n;
		}
	}
	$one->{rest} = \@rest;
	return @rest > 0;
}

# One that may be late for a moment is asked again later.
sub is_good {
	my ($issuer, $responders, $serial) = @_;
	for my $r (@$responders) {
		my ($status, $answer) = ask($r, request($issuer, $serial));
		return 0 if !defined $status || $status != 200 ||
		    verdict($answer, $serial) ne 'good';
	}
	return 1;
}

sub watch {
	my ($issuer, $pause, $format, $file, @url) = @_;
	my @responders = map { responder($_) } @url;
	my @serials = map { (split)[0] } <STDIN>;
	my ($next, $since, @watched) = (time, time);
	open my $out, '>', $file or die "$file: $!\n";
	while (@serials || @watched) {
		if (@serials && time >= $next &&
		    is_good($issuer, \@responders, $serials[0])) {
			my $serial = shift @serials;
			push @watched, { serial => $serial,
			    rest => [0 .. $#responders] };
			printf "$format\n", $serial;
			$next = time + $pause;
			$since = time;
		}
		@watched = grep { look($issuer, \@responders, $_, $out) }
		    @watched;
		die "nothing has moved for a minute\n" if time > $since + 60;
		sleep 0.002;
	}
	close $out;
}

my $mode = shift @ARGV // '';
my $issuer = issuer(shift @ARGV);
$mode eq 'load' ? load($issuer, @ARGV) :
    $mode eq 'watch' ? watch($issuer, @ARGV) : die "load or watch?\n";
