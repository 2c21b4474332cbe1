# SPDX-License-Identifier: Apache-2.0
# A CMP message (RFC 9810) with something in it changed, from standard input to
# standard output; its protection is not made good again.
#
#	cmp_twist.pl iterations N	that many in its PBMParameter
#	cmp_twist.pl nested N		in a nested message, N times
#	cmp_twist.pl body TAG		its body, as another kind
#	cmp_twist.pl transaction HEX	another transactionID
#	cmp_twist.pl sender		unprotected: neither algorithm nor bits
#	cmp_twist.pl reference HEX	another senderKID; "": none
#	cmp_twist.pl algorithm HEX	another protectionAlg, DER
#	cmp_twist.pl hash HEX		another OID of the one-way function of a
#					PBMParameter
#	cmp_twist.pl signer FILE	DER: another certificate in extraCerts
use strict;
use warnings;

sub len {
	my $n = shift;
	return chr $n if $n < 128;
	my $bytes = $n > 0xffffff ? pack('N', $n) :
	    $n > 0xffff ? substr(pack('N', $n), 1) :
	    $n > 0xff ? pack('n', $n) : chr $n;
	return chr(0x80 | length $bytes) . $bytes;
}
sub put { my ($tag, $content) = @_; return chr($tag) . len(length $content) . $content }

# [tag, content] of each element.
sub take {
	my $in = shift;
	my @out;
	while (length $in) {
		my ($tag, $n) = unpack 'CC', $in;
		my $head = 2;
		if ($n & 0x80) {
			my $more = $n & 0x7f;
			$n = 0;
			$n = $n << 8 | ord substr $in, 2 + $_, 1 for 0 .. $more - 1;
			$head += $more;
		}
		push @out, [$tag, substr $in, $head, $n];
		$in = substr $in, $head + $n;
	}
	return @out;
}
sub join_all { return join '', map { put(@$_) } @_ }

binmode STDIN;
binmode STDOUT;
local $/;
my $whole = <STDIN>;
my ($what, $arg) = @ARGV;
my @message = take((take($whole))[0][1]);
my @header = take($message[0][1]);

if ($what eq 'iterations') {
	my ($field) = grep { $_->[0] == 0xa1 } @header[3 .. $#header];
	my @alg = take((take($field->[1]))[0][1]);
	my @param = take($alg[1][1]);
	$param[2][1] = $arg > 0x7fffffff ? "\0" . pack('N', $arg) :
	    pack('N', $arg);
	$alg[1][1] = join_all(@param);
	$field->[1] = put(0x30, join_all(@alg));
} elsif ($what eq 'nested') {
	my $inner = $whole;
	for (1 .. $arg) {
		my @outer = map { [@$_] } @message;
		$outer[1] = [0xb4, put(0x30, $inner)];
		$inner = put(0x30, join_all(@outer));
	}
	print $inner;
	exit;
} elsif ($what eq 'body') {
	$message[1][0] = 0xa0 | $arg;
} elsif ($what eq 'transaction') {
	for (@header[3 .. $#header]) {	# a name is [4], too
		$_->[1] = put(0x04, pack 'H*', $arg) if $_->[0] == 0xa4;
	}
} elsif ($what eq 'sender') {
	@header = grep { $_->[0] != 0xa1 } @header;
	@message = @message[0, 1];
} elsif ($what eq 'reference') {
	@header = grep { $_->[0] != 0xa2 || $arg ne '' } @header;
	for (@header[3 .. $#header]) {
		$_->[1] = put(0x04, pack 'H*', $arg) if $_->[0] == 0xa2;
	}
} elsif ($what eq 'algorithm') {
	for (@header[3 .. $#header]) {
		$_->[1] = pack 'H*', $arg if $_->[0] == 0xa1;
	}
} elsif ($what eq 'hash') {
	my ($field) = grep { $_->[0] == 0xa1 } @header[3 .. $#header];
	my @alg = take((take($field->[1]))[0][1]);
	my @param = take($alg[1][1]);
	$param[1][1] = put(0x06, pack 'H*', $arg);
	$alg[1][1] = join_all(@param);
	$field->[1] = put(0x30, join_all(@alg));
} elsif ($what eq 'signer') {
	open my $f, '<:raw', $arg or die "$arg: $!";
	my $cert = <$f>;
	@message = grep { $_->[0] != 0xa1 || $_ == $message[1] } @message;
	push @message, [0xa1, put(0x30, $cert)];
} else {
	die "no $what";
}
$message[0][1] = join_all(@header);
print put(0x30, join_all(@message));
