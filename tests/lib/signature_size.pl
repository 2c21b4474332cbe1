#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# signature_size.pl SIZE <CMS >CMS: a CMS SignedData in DER, whose one signature
# is the last thing in it; where that is longer than SIZE octets, zeros that it
# begins with are taken off, and the lengths of all that it is in made to fit.
use strict;
use warnings;

my $size = shift @ARGV;

# tag, where the value begins, where it ends
sub header {
	my ($der, $at) = @_;
	my ($tag, $n) = unpack('CC', substr($der, $at, 2));
	my $from = $at + 2;
	if ($n > 0x80) {
		my $octets = $n - 0x80;
		$n = 0;
		$n = $n << 8 | $_ for unpack("C$octets", substr($der, $from));
		$from += $octets;
	}
	die "not DER\n" if $from + $n > length($der);
	return ($tag, $from, $from + $n);
}

sub encode {
	my ($tag, $value) = @_;
	my $n = length($value);
	my $length = $n < 0x80 ? chr($n) : do {
		(my $octets = pack('N', $n)) =~ s/^\0+//;
		chr(0x80 + length($octets)) . $octets;
	};
	return chr($tag) . $length . $value;
}

# The last thing of each, down to an octet string.
sub mend {
	my ($der) = @_;
	my ($tag, $at, $end) = header($der, 0);
	my $last = $at;
	die "something follows\n" if $end != length($der);
	if ($tag == 0x04) {
		my $value = substr($der, $at);
		$value = substr($value, 1) while length($value) > $size &&
		    substr($value, 0, 1) eq "\0";
		return encode($tag, $value);
	}
	die "no signature is last in it\n" unless $tag & 0x20;
	while ($at < $end) {
		$last = $at;
		(undef, undef, $at) = header($der, $at);
	}
	my $from = (header($der, 0))[1];
	return encode($tag, substr($der, $from, $last - $from) .
	    mend(substr($der, $last)));
}

binmode($_) for *STDIN, *STDOUT;
print mend(do { local $/; <STDIN> });
