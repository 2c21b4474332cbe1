#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What signet said of requests (on standard input) against the cases that
# bad_requests.pl wrote: one line for each verdict that is another.
#
#	judge_requests.pl DIR/cases		"signet csr check --json"
#	judge_requests.pl DIR/cases refused	"signet order import": only of
#						those that are refused
use strict;
use warnings;

my (%want, %got);
open(my $f, '<', $ARGV[0]) or die "$ARGV[0]: $!";
while (<$f>) {
	chomp;
	my ($name, $verdict, $text) = split /\t/, $_, 3;
	$want{$name} = [$verdict, $text]
	    if @ARGV == 1 || $verdict eq $ARGV[1];
}
close $f;

sub value {	# of a key, JSON's escapes left as they are
	my ($line, $key) = @_;
	return $line =~ /"$key": ?"((?:[^"\\]|\\.)*)"/ ? $1 : '';
}

while (my $line = <STDIN>) {
	my ($name, $verdict, $reason, $stripped);
	if (@ARGV > 1) {
		($name, $reason) = $line =~ m{([^/]+)\.csr: (.*)$} or next;
		$verdict = $ARGV[1];
	} else {
		($name) = value($line, 'file') =~ m{([^/]+)\.csr$} or next;
		($verdict, $reason, $stripped) = map { value($line, $_) }
		    qw(verdict reason stripped);
		$reason =~ s/\\"/"/g;
	}
	$got{$name} = 1;
	my ($v, $t) = @{ $want{$name} // ['nothing', ''] };
	if ($v eq 'refused') {
		print "$name: $verdict, \"$reason\", not \"$t\"\n"
		    if $verdict ne 'refused' || index($reason, $t) < 0;
	} elsif ($verdict ne 'good') {
		print "$name: $verdict, \"$reason\"\n";
	} elsif ($v eq 'stripped') {
		print "$name: left out is \"$stripped\", not \"$t\"\n"
		    if !grep { $_ eq $t } split(/, /, $stripped);
	} elsif ($v eq 'good') {
		print "$name: left out is \"$stripped\"\n"
		    if $stripped ne '' && $stripped ne 'subjectAltName';
	} else {
		print "$name: nobody asked\n";
	}
}
print "$_: not looked at\n" for grep { !$got{$_} } sort keys %want;
