# SPDX-License-Identifier: Apache-2.0
# The extensions of RFC 5280, 4.2: how each is written, and which go together.
package Extensions;
use strict;
use warnings;
use Digest::SHA qw(sha1 sha256);
use Der qw(der_one oid);
use Cert qw(hexed);
use Names qw(san_parse san_check url_check);
use Exporter 'import';
our @EXPORT_OK = qw(extensions_check bits_of $AIA);

our $AIA = '1.3.6.1.5.5.7.1.1';
my $NOCHECK = '1.3.6.1.5.5.7.48.1.5';
my @USAGE = qw(digitalSignature nonRepudiation keyEncipherment
    dataEncipherment keyAgreement keyCertSign cRLSign encipherOnly
    decipherOnly);

# Identifier => [reader, critical: 1 must, 0 must not, undef as one likes]
my %KNOWN = (
	'2.5.29.14' => [\&read_ski, 0],
	'2.5.29.15' => [\&read_usage, 1],
	'2.5.29.17' => [\&read_san, undef],
	'2.5.29.19' => [\&read_constraints, 1],
	'2.5.29.30' => [\&read_list, 1],
	'2.5.29.31' => [\&read_cdp, 0],
	'2.5.29.32' => [\&read_policies, 0],
	'2.5.29.35' => [\&read_aki, 0],
	'2.5.29.36' => [\&read_list, 1],
	'2.5.29.37' => [\&read_extended, undef],
	'2.5.29.46' => [\&read_cdp, 0],
	'2.5.29.54' => [\&read_any, 1],
	'2.5.29.56' => [\&read_null, 0],
	$AIA => [\&read_aia, 0],
	$NOCHECK => [\&read_null, 0],
);
my %ONLY_CA = map { $_ => 1 } qw(2.5.29.30 2.5.29.33 2.5.29.36 2.5.29.54);

