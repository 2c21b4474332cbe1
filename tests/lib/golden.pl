#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What tests/lib/golden has to write, octet by octet, made from X.690 and
# RFC 5280 without a line of lib/x509:
#
#	golden.pl profiles DIR		the profiles for it
#	golden.pl jobs SCHEME		its standard input
#	golden.pl names			of the certificates and lists
#	golden.pl tbs DIR NAME ALG	what is to be signed
#	golden.pl wrap ALG TBS SIGNATURE	the whole
#
# ALG is the signature's name below.  DIR has NAME.key and the public keys as
# NAME.spki.
use strict;
use warnings;
use Digest::SHA qw(sha1 sha256);
use Math::BigInt;

my $now = 1800000000;		# 2027-01-15T08:00:00Z

# ---- X.690 ----

sub tlv {
	my ($tag, $content) = @_;
	my $n = length $content;
	my $len = '';

	return pack('CC', $tag, $n) . $content if $n < 128;
	for (my $k = $n; $k > 0; $k >>= 8) {
		$len = chr($k & 255) . $len;
	}
	return pack('CC', $tag, 128 | length $len) . $len . $content;
}

sub seq { return tlv(0x30, join('', @_)) }
sub set { return tlv(0x31, join('', @_)) }
sub octets { return tlv(0x04, join('', @_)) }
sub context { my ($n, @c) = @_; return tlv(0xa0 | $n, join('', @c)) }
sub implicit { my ($n, @c) = @_; return tlv(0x80 | $n, join('', @c)) }
sub null { return tlv(0x05, '') }
sub true { return tlv(0x01, "\xff") }
sub bits { return tlv(0x03, "\0" . $_[0]) }

# 8.3: two's complement, no octet more than it takes; from a magnitude.
sub integer {
	my ($magnitude) = @_;

	$magnitude =~ s/^\0+(?=.)//s;
	$magnitude = "\0$magnitude" if ord($magnitude) >= 128;
	return tlv(0x02, $magnitude);
}

# 8.19: base 128, the first two arcs in one.
sub oid {
	my ($first, @arcs) = split /\./, $_[0];
	my $content = '';

	$arcs[0] = Math::BigInt->new($arcs[0]) + 40 * $first;
	for my $arc (@arcs) {
		my $n = Math::BigInt->new($arc);
		my $text = chr(($n % 128)->numify);

		for ($n /= 128; $n > 0; $n /= 128) {
			$text = chr(128 | ($n % 128)->numify) . $text;
		}
		$content .= $text;
	}
	return tlv(0x06, $content);
}

# 11.2.2: named bits, without the zeros at the end.
sub named {
	my $text = '';

	for my $bit (@_) {
		vec($text, $bit >> 3, 8) |= 128 >> ($bit & 7);
	}
	my $last = ord(substr $text, -1);
	my $unused = 0;

	$unused++ while !($last >> $unused & 1);
	return tlv(0x03, chr($unused) . $text);
}

# RFC 5280, 4.1.2.5
sub when {
	my ($t, $general) = @_;
	my ($s, $m, $h, $day, $month, $year) = gmtime $t;
	my $rest = sprintf '%02d%02d%02d%02d%02dZ', $month + 1, $day, $h, $m,
	    $s;

	$year += 1900;
	return tlv(0x18, $year . $rest) if $general || $year >= 2050;
	return tlv(0x17, sprintf('%02d', $year % 100) . $rest);
}

# ---- names ----

my %attribute = (	# identifier, and the type of its value
	C => ['2.5.4.6', 0x13], O => ['2.5.4.10', 0x0c],
	OU => ['2.5.4.11', 0x0c], CN => ['2.5.4.3', 0x0c],
	SN => ['2.5.4.4', 0x0c], GN => ['2.5.4.42', 0x0c],
	serialNumber => ['2.5.4.5', 0x13],
	organizationIdentifier => ['2.5.4.97', 0x0c],
);

sub name {
	my $content = '';

	while (my ($attr, $value) = splice @_, 0, 2) {
		my ($type, $tag) = @{ $attribute{$attr} };

		$content .= set(seq(oid($type), tlv($tag, $value)));
	}
	return seq($content);
}

sub email { return implicit(1, $_[0]) }
sub dns { return implicit(2, $_[0]) }
sub uri { return implicit(6, $_[0]) }
sub ip { return implicit(7, pack('H*', $_[0])) }

sub upn {
	return context(0, oid('1.3.6.1.4.1.311.20.2.3'),
	    context(0, tlv(0x0c, $_[0])));
}

# ---- extensions ----

