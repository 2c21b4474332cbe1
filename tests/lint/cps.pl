# SPDX-License-Identifier: Apache-2.0
# cps.pl [-w] - the tables of doc/policy/cp-cps.md as profiles and programs have
# them; with -w they are written there, else what differs is printed.
use strict;
use warnings;

my $page = 'doc/policy/cp-cps.md';

sub
slurp
{
	my ($file) = @_;
	open(my $in, '<', $file) or die "$file: $!\n";
	local $/;
	return scalar <$in>;
}

sub
setting
{
	my ($text, $name) = @_;
	return $text =~ /^$name = "(.*?)";/m ? $1 : $text =~
	    /^$name = (true|false);/m ? $1 : undef;
}

# The strings of a list.
sub
ways
{
	my ($text, $name) = @_;
	return () if $text !~ /^$name = \[(.*?)\];/ms;
	return $1 =~ /"(.*?)"/g;
}

sub
keys_of
{
	my ($text) = @_;
	my @kinds;
	$text =~ /^keys = \((.*?)^\);/ms or return '';
	for my $group ($1 =~ /\{(.*?)\}/g) {
		my ($type) = $group =~ /type = "(.*?)"/;
		if ($group =~ /min = (\d+); max = (\d+)/) {
			push @kinds, uc($type) . " $1 to $2";
		} elsif ($group =~ /curves = \[(.*?)\]/) {
			push @kinds, $1 =~ /"(.*?)"/g;
		} else {
			push @kinds, $type;
		}
	}
	return join(', ', @kinds);
}

sub
days
{
	my ($text) = @_;
	$text =~ /^(\d+)d$/ or return $text // '-';
	return $1 == 1 ? '1 day' : "$1 days";
}

my %profile = map { m,([^/]+)$, ? ($1 => slurp($_)) : () }
    glob('etc/profiles/*');

sub
uses
{
	my $t = "| profile | for | approved by | in a batch | revoked by " .
	    "its holder |\n|---|---|---|---|---|\n";
	for my $name (sort keys %profile) {
		my $p = $profile{$name};
		$t .= sprintf("| `%s` | %s | %s | %s | %s |\n", $name,
		    setting($p, 'description'),
		    join(', or ', ways($p, 'approvals')) || '-',
		    join(', or ', ways($p, 'batch_approvals')) || '-',
		    (setting($p, 'self_revoke') // '') eq 'true' ? 'yes' :
		    'no');
	}
	return $t;
}

sub
sizes
{
	my $t = "| profile | keys | valid | renewed within | by | " .
	    "published |\n|---|---|---|---|---|---|\n";
	for my $name (sort keys %profile) {
		my $p = $profile{$name};
		my @by = ways($p, 'renewal_approvals');
		@by = ways($p, 'approvals') if !@by;
		my $window = setting($p, 'renewal_window');
		$t .= sprintf("| `%s` | %s | %s | %s | %s | %s |\n", $name,
		    keys_of($p), days(setting($p, 'validity')),
		    defined $window ? days($window) : '-',
		    defined $window ? join(', or ', @by) : '-',
		    (setting($p, 'publish') // '') eq 'true' ? 'yes' : 'no');
	}
	return $t;
}

# default FILE, NAME - of a row in a table of settings
sub
default
{
	my ($file, $name) = @_;
	slurp($file) =~ /, $name, "(.*?)"/ or
	    die "$file: no default of $name\n";
	return $1;
}

sub
figure_table
{
	my $t = "| | by default |\n|---|---|\n";
	while (@_) {
		my ($what, $value) = splice(@_, 0, 2);
		$t .= "| $what | $value |\n";
	}
	return $t;
}

my $answers = 'cli/init_answers.c';
my $cad = 'ca/issuing/settings.c';
my $ocspd = 'ocsp/settings.c';
slurp('ca/root/ceremony.c') =~ /CRL_LIFETIME\("(\d+d)"\)/ or
    die "ca/root/ceremony.c: no life of a list\n";
my $root_list = $1;
slurp('cli/init_settings.c') =~
    /crl_reasons = \[ ((?:\\"\w+\\"(?:, )?)+) \]/ or
    die "cli/init_settings.c: no crl_reasons\n";
(my $reasons = $1) =~ s/\\"//g;

my %table = (
	'profiles: uses' => uses(),
	'profiles: keys' => sizes(),
	'figures: lists' => figure_table(
	    'a list of an issuing CA is made each', default($cad,
		'crl_interval'),
	    '... and at once for', $reasons,
	    'from thisUpdate to nextUpdate', default($cad, 'crl_lifetime'),
	    'the root\'s, to nextUpdate', $root_list),
	'figures: ocsp' => figure_table(
	    'life of an answer', default($ocspd, 'lifetime'),
	    '... about a number that was never issued', default($ocspd,
		'unknown_lifetime'),
	    'how old the last look at changes may be when one is signed',
	    default($ocspd, 'freshness')),
	'figures: keys' => figure_table(
	    'root', default($answers, 'root_key'),
	    'issuing CAs', default($answers, 'ca_key'),
	    'officers and agents, where made at the set-up',
	    default($answers, 'key'),
	    'signers of OCSP answers', default($ocspd, 'signer_key')),
	'figures: periods' => figure_table(
	    'root', default($answers, 'root_validity'),
	    'issuing CAs', default($answers, 'ca_validity')),
);

my $text = slurp($page);
my $new = $text;
for my $name (sort keys %table) {
	$new =~ s/(<!-- \Q$name\E -->\n).*?(<!-- end -->\n)/$1\n$table{$name}\n$2/s
	    or print "$page: no table \"$name\"\n";
}
if (@ARGV) {
	open(my $out, '>', $page) or die "$page: $!\n";
	print $out $new;
	close($out) or die "$page: $!\n";
	exit 0;
}
my @old = split(/\n/, $text);
my @new = split(/\n/, $new);
for my $i (0 .. (@old > @new ? $#old : $#new)) {
	my ($has, $is) = ($old[$i] // '', $new[$i] // '');
	print "$page:", $i + 1, ": is: $is\n" if $has ne $is;
}