# extensions_check(cert, issuer or undef, self-signed)
sub extensions_check {
	my ($cert, $issuer, $self) = @_;
	my $report = $cert->{report};
	my %seen;

	for my $ext (@{$cert->{ext}}) {
		my $known = $KNOWN{$ext->{oid}};
		$report->bad('ext_repeated', $ext->{oid})
		    if $seen{$ext->{oid}}++;
		$report->bad('ext_critical_unknown', $ext->{oid})
		    if !$known && $ext->{critical};
		next unless $known;
		critical_check($ext, $known->[1], $report);
		my $value = eval { der_one($ext->{value}, $report->tell) };
		if (!$value || !eval { $known->[0]->($cert, $value, $ext); 1 }) {
			$report->bad('ext_value', "$ext->{oid}: $@" =~ s/\n//r);
		}
	}
	identifiers_check($cert, $issuer, $self);
	usage_check($cert);
	ca_check($cert);
	extended_check($cert, $issuer);
	names_check($cert);
	status_check($cert, $self);
}

sub critical_check {
	my ($ext, $should, $report) = @_;

	return unless defined $should;
	$report->bad($should ? 'ext_not_critical' : 'ext_critical', $ext->{oid})
	    if $should != $ext->{critical};
}

sub need {
	my ($node, $tag) = @_;

	die sprintf("tag %02x where %02x should be\n", $node ? $node->{tag} : 0,
	    $tag) unless $node && $node->{tag} == $tag;
	return $node;
}

sub read_any {}

sub read_null {
	need($_[1], 0x05);
}

sub read_list {
	die "an empty sequence\n" unless @{need($_[1], 0x30)->{kids}};
}

sub read_ski {
	my ($cert, $value) = @_;

	$cert->{ski} = need($value, 0x04)->{body};
}

sub read_aki {
	my ($cert, $value) = @_;

	for (@{need($value, 0x30)->{kids}}) {
		$cert->{aki} = $_->{body} if $_->{tag} == 0x80;
		$cert->{report}->bad('aki_more') if $_->{tag} != 0x80;
	}
}

# bits_of(node, report) - numbers of the named bits that are set
sub bits_of {
	my ($node, $report) = @_;
	my ($unused, @octets) = unpack('C*', need($node, 0x03)->{body});
	my $bits = join('', map { sprintf('%08b', $_) } @octets);

	die "a bit string without any octet\n" unless defined $unused;
	$bits = substr($bits, 0, -$unused) if $unused;
	$report->bad('der_named_bits', hexed($node->{body})) if $bits =~ /0\z/;
	return grep { substr($bits, $_, 1) } 0 .. length($bits) - 1;
}

sub read_usage {
	my ($cert, $value) = @_;
	my @bits = bits_of($value, $cert->{report});

	die "a bit that has no name\n" if @bits && $bits[-1] > $#USAGE;
	$cert->{usage} = { map { $USAGE[$_] => 1 } @bits };
	$cert->{report}->bad('usage_none') unless @bits;
}

sub read_extended {
	my ($cert, $value) = @_;
	my @all = map { oid(need($_, 0x06)->{body}) } @{need($value, 0x30)->{kids}};
	my %seen;

	die "no usage in it\n" unless @all;
	$cert->{report}->bad('eku_repeated', $_) for grep { $seen{$_}++ } @all;
	$cert->{eku} = \@all;
}

sub read_policies {
	my ($cert, $value) = @_;
	my %seen;

	for my $info (@{need($value, 0x30)->{kids}}) {
		my ($id, $more) = @{need($info, 0x30)->{kids}};
		my $oid = oid(need($id, 0x06)->{body});
		$cert->{report}->bad('policy_repeated', $oid) if $seen{$oid}++;
		push @{$cert->{policies}}, $oid;
		qualifiers($more, $cert->{report}) if $more;
	}
	die "no policy in it\n" unless $cert->{policies};
}

sub qualifiers {
	my ($list, $report) = @_;

	for (@{need($list, 0x30)->{kids}}) {
		my ($id, $what) = @{$_->{kids}};
		$report->bad('policy_qualifier', oid($id->{body})) unless
		    oid($id->{body}) eq '1.3.6.1.5.5.7.2.1' &&
		    need($what, 0x16)->{body} =~ m{\Ahttps?://[!-~]+\z};
	}
}

sub read_constraints {
	my ($cert, $value) = @_;
	my @fields = @{need($value, 0x30)->{kids}};

	if (@fields && $fields[0]{tag} == 0x01) {
		my $flag = shift @fields;
		$cert->{ca} = $flag->{body} ne "\0";
		$cert->{report}->bad('der_default', 'cA') unless $cert->{ca};
	}
	$cert->{path} = need(shift @fields, 0x02)->{body} if @fields;
	die "more than two fields\n" if @fields;
}

sub read_san {
	my ($cert, $value) = @_;

	need($value, 0x30);
	$cert->{san} = [san_parse($value)];
	san_check($cert->{san}, $cert->{report});
}

# Each point: one full name of addresses, no reasons, no other issuer.
sub read_cdp {
	my ($cert, $value, $ext) = @_;
	my @points = @{need($value, 0x30)->{kids}};

	die "no point in it\n" unless @points;
	for my $point (@points) {
		my ($name, @more) = @{need($point, 0x30)->{kids}};
		$cert->{report}->bad('cdp_form') if @more || !$name ||
		    $name->{tag} != 0xa0 || $name->{kids}[0]{tag} != 0xa0;
		next unless $name && $name->{kids} && $name->{kids}[0]{kids};
		for (@{$name->{kids}[0]{kids}}) {
			push @{$cert->{cdp}}, $_->{body} if $ext->{oid} =~ /31\z/;
			url_check($_->{body}, 'cdp_url', $cert->{report});
		}
	}
}

sub read_aia {
	my ($cert, $value) = @_;
	my @all = @{need($value, 0x30)->{kids}};

	die "no address in it\n" unless @all;
	for (@all) {
		my ($method, $where) = @{need($_, 0x30)->{kids}};
		my $oid = oid(need($method, 0x06)->{body});
		need($where, 0x86);
		$cert->{report}->bad('aia_method', $oid)
		    unless $oid =~ /\A1\.3\.6\.1\.5\.5\.7\.48\.[12]\z/;
		push @{$cert->{aia}{$oid =~ /1\z/ ? 'ocsp' : 'issuer'}},
		    $where->{body};
		url_check($where->{body}, 'aia_url', $cert->{report});
	}
}

# --- which go together -------------------------------------------------------

sub identifiers_check {
	my ($cert, $issuer, $self) = @_;
	my $report = $cert->{report};
	my $bits = substr($cert->{spki}{kids}[1]{body}, 1);
	# OCSP answers name their signer by SHA-1 (RFC 6960, 4.2.1).
	my $digest = (grep { $_ eq '1.3.6.1.5.5.7.3.9' }
	    @{$cert->{eku} // []}) ? sha1($bits) :
	    substr(sha256($bits), 0, 20);

	$report->bad('ski_missing') unless defined $cert->{ski};
	$report->bad('ski_digest', hexed($cert->{ski}))
	    if defined $cert->{ski} &&
	    $cert->{ski} ne $digest;
	return if $self && !defined $cert->{aki};
	$report->bad('aki_missing') unless defined $cert->{aki};
	$report->bad('aki_of_issuer', hexed($cert->{aki}))
	    if defined $cert->{aki} && $issuer &&
	    $cert->{aki} ne ($issuer->{ski} // '');
}

# RFC 5280, 4.2.1.3; RFC 8813, 3 (EC); RFC 8410, 5 and 9295 (Ed25519).
sub usage_check {
	my ($cert) = @_;
	my ($report, $usage, $key) = @$cert{qw(report usage key)};
	my %never = (
		rsa => [qw(keyAgreement encipherOnly decipherOnly)],
		ed25519 => [qw(keyEncipherment dataEncipherment keyAgreement
		    encipherOnly decipherOnly)],
	);

	if (!$usage) {
		$report->bad('usage_missing');
		return;
	}
	for (@{$never{$key} // [qw(keyEncipherment dataEncipherment)]}) {
		$report->bad('usage_of_key', "$_ with $key") if $usage->{$_};
	}
	$report->bad('usage_only') if !$usage->{keyAgreement} &&
	    ($usage->{encipherOnly} || $usage->{decipherOnly});
}

sub ca_check {
	my ($cert) = @_;
	my ($report, $usage) = @$cert{qw(report usage)};

	if ($cert->{ca}) {
		$report->bad('ca_usage') unless $usage->{keyCertSign} &&
		    $usage->{cRLSign};
		$report->bad('ca_subject')
		    unless @{$cert->{subject}{kids}};
		return;
	}
	$report->bad('leaf_usage') if $usage->{keyCertSign} ||
	    $usage->{cRLSign};
	$report->bad('leaf_path') if defined $cert->{path};
	for (@{$cert->{ext}}) {
		$report->bad('leaf_extension', $_->{oid})
		    if $ONLY_CA{$_->{oid}};
	}
}

# RFC 5280, 4.2.1.12: what the key usage must have one of.
my %AGREES = (
	1 => [qw(digitalSignature keyEncipherment keyAgreement)],
	2 => [qw(digitalSignature keyAgreement)],
	3 => [qw(digitalSignature)],
	4 => [qw(digitalSignature nonRepudiation keyEncipherment keyAgreement)],
	8 => [qw(digitalSignature nonRepudiation)],
	9 => [qw(digitalSignature nonRepudiation)],
);

sub extended_check {
	my ($cert, $issuer) = @_;
	my ($report, $eku) = @$cert{qw(report eku)};
	my $arc = '1.3.6.1.5.5.7.3';

	if (!$eku) {
		$report->bad('eku_missing') unless $cert->{ca};
		return;
	}
	for my $one (@$eku) {
		$report->bad('eku_any') if $one eq '2.5.29.37.0';
		my ($n) = $one =~ /\A\Q$arc\E\.(\d+)\z/;
		next if $cert->{ca} || !$n || !$AGREES{$n};
		$report->bad('eku_usage', $one) unless
		    grep { $cert->{usage}{$_} } @{$AGREES{$n}};
	}
	my $stamps = grep { $_ eq "$arc.8" } @$eku;
	my $answers = grep { $_ eq "$arc.9" } @$eku;
	my $critical = $cert->{by_oid}{'2.5.29.37'}{critical};
	$report->bad('eku_alone', "@$eku")
	    if @$eku > 1 && ($stamps || $answers) && !$cert->{ca};
	$report->bad('eku_critical') if !!$critical != !!$stamps;
	nested_check($cert, $issuer);
}

# What mail and TLS programs want of a chain; OCSPSigning is looked for in the
# responder's own certificate alone.
sub nested_check {
	my ($cert, $issuer) = @_;
	my %may = map { $_ => 1 } @{$issuer ? $issuer->{eku} // [] : []};

	return unless %may;
	for (@{$cert->{eku}}) {
		$cert->{report}->bad('eku_nested', $_)
		    unless $may{$_} || $_ eq '1.3.6.1.5.5.7.3.9';
	}
}

sub names_check {
	my ($cert) = @_;
	my $critical = $cert->{by_oid}{'2.5.29.17'}{critical};
	my $empty = !@{$cert->{subject}{kids}};

	$cert->{report}->bad('san_critical') if $cert->{san} &&
	    !!$critical != !!$empty;
	$cert->{report}->bad('san_missing') if $empty && !$cert->{san};
}

# RFC 6960, 4.2.2.2.1 and RFC 9608, 2: no word of status, and why.
sub status_check {
	my ($cert, $self) = @_;
	my $report = $cert->{report};
	my $nocheck = $cert->{by_oid}{$NOCHECK};
	my $none = $cert->{by_oid}{'2.5.29.56'};
	my $answers = grep { $_ eq '1.3.6.1.5.5.7.3.9' } @{$cert->{eku} // []};
	my $listed = $cert->{cdp} || $cert->{by_oid}{'2.5.29.46'} ||
	    $cert->{aia} && $cert->{aia}{ocsp};

	$report->bad('nocheck_alone') if $nocheck && !$answers;
	$report->bad('norevavail') if $none && ($listed || $cert->{ca});
	$report->bad('status_missing')
	    unless $listed || $none || $nocheck || $self;
}

1;