sub ext {
	my ($id, $critical, @value) = @_;

	return seq(oid($id), $critical ? true() : '', octets(@value));
}

sub key_usage { return ext('2.5.29.15', 1, named(@_)) }
sub san { my ($c, @names) = @_; return ext('2.5.29.17', $c, seq(@names)) }
sub eku { return ext('2.5.29.37', 0, seq(map { oid($_) } @_)) }
sub policies { return ext('2.5.29.32', 0, seq(@_)) }
sub nocheck { return ext('1.3.6.1.5.5.7.48.1.5', 0, null()) }
sub no_rev_avail { return ext('2.5.29.56', 0, null()) }

sub policy {
	my ($id, $cps) = @_;

	return seq(oid($id)) if !defined $cps;
	return seq(oid($id),
	    seq(seq(oid('1.3.6.1.5.5.7.2.1'), tlv(0x16, $cps))));
}

sub constraints {
	my ($length) = @_;

	return ext('2.5.29.19', 1,
	    seq(true(), defined $length ? integer(chr $length) : ''));
}

# What is in a DistributionPoint and in an IssuingDistributionPoint.
sub point { return seq(context(0, context(0, map { uri($_) } @_))) }

my $cdp = ext('2.5.29.31', 0, seq(point('http://pki.example.org/a.crl',
    'http://pki.example.org/b.crl')));
my $freshest = ext('2.5.29.46', 0, seq(point('http://pki.example.org/d.crl')));
sub shard { return "http://pki.example.org/s-$_[0].crl" }
my $aia = ext('1.3.6.1.5.5.7.1.1', 0, seq(
    seq(oid('1.3.6.1.5.5.7.48.1'), uri('http://ocsp.example.org/')),
    seq(oid('1.3.6.1.5.5.7.48.2'), uri('http://pki.example.org/a.cer'))));

# What is in the first element, and what comes after it.
sub open_tlv {
	my ($n, $at) = (ord(substr $_[0], 1, 1), 2);

	if ($n >= 128) {
		$at += $n & 127;
		$n = 0;
		$n = $n << 8 | ord for split //, substr $_[0], 2, $at - 2;
	}
	return (substr($_[0], $at, $n), substr $_[0], $at + $n);
}

# SubjectPublicKeyInfo, last member: the first 160 bits of SHA-256 over the
# key's own (RFC 7093, 2), or for a responder SHA-1 (RFC 6960, 4.2.1).
sub key_id {
	my ($spki, $responder) = @_;
	my ($inner) = open_tlv($spki);
	my (undef, $rest) = open_tlv($inner);
	my ($content, $after) = open_tlv($rest);

	die "no key in it\n" if ord($rest) != 3 || ord($content) != 0 ||
	    $after ne '';
	return sha1(substr $content, 1) if $responder;
	return substr sha256(substr $content, 1), 0, 20;
}

# ---- algorithms ----

sub pss {
	my ($hash, $size) = @_;
	my $id = seq(oid("2.16.840.1.101.3.4.2.$hash"), null());

	return seq(oid('1.2.840.113549.1.1.10'), seq(context(0, $id),
	    context(1, seq(oid('1.2.840.113549.1.1.8'), $id)),
	    context(2, integer(chr $size))));
}

my %algorithm = (
	rsa => seq(oid('1.2.840.113549.1.1.11'), null()),
	'rsa-pss' => pss(1, 32),
	p256 => seq(oid('1.2.840.10045.4.3.2')),
	p384 => seq(oid('1.2.840.10045.4.3.3')),
	ed25519 => seq(oid('1.3.101.112')),
);

# ---- certificates ----

my $day = 86400;
my $signet = '2.25.48630738149683718521173944708743016276';
my $keys = 'keys = ( { type = "rsa"; },'
    . ' { type = "ec"; curves = [ "P-256", "P-384", "P-521" ]; } );';
my @person = (C => 'SE', O => 'Example AB',
    organizationIdentifier => 'NTRSE-5560000001', SN => "\xc3\x85str\xc3\xb6m",
    GN => 'Alice', serialNumber => '17', CN => "Alice \xc3\x85str\xc3\xb6m");

sub subject {
	my $must = grep { $_ eq 'orgid' } @_;	# S/MIME baseline
	my @rows;

	while (my ($attr, $from) = splice @_, 0, 2) {
		push @rows, "{ attr = \"$attr\"; from = \"$from\";"
		    . ($from =~ /^org(id)?$/ && $must ? ' required = true; }' :
		    ' }');
	}
	return 'subject = ( ' . join(', ', @rows) . ' );';
}

