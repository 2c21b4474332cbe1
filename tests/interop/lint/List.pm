# SPDX-License-Identifier: Apache-2.0
# Certificate revocation lists: RFC 5280, 5, and what clients take (a list that
# mail programs fetch is complete and has no issuing distribution point).
package List;
use strict;
use warnings;
use Der qw(der_one oid);
use Cert qw(algorithm_check extensions_of time_of hexed);
use Exporter 'import';
our @EXPORT_OK = qw(list_check);

my $DAY = 86400;

# list_check(bytes, report, issuer or undef, days at most)
sub list_check {
	my ($der, $report, $issuer, $days) = @_;
	my $top = der_one($der, $report->tell);

	die "no list\n" unless $top->{tag} == 0x30 && @{$top->{kids}} == 3 &&
	    $top->{kids}[0]{tag} == 0x30 && @{$top->{kids}[0]{kids}} >= 3;
	my ($tbs, $outer) = @{$top->{kids}};
	my @fields = @{$tbs->{kids}};
	my $version = $fields[0]{tag} == 0x02 ? shift @fields : undef;
	my ($alg, $name) = splice(@fields, 0, 2);

	$report->bad('crl_version')
	    unless $version && $version->{body} eq "\x01";
	algorithm_check($alg, $outer, $issuer, $report);
	$report->bad('issuer_name')
	    if $issuer && $issuer->{subject}{raw} ne $name->{raw};
	my $this = dates(\@fields, $report, $days);
	if (@fields && $fields[0]{tag} == 0x30) {
		entries(shift @fields, $this, $report);
	}
	if (@fields && $fields[0]{tag} == 0xa0) {
		own_extensions(shift @fields, $report, $issuer);
	} else {
		$report->bad('crl_extensions');
	}
	die "more than a list\n" if @fields;
}

sub dates {
	my ($fields, $report, $days) = @_;
	my $this = time_of(shift @$fields, $report);
	my $next;

	if (!@$fields || $fields->[0]{tag} !~ /\A2[34]\z/) {
		$report->bad('crl_next');
		return $this;
	}
	$next = time_of(shift @$fields, $report);
	return $this unless defined $this && defined $next;
	$report->bad('crl_order') if $next <= $this;
	$report->bad('crl_days', ($next - $this) / $DAY)
	    if $days && $next - $this > $days * $DAY;
	return $this;
}

sub entries {
	my ($list, $this, $report) = @_;
	my ($last, %seen) = ('');

	$report->bad('crl_empty') unless @{$list->{kids}};
	for my $entry (@{$list->{kids}}) {
		my ($serial, $when, $ext) = @{$entry->{kids}};
		my $number = $serial->{body};
		my $t = time_of($when, $report);

		$report->bad('crl_serial', hexed($number))
		    if $number =~ /\A[\x80-\xff]/ || length($number) > 20;
		$report->bad('crl_repeated', hexed($number)) if $seen{$number}++;
		my $place = pack('C', length($number)) . $number;
		$report->bad('crl_sorted', hexed($number)) if $place lt $last;
		$last = $place;
		$report->bad('crl_future', hexed($number))
		    if defined $t && defined $this && $t > $this;
		entry_extensions($ext, $report) if $ext;
	}
}

sub entry_extensions {
	my ($list, $report) = @_;
	my $wrapped = { kids => [$list] };
	my %seen;

	for my $ext (@{extensions_of($wrapped, $report)}) {
		my $oid = $ext->{oid};
		$report->bad('ext_repeated', $oid) if $seen{$oid}++;
		$report->bad('crl_entry_critical', $oid) if $ext->{critical};
		my $value = der_one($ext->{value}, $report->tell);
		if ($oid eq '2.5.29.21') {
			reason($value, $report);
		} elsif ($oid eq '2.5.29.24') {
			$report->bad('crl_invalidity') if $value->{tag} != 0x18;
		} else {
			$report->bad('crl_entry_extension', $oid);
		}
	}
}

sub reason {
	my ($value, $report) = @_;
	my $n = ord($value->{body});

	$report->bad('crl_reason_kind') if $value->{tag} != 0x0a;
	$report->bad('crl_reason_none') if $n == 0;
	$report->bad('crl_reason', $n) if $n == 7 || $n > 10;
	$report->bad('crl_reason_delta') if $n == 8;
}

sub own_extensions {
	my ($explicit, $report, $issuer) = @_;
	my (%seen, $aki, $number);

	for my $ext (@{extensions_of($explicit, $report)}) {
		my $oid = $ext->{oid};
		$report->bad('ext_repeated', $oid) if $seen{$oid}++;
		my $value = der_one($ext->{value}, $report->tell);
		if ($oid eq '2.5.29.35') {
			$report->bad('ext_critical', $oid) if $ext->{critical};
			$report->bad('aki_more') if @{$value->{kids}} != 1;
			$aki = $value->{kids}[0]{body};
		} elsif ($oid eq '2.5.29.20') {
			$report->bad('ext_critical', $oid) if $ext->{critical};
			$number = $value->{body};
		} elsif ($oid eq '2.5.29.28') {
			$report->bad('crl_idp');
		} elsif ($oid eq '2.5.29.27') {
			$report->bad('crl_delta');
		} else {
			$report->bad('crl_extension', $oid);
		}
	}
	$report->bad('crl_aki') unless defined $aki;
	$report->bad('aki_of_issuer', hexed($aki)) if defined $aki && $issuer &&
	    $aki ne ($issuer->{ski} // '');
	$report->bad('crl_number', defined $number ? hexed($number) : 'none')
	    if !defined $number || length($number) > 20 ||
	    $number =~ /\A[\x80-\xff]/ || $number eq "\0";
}

1;
