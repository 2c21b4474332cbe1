# SPDX-License-Identifier: Apache-2.0
# A certificate as RFC 5280, 4.1 has it, taken apart into a hash; what the
# basic fields must be, whatever the certificate is for.
package Cert;
use strict;
use warnings;
use Time::Local 'timegm';
use Digest::SHA 'sha256';
use Der qw(der_one oid);
use Exporter 'import';
our @EXPORT_OK = qw(cert_parse cert_check extensions_of time_of algorithm_check
    key_kind hexed);

# AlgorithmIdentifiers, to the byte: SMBR 7.1.3.1 and 7.1.3.2 (TLS BR the same).
my %KEY_ALGORITHM = (
	'300d06092a864886f70d0101010500' => 'rsa',
	'301306072a8648ce3d020106082a8648ce3d030107' => 'P-256',
	'301006072a8648ce3d020106052b81040022' => 'P-384',
	'301006072a8648ce3d020106052b81040023' => 'P-521',
	'300506032b6570' => 'ed25519',
);
my $PSS = '304106092a864886f70d01010a3034a00f300d060960864801650304020' .
    '%d0500a11c301a06092a864886f70d010108300d060960864801650304020' .
    '%d0500a2030201%s';
my %SIGNATURE_BY = (
	'300d06092a864886f70d01010b0500' => 'rsa',
	'300d06092a864886f70d01010c0500' => 'rsa',
	'300d06092a864886f70d01010d0500' => 'rsa',
	sprintf($PSS, 1, 1, '20') => 'rsa',
	sprintf($PSS, 2, 2, '30') => 'rsa',
	sprintf($PSS, 3, 3, '40') => 'rsa',
	'300a06082a8648ce3d040302' => 'P-256',
	'300a06082a8648ce3d040303' => 'P-384',
	'300a06082a8648ce3d040304' => 'P-521',
	'300506032b6570' => 'ed25519',
);
my %POINT = ('P-256' => 65, 'P-384' => 97, 'P-521' => 133);

sub hexed {
	return unpack('H*', $_[0]);
}

# cert_parse(bytes, report) - a hash of nodes; dies if it is no certificate
sub cert_parse {
	my ($der, $report) = @_;
	my $top = der_one($der, $report->tell);

	shape($top, 0x30, 3, 'Certificate');
	my ($tbs, $alg, $signature) = @{$top->{kids}};
	shape($tbs, 0x30, 6, 'TBSCertificate');
	my @fields = @{$tbs->{kids}};
	my %cert = (report => $report, outer => $alg, signature => $signature,
	    tbs => $tbs);
	$cert{version} = shift @fields if $fields[0]{tag} == 0xa0;
	@cert{qw(serial alg issuer validity subject spki)} =
	    splice(@fields, 0, 6);
	fields_shape(\%cert);
	for (@fields) {
		$cert{unique} = 1 if $_->{tag} == 0x81 || $_->{tag} == 0x82;
		$cert{ext} = extensions_of($_, $report) if $_->{tag} == 0xa3;
	}
	$cert{ext} //= [];
	$cert{by_oid}{$_->{oid}} //= $_ for @{$cert{ext}};
	$cert{key} = key_kind($cert{spki});
	return \%cert;
}

sub shape {
	my ($node, $tag, $least, $what) = @_;

	die "$what is not what it should be\n" if !defined($node) ||
	    $node->{tag} != $tag || $node->{kids} && @{$node->{kids}} < $least;
}

sub fields_shape {
	my ($cert) = @_;

	shape($cert->{serial}, 0x02, 0, 'serialNumber');
	shape($cert->{$_}, 0x30, 1, $_) for qw(alg validity outer);
	shape($cert->{$_}, 0x30, 0, $_) for qw(issuer subject);
	shape($cert->{spki}, 0x30, 2, 'subjectPublicKeyInfo');
	shape($cert->{signature}, 0x03, 0, 'signatureValue');
	die "validity has not two times\n" if @{$cert->{validity}{kids}} != 2;
}

# Extensions ::= SEQUENCE OF { extnID, critical DEFAULT FALSE, OCTET STRING }
sub extensions_of {
	my ($explicit, $report) = @_;
	my @all;

	shape($explicit->{kids}[0], 0x30, 1, 'extensions');
	for my $node (@{$explicit->{kids}[0]{kids}}) {
		shape($node, 0x30, 2, 'extension');
		my ($id, @rest) = @{$node->{kids}};
		shape($id, 0x06, 0, 'extnID');
		my $ext = { oid => oid($id->{body}), critical => 0,
		    raw => $node->{raw} };
		if ($rest[0]{tag} == 0x01) {
			my $flag = shift @rest;
			$ext->{critical} = $flag->{body} ne "\0";
			$report->bad('der_default', "critical of $ext->{oid}")
			    unless $ext->{critical};
		}
		shape($rest[0], 0x04, 0, 'extnValue');
		$ext->{value} = $rest[0]{body};
		push @all, $ext;
	}
	return \@all;
}

