# SPDX-License-Identifier: Apache-2.0
# DER (ITU-T X.690), read strictly and written again.  A node is a hash:
#
#	tag	its identifier octet (no tag number here has more than 30)
#	body	its contents
#	raw	all of it
#	kids	what is inside, if it is constructed
#
# What is not DER but can be read is told through a function of two arguments,
# the name of the finding and its detail; what cannot be read dies.
package Der;
use strict;
use warnings;
use Math::BigInt;
use Exporter 'import';
our @EXPORT_OK = qw(der_read der_one der_write tlv oid oid_der text_of);

my %READ = (
	0x01 => \&check_boolean,
	0x02 => \&check_integer,
	0x03 => \&check_bits,
	0x05 => \&check_null,
	0x06 => \&check_oid,
	0x0a => \&check_integer,
	0x0c => \&check_utf8,
	0x13 => \&check_printable,
	0x16 => \&check_ia5,
	0x31 => \&check_set,
);

# der_read(bytes, tell) - every value, one after the other
sub der_read {
	my ($bytes, $tell) = @_;
	my ($at, @all) = (0);

	while ($at < length($bytes)) {
		my $node = read_one($bytes, \$at, $tell);
		push @all, $node;
	}
	return @all;
}

# der_one(bytes, tell) - one value and nothing behind it
sub der_one {
	my ($bytes, $tell) = @_;
	my $at = 0;
	my $node = read_one($bytes, \$at, $tell);

	$tell->('der_trailing', (length($bytes) - $at) . ' octets')
	    if $at < length($bytes);
	return $node;
}

sub read_one {
	my ($bytes, $at, $tell) = @_;
	my $start = $$at;
	my $tag = octet($bytes, $at);

	die "tag of more than one octet\n" if ($tag & 0x1f) == 0x1f;
	my $len = read_length($bytes, $at, $tell);
	die "ends within a value\n" if $$at + $len > length($bytes);
	my $node = { tag => $tag, body => substr($bytes, $$at, $len) };
	$$at += $len;
	$node->{raw} = substr($bytes, $start, $$at - $start);
	if ($tag & 0x20) {
		$node->{kids} = [der_read($node->{body}, $tell)];
	}
	$READ{$tag}->($node, $tell) if $READ{$tag};
	return $node;
}

sub octet {
	my ($bytes, $at) = @_;

	die "ends within a value\n" if $$at >= length($bytes);
	return ord(substr($bytes, $$at++, 1));
}

sub read_length {
	my ($bytes, $at, $tell) = @_;
	my $first = octet($bytes, $at);
	my $len = 0;

	return $first if $first < 0x80;
	die "a length that is not definite\n" if $first == 0x80;
	die "a length of more than 4 octets\n" if $first > 0x84;
	for (1 .. $first & 0x7f) {
		$len = $len << 8 | octet($bytes, $at);
	}
	my $least = $len < 0x80 ? 0 : $len < 0x100 ? 1 : $len < 0x10000 ? 2 :
	    $len < 0x1000000 ? 3 : 4;
	$tell->('der_length', "$len in " . ($first & 0x7f) . ' octets')
	    if ($first & 0x7f) != $least;
	return $len;
}

sub check_boolean {
	my ($node, $tell) = @_;

	$tell->('der_boolean', unpack('H*', $node->{body}))
	    unless $node->{body} =~ /\A[\x00\xff]\z/;
}

sub check_integer {
	my ($node, $tell) = @_;

	$tell->('der_integer', unpack('H*', $node->{body}))
	    if $node->{body} !~ /\A./s ||
	    $node->{body} =~ /\A(\x00[\x00-\x7f]|\xff[\x80-\xff])/;
}

sub check_bits {
	my ($node, $tell) = @_;
	my ($unused, @bits) = unpack('C*', $node->{body});

	$tell->('der_bits', unpack('H*', substr($node->{body}, 0, 4)))
	    if !defined($unused) || $unused > 7 || !@bits && $unused ||
	    @bits && $bits[-1] & (1 << $unused) - 1;
}

sub check_null {
	my ($node, $tell) = @_;

	$tell->('der_null', unpack('H*', $node->{body})) if length($node->{body});
}

sub check_oid {
	my ($node, $tell) = @_;

	$tell->('der_oid', unpack('H*', $node->{body}))
	    unless $node->{body} =~
	    /\A([\x00-\x7f]|[\x81-\xff][\x80-\xff]*[\x00-\x7f])+\z/;
}

sub check_utf8 {
	my ($node, $tell) = @_;
	my $copy = $node->{body};

	$tell->('string_utf8', unpack('H*', $copy))
	    unless utf8::decode($copy) && $copy !~ /[\x{d800}-\x{dfff}]/;
}

sub check_printable {
	my ($node, $tell) = @_;

	$tell->('string_printable', unpack('H*', $node->{body}))
	    unless $node->{body} =~ m{\A[A-Za-z0-9 '()+,./:=?-]*\z};
}

sub check_ia5 {
	my ($node, $tell) = @_;

	$tell->('string_ia5', unpack('H*', $node->{body}))
	    unless $node->{body} =~ /\A[\x00-\x7f]*\z/;
}

sub check_set {
	my ($node, $tell) = @_;
	my @raw = map { $_->{raw} } @{$node->{kids}};

	$tell->('der_set', scalar(@raw) . ' elements')
	    if join('', @raw) ne join('', sort @raw);
}

# der_write(node) - its octets, from its kids if it has some; what is "verbatim"
# goes out as it is
sub der_write {
	my ($node) = @_;

	return $node->{verbatim} if defined $node->{verbatim};
	return tlv($node->{tag}, $node->{kids} ?
	    join('', map { der_write($_) } @{$node->{kids}}) : $node->{body});
}

sub tlv {
	my ($tag, $body) = @_;
	my $len = length($body);

	return pack('CC', $tag, $len) . $body if $len < 0x80;
	return pack('CCC', $tag, 0x81, $len) . $body if $len < 0x100;
	return pack('CCn', $tag, 0x82, $len) . $body if $len < 0x10000;
	return pack('CCCn', $tag, 0x83, $len >> 16, $len & 0xffff) . $body;
}

# oid(body) - dotted; numbers may be of any length (those below 2.25 are)
sub oid {
	my ($body) = @_;
	my @numbers;
	my $n = 0;

	for (unpack('C*', $body)) {
		$n = Math::BigInt->new($n) if !ref($n) && $n > 1 << 40;
		$n = $n * 128 + ($_ & 0x7f);
		next if $_ & 0x80;
		push @numbers, $n;
		$n = 0;
	}
	my $first = shift @numbers;
	return '' unless defined $first;
	my $top = $first < 40 ? 0 : $first < 80 ? 1 : 2;
	return join('.', $top, $first - 40 * $top, @numbers);
}

# oid_der(dotted) - its contents octets
sub oid_der {
	my ($top, $second, @rest) = split(/\./, $_[0]);
	my $out = '';

	for my $number (Math::BigInt->new($second) + 40 * $top, @rest) {
		my $n = Math::BigInt->new($number);
		my $one = pack('C', ($n % 128)->numify);
		while (($n /= 128) > 0) {
			$one = pack('C', 0x80 | ($n % 128)->numify) . $one;
		}
		$out .= $one;
	}
	return $out;
}

# text_of(node) - characters of a string, whichever kind it is
sub text_of {
	my ($node) = @_;
	my $text = $node->{body};

	utf8::decode($text) if $node->{tag} == 0x0c;
	return $text;
}

1;