# What each is: the text of its profile, the fields of the order, and what
# must come out.  "random" is what the serial number is made of.
my @kinds = (
	{ name => 'root', issuer => '-', days => 14600, backdate => 86400,
	  random => '80' . '11' x 19, serial => '01' . '11' x 19,
	  fields => 'country=SE;org=Example AB;name=Example Root',
	  subject => [C => 'SE', O => 'Example AB', CN => 'Example Root'],
	  text => subject(C => 'country', O => 'org', CN => 'name')
	      . 'key_usage = [ "keyCertSign", "cRLSign" ]; ca = true;'
	      . 'cdp = false; aia = false;',
	  extensions => sub { return (key_usage(5, 6), constraints()) } },
	{ name => 'people', issuer => 'root', days => 3650, backdate => 7200,
	  random => 'ff' . '22' x 19, serial => '7f' . '22' x 19,
	  fields => 'country=SE;org=Example AB;name=Example CA',
	  subject => [C => 'SE', O => 'Example AB', CN => 'Example CA'],
	  text => subject(C => 'country', O => 'org', CN => 'name')
	      . 'key_usage = [ "keyCertSign", "cRLSign" ]; ca = true;'
	      . 'path_length = 0;'
	      . 'policies = ( { oid = "2.5.29.32.0"; } );',
	  extensions => sub { return (key_usage(5, 6),
	      policies(policy('2.5.29.32.0')), constraints(0), $cdp, $aia) } },
	{ name => 'mail', issuer => 'people', days => 730, backdate => 3600,
	  random => '00' . '33' x 19, serial => '01' . '33' x 19,
	  fields => 'country=SE;org=Example AB;orgid=NTRSE-5560000001;'
	      . "surname=\xc3\x85str\xc3\xb6m;given=Alice;id=17;"
	      . "name=Alice \xc3\x85str\xc3\xb6m;mail=alice\@example.org;"
	      . 'mail=a.astrom@example.org;upn=alice@ad.example.org',
	  subject => [@person],
	  text => subject(C => 'country', O => 'org',
	      organizationIdentifier => 'orgid', SN => 'surname',
	      GN => 'given', serialNumber => 'id', CN => 'name')
	      . 'san = ( { type = "email"; from = "mail"; max = 5; },'
	      . ' { type = "upn"; from = "upn"; } );'
	      . 'policies = ( { oid = "2.23.140.1.5.3.2";'
	      . ' cps = "http://pki.example.org/cps"; } );'
	      . 'key_usage = [ "digitalSignature", "keyEncipherment" ];'
	      . 'key_usage_ec = [ "digitalSignature", "nonRepudiation" ];'
	      . 'ext_key_usage = [ "emailProtection", "clientAuth" ];',
	  extensions => sub { return (
	      $_[0] eq 'rsa' ? key_usage(0, 2) : key_usage(0, 1),
	      policies(policy('2.23.140.1.5.3.2',
	      'http://pki.example.org/cps')),
	      san(0, email('alice@example.org'),
	      email('a.astrom@example.org'), upn('alice@ad.example.org')),
	      eku('1.3.6.1.5.5.7.3.4', '1.3.6.1.5.5.7.3.2'), $cdp, $aia) } },
	{ name => 'login', issuer => 'people', days => 365, backdate => 0,
	  random => '7f' . 'ff' x 19, serial => '7f' . 'ff' x 19,
	  fields => 'name=Bob',
	  subject => [CN => 'Bob'],
	  text => subject(O => 'org', CN => 'name')
	      . 'san = ( { type = "upn"; from = "upn"; } );'
	      . 'key_usage = [ "digitalSignature" ];'
	      . 'ext_key_usage = [ "clientAuth" ];',
	  extensions => sub { return (key_usage(0),
	      eku('1.3.6.1.5.5.7.3.2'), $cdp, $aia) } },
	# Would be valid before its CA is and after, and has no subject.
	{ name => 'server', issuer => 'people', days => 5000,
	  backdate => 86400,
	  random => '01' . '00' x 19, serial => '01' . '00' x 19,
	  fields => 'dns=www.example.org;dns=example.org;ip=192.0.2.7;'
	      . 'ip=2001:db8::7;uri=https://example.org/x',
	  subject => [],
	  text => subject(O => 'org')
	      . 'san = ( { type = "dns"; from = "dns"; max = 9; },'
	      . ' { type = "ip"; from = "ip"; max = 9; },'
	      . ' { type = "uri"; from = "uri"; } );'
	      . 'key_usage = [ "digitalSignature" ];'
	      . 'ext_key_usage = [ "serverAuth" ];',
	  extensions => sub { return (key_usage(0),
	      san(1, dns('www.example.org'), dns('example.org'),
	      ip('c0000207'), ip('20010db8' . '00' x 11 . '07'),
	      uri('https://example.org/x')),
	      eku('1.3.6.1.5.5.7.3.1'), $cdp, $aia) } },
	{ name => 'officer', issuer => 'people', days => 730, backdate => 0,
	  random => '55' x 20, serial => '55' x 20,
	  fields => 'id=so1;name=Olga Vik;mail=olga@example.org',
	  subject => [serialNumber => 'so1', CN => 'Olga Vik'],
	  text => subject(serialNumber => 'id', CN => 'name')
	      . 'san = ( { type = "email"; from = "mail"; } );'
	      . 'key_usage = [ "digitalSignature" ];'
	      . 'ext_key_usage = [ "clientAuth", "signet-officer" ];',
	  extensions => sub { return (key_usage(0),
	      san(0, email('olga@example.org')),
	      eku('1.3.6.1.5.5.7.3.2', "$signet.2.1"), $cdp, $aia) } },
	{ name => 'responder', issuer => 'people', days => 7, backdate => 0,
	  random => '66' x 20, serial => '66' x 20,
	  fields => 'name=OCSP', subject => [CN => 'OCSP'],
	  text => subject(CN => 'name')
	      . 'key_usage = [ "digitalSignature" ];'
	      . 'ext_key_usage = [ "OCSPSigning" ]; ocsp_nocheck = true;'
	      . 'cdp = false; aia = false;',
	  extensions => sub { return (key_usage(0),
	      eku('1.3.6.1.5.5.7.3.9'), nocheck()) } },
	{ name => 'short', issuer => 'people', days => 1, backdate => 0,
	  random => '67' x 20, serial => '67' x 20,
	  fields => 'name=Gone tomorrow', subject => [CN => 'Gone tomorrow'],
	  text => subject(CN => 'name')
	      . 'key_usage = [ "digitalSignature" ];'
	      . 'ext_key_usage = [ "clientAuth" ]; no_rev_avail = true;'
	      . 'cdp = false; aia = false;',
	  extensions => sub { return (key_usage(0),
	      eku('1.3.6.1.5.5.7.3.2'), no_rev_avail()) } },
	# Of nine shards, 16 modulo 9 after the first.
	{ name => 'sharded', issuer => 'people', days => 365, backdate => 0,
	  random => '68' x 20 . '00000010', serial => '68' x 20,
	  fields => 'name=Door 8', subject => [CN => 'Door 8'],
	  text => subject(CN => 'name')
	      . 'key_usage = [ "digitalSignature" ];'
	      . 'ext_key_usage = [ "clientAuth" ]; crl = "shard";',
	  extensions => sub { return (key_usage(0),
	      eku('1.3.6.1.5.5.7.3.2'),
	      ext('2.5.29.31', 0, seq(point(shard(8)))), $aia) } },
	{ name => 'fresh', issuer => 'people', days => 365, backdate => 0,
	  random => '69' x 20, serial => '69' x 20,
	  fields => 'name=Door 9', subject => [CN => 'Door 9'],
	  text => subject(CN => 'name')
	      . 'key_usage = [ "digitalSignature" ];'
	      . 'ext_key_usage = [ "clientAuth" ]; freshest = true;',
	  extensions => sub { return (key_usage(0),
	      eku('1.3.6.1.5.5.7.3.2'), $cdp, $freshest, $aia) } },
);

