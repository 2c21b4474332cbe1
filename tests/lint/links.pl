# SPDX-License-Identifier: Apache-2.0
# links.pl PAGE... - prints the links that lead nowhere.
use strict;
use warnings;
use File::Basename;

my %anchors;

# As GitHub and others name a heading.
sub
anchors
{
	my ($file) = @_;
	return $anchors{$file} if $anchors{$file};
	open(my $in, '<', $file) or return {};
	my (%seen, $code);
	while (<$in>) {
		$code = !$code if /^ *```/;
		next if $code || !/^#+ +(.*?)\s*$/;
		my $name = lc($1);
		$name =~ s/\[(.*?)\]\(.*?\)/$1/g;
		$name =~ s/[^\w\- ]//g;
		$name =~ s/ /-/g;
		$seen{$name} = 1;
	}
	return $anchors{$file} = \%seen;
}

for my $page (@ARGV) {
	open(my $in, '<', $page) or die "$page: $!\n";
	my $code;
	while (my $line = <$in>) {
		$code = !$code if $line =~ /^ *```/;
		next if $code;
		my $n = $.;
		$line =~ s/`[^`]*`//g;
		while ($line =~ /\]\(([^)\s]+)\)/g) {
			my $to = $1;
			next if $to =~ /^[a-z]+:/;
			my ($path, $anchor) = split(/#/, $to, 2);
			my $file = $path eq '' ? $page :
			    dirname($page) . "/$path";
			print "$page:$n: $to\n" if !-e $file ||
			    (defined $anchor && !anchors($file)->{$anchor});
		}
	}
}