sub key_kind {
	my ($spki) = @_;

	return $KEY_ALGORITHM{hexed($spki->{kids}[0]{raw})} // '';
}

# time_of(node, report) - seconds, or undef
sub time_of {
	my ($node, $report) = @_;
	my ($year, @rest);

	if ($node->{tag} == 0x17 &&
	    $node->{body} =~ /\A(..)(..)(..)(..)(..)(..)Z\z/) {
		($year, @rest) = ($1, $2, $3, $4, $5, $6);
		$year = ($year < 50 ? 2000 : 1900) + $year
		    if $year =~ /\A\d\d\z/;
	} elsif ($node->{tag} == 0x18 &&
	    $node->{body} =~ /\A(....)(..)(..)(..)(..)(..)Z\z/) {
		($year, @rest) = ($1, $2, $3, $4, $5, $6);
		$report->bad('time_kind', $node->{body}) if $year lt '2050';
	}
	my $t = eval { timegm(reverse(@rest[1 .. 4]), $rest[0] - 1, $year) }
	    if defined $year && join('', $year, @rest) =~ /\A\d+\z/;
	$report->bad('time_form', $node->{body}) unless defined $t;
	return $t;
}

# algorithm_check(inner, outer, issuer or undef, report)
sub algorithm_check {
	my ($inner, $outer, $issuer, $report) = @_;
	my $by = $SIGNATURE_BY{hexed($inner->{raw})};

	$report->bad('algorithm_same', hexed($outer->{raw}))
	    if $inner->{raw} ne $outer->{raw};
	$report->bad('algorithm_known', hexed($inner->{raw})) unless $by;
	$report->bad('algorithm_of_issuer', "$by, not $issuer->{key}")
	    if $by && $issuer && $by ne $issuer->{key};
}

# cert_check(cert, issuer or undef) - beside names and extensions
sub cert_check {
	my ($cert, $issuer) = @_;
	my $report = $cert->{report};

	$report->bad('version') unless $cert->{version} &&
	    $cert->{version}{body} eq "\x02\x01\x02";
	$report->bad('unique_id') if $cert->{unique};
	serial_check($cert->{serial}{body}, $report);
	algorithm_check($cert->{alg}, $cert->{outer}, $issuer, $report);
	validity_check($cert, $issuer);
	key_check($cert);
	if ($issuer) {
		$report->bad('issuer_name')
		    if $issuer->{subject}{raw} ne $cert->{issuer}{raw};
	}
}

sub serial_check {
	my ($serial, $report) = @_;

	$report->bad('serial_positive', hexed($serial))
	    if $serial =~ /\A([\x80-\xff]|\x00*\z)/;
	$report->bad('serial_long', length($serial) . ' octets')
	    if length($serial) > 20;
	$report->bad('serial_random', length($serial) . ' octets')
	    if length($serial) < 20;
}

sub validity_check {
	my ($cert, $issuer) = @_;
	my $report = $cert->{report};
	my ($from, $to) = map { time_of($_, $report) }
	    @{$cert->{validity}{kids}};

	@$cert{qw(from to)} = ($from, $to);
	return unless defined $from && defined $to;
	$report->bad('validity_order') if $from > $to;
	return unless $issuer && defined $issuer->{to};
	$report->bad('validity_nested') if $from < $issuer->{from} ||
	    $to > $issuer->{to};
}

sub key_check {
	my ($cert) = @_;
	my ($report, $kind) = @$cert{qw(report key)};
	my $bits = substr($cert->{spki}{kids}[1]{body}, 1);

	if ($kind eq 'rsa') {
		rsa_check($bits, $report);
	} elsif ($POINT{$kind}) {
		$report->bad('key_point', hexed(substr($bits, 0, 1)) . ', ' .
		    length($bits) . ' octets') if $bits !~ /\A\x04/ ||
		    length($bits) != $POINT{$kind};
	} elsif ($kind eq 'ed25519') {
		$report->bad('key_point', length($bits) . ' octets')
		    if length($bits) != 32;
	} else {
		$report->bad('key_algorithm',
		    hexed($cert->{spki}{kids}[0]{raw}));
	}
}

sub rsa_check {
	my ($bits, $report) = @_;
	my $key = der_one($bits, $report->tell);

	shape($key, 0x30, 2, 'RSAPublicKey');
	my ($n, $e) = map { $_->{body} =~ s/\A\x00//r } @{$key->{kids}};
	my $size = 8 * length($n) - 8 + length(sprintf('%b', ord($n)));
	$report->bad('key_rsa_size', "$size bits") if $size < 2048 || $size % 8;
	my $small = length($e) <= 3 && oct("0x" . hexed($e)) < 65537;
	$report->bad('key_rsa_exponent', hexed($e)) if $small ||
	    length($e) > 32 || !(ord(substr($e, -1)) & 1);
}

1;