# How many entries, and of what.
my %lists = (list0 => [0, 0], list1 => [1, 0], list200 => [200, 0],
    shard7 => [0, 7], shard8 => [30, 8], listd => [3, 'deltas']);
my @lists = sort keys %lists;

sub kind {
	my ($name) = @_;
	my ($k) = grep { $_->{name} eq $name } @kinds;

	return $k || die "no $name\n";
}

sub spit {
	my ($file, $text) = @_;

	open my $f, '>:raw', $file or die "$file: $!\n";
	print {$f} $text;
	close $f or die "$file: $!\n";
	return;
}

sub slurp {
	my ($file) = @_;

	open my $f, '<:raw', $file or die "$file: $!\n";
	local $/ = undef;
	my $text = <$f>;

	close $f;
	return $text;
}

sub profiles {
	my ($dir) = @_;

	for my $k (@kinds) {
		my $ca = $k->{issuer} eq '-' ? 'root' : $k->{issuer};

		spit("$dir/$k->{name}", qq(description = "$k->{name}";)
		    . qq(cas = [ "$ca" ]; $keys approvals = [ "root" ];)
		    . qq(revoke_approvals = [ "root" ];)
		    . qq(validity = "$k->{days}d";)
		    . qq(backdate = "$k->{backdate}s"; $k->{text}\n));
	}
	return;
}

