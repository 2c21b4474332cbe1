# SPDX-License-Identifier: Apache-2.0
# The whole: from octets to lines about them.
package Lint;
use strict;
use warnings;
use MIME::Base64;
use Der qw(der_one);
use Cert qw(cert_parse cert_check);
use Names qw(name_parse name_check);
use Extensions qw(extensions_check);
use Baseline qw(baseline_check);
use List qw(list_check);
use Table qw(table_load table_check);
use Report;
use Exporter 'import';
our @EXPORT_OK = qw(lint_read lint_known lint_request lint_cert
    lint_list);

my %tables;

# lint_read(path) - octets of the first PEM block, or of the file
sub lint_read {
	my ($path) = @_;

	open my $file, '<:raw', $path or die "$path: $!\n";
	local $/;
	my $all = <$file> // '';
	close $file;
	return $all unless $all =~ /-----BEGIN [^-]*-----(.*?)-----END/s;
	return decode_base64($1);
}

# lint_known(path) - name => [values], of lines NAME=VALUE
sub lint_known {
	my ($path) = @_;
	my %known;

	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!\n";
	while (<$file>) {
		/\A(\w+)=(.*)\n\z/ or die "$path:$.: what is $_";
		push @{$known{$1}}, $2;
	}
	close $file;
	return \%known;
}

# lint_request(bytes) - subjectPublicKeyInfo of a PKCS#10
sub lint_request {
	my ($der) = @_;

	return der_one($der, sub { die "request: @_\n" })
	    ->{kids}[0]{kids}[2]{raw};
}

# What is needed of an issuer; what is wrong with it is not asked here.
sub issuer_of {
	my ($der) = @_;

	return undef unless $der;
	my $issuer = cert_parse($der, Report->new);
	cert_check($issuer);
	extensions_check($issuer);
	return $issuer;
}

# lint_cert(bytes, issuer's or undef, { profile, table, known } or { rules })
sub lint_cert {
	my ($der, $issuer_der, $o) = @_;
	my $report = Report->new;
	my $row = $o->{profile} ? row($o) : undef;
	my $rules = $row ? $row->{rules}[0] : $o->{rules};

	die "neither profile nor rules\n" unless $rules;
	eval { cert($der, issuer_of($issuer_der), $rules, $row, $o->{known},
	    $report); 1 } or $report->bad('asn1', $@ =~ s/\n\z//r);
	return $report->lines;
}

sub row {
	my ($o) = @_;

	$tables{$o->{table}} //= table_load($o->{table});
	return $tables{$o->{table}}{$o->{profile}} //
	    die "no profile $o->{profile} in $o->{table}\n";
}

sub cert {
	my ($der, $issuer, $rules, $row, $known, $report) = @_;
	my $cert = cert_parse($der, $report);
	my $self = $rules eq 'root';
	my @names = name_parse($cert->{subject}, $report);

	cert_check($cert, $issuer);
	name_check(\@names, $report);
	extensions_check($cert, $issuer, $self);
	baseline_check($cert, \@names, split(' ', $rules));
	table_check($cert, $row, $known, $issuer) if $row;
}

# lint_list(bytes, issuer's or undef, days at most or undef)
sub lint_list {
	my ($der, $issuer_der, $days) = @_;
	my $report = Report->new;

	eval { list_check($der, $report, issuer_of($issuer_der), $days); 1 }
	    or $report->bad('asn1', $@ =~ s/\n\z//r);
	return $report->lines;
}

1;