# The CAs' keys are those of their names, all others have one.
sub key_of {
	my ($k) = @_;

	return $k->{name} eq 'root' || $k->{name} eq 'people' ? $k->{name} :
	    'holder';
}

sub jobs {
	my ($scheme) = @_;

	for my $k (@kinds) {
		print join("\t", 'cert', $k->{name}, $k->{name}, $k->{issuer},
		    key_of($k), $k->{issuer} eq '-' ? '-' : $scheme,
		    $k->{random}, $k->{fields}), "\n";
	}
	print join("\t", 'crl', $_, 'people', $scheme, @{ $lists{$_} }), "\n"
	    for @lists;
	return;
}

sub spki { my ($dir, $k) = @_; return slurp("$dir/" . key_of($k) . '.spki') }

sub aki {
	my ($dir, $issuer) = @_;

	return ext('2.5.29.35', 0,
	    seq(implicit(0, key_id(spki($dir, kind($issuer))))));
}

# Never outside of the issuer's validity; both ends belong to it.
sub validity {
	my ($k) = @_;
	my $from = $now - $k->{backdate};
	my ($first, $last) = ($from, $from + 40 * 366 * $day);

	($first, $last) = validity(kind($k->{issuer})) if $k->{issuer} ne '-';
	$from = $first if $from < $first;
	my $to = $from + $k->{days} * $day - 1;

	return ($from, $to < $last ? $to : $last);
}

sub cert_tbs {
	my ($dir, $name, $alg) = @_;
	my $k = kind($name);
	my $self = $k->{issuer} eq '-';
	my $issuer = $self ? $k : kind($k->{issuer});
	my $spki = spki($dir, $k);
	my ($from, $to) = validity($k);
	my $type = index($spki, oid('1.2.840.113549.1.1.1')) > 0 ? 'rsa' : 'ec';

	return seq(context(0, integer("\x02")),
	    integer(pack 'H*', $k->{serial}), $algorithm{$alg},
	    name(@{ $issuer->{subject} }), seq(when($from), when($to)),
	    name(@{ $k->{subject} }), $spki,
	    context(3, seq($self ? '' : aki($dir, $k->{issuer}),
	    ext('2.5.29.14', 0, octets(key_id($spki,
	    $k->{name} eq 'responder'))),
	    $k->{extensions}->($type))));
}

sub entry {
	my ($i) = @_;
	my $serial = $i < 2 ? chr(0x7f + $i) : "\xa5" x 11 . chr $i;
	my $at = $now - 3600 * $i;
	my $reason = $i % 10;
	my $ext = '';

	$ext .= ext('2.5.29.21', 0, tlv(0x0a, chr $reason))
	    if $reason != 0 && $reason != 7 && $reason != 8;
	$ext .= ext('2.5.29.24', 0, when($at - $day, 1)) if $i % 3 == 0;
	return seq(integer($serial), when($at), $ext eq '' ? '' : seq($ext));
}

# 5.1.2.6: no list rather than an empty one.
sub list_tbs {
	my ($dir, $name, $alg) = @_;
	my ($n, $scope) = @{ $lists{$name} };
	my $issuer = kind('people');
	my $more = $scope eq 'deltas' ? $freshest : $scope == 0 ? '' :
	    ext('2.5.29.28', 1, point(shard($scope)));

	return seq(integer("\x01"), $algorithm{$alg},
	    name(@{ $issuer->{subject} }), when($now), when($now + 7 * $day),
	    $n == 0 ? '' : seq(map { entry($_) } 0 .. $n - 1),
	    context(0, seq(aki($dir, 'people'),
	    ext('2.5.29.20', 0, integer("\x12\x34")), $more)));
}

my ($verb, @args) = @ARGV;

binmode STDOUT;
if ($verb eq 'profiles') {
	profiles(@args);
} elsif ($verb eq 'jobs') {
	jobs(@args);
} elsif ($verb eq 'names') {
	print join(' ', (map { $_->{name} } @kinds), @lists), "\n";
} elsif ($verb eq 'tbs') {
	my ($dir, $name, $alg) = @args;

	print exists $lists{$name} ? list_tbs($dir, $name, $alg) :
	    cert_tbs($dir, $name, $alg);
} elsif ($verb eq 'wrap') {
	my ($alg, $tbs, $sig) = @args;

	print seq(slurp($tbs), $algorithm{$alg}, bits(slurp($sig)));
} else {
	die "no verb $verb\n";
}
