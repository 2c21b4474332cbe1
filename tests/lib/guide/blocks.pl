# SPDX-License-Identifier: Apache-2.0
# blocks.pl PAGE DIRECTORY - NNN.sh, NNN.what (heading and line) and NNN.want of
# each block that a page wants to have run; see tests/lib/guide.sh.
use strict;
use warnings;

my ($page, $dir) = @ARGV;
open(my $in, '<', $page) or die "$page: $!\n";
my @lines = <$in>;

my @table;
my $heading = '';
for (@lines) {
	$heading = $1 if /^#+ (.*)/;
	next if $heading ne 'What the test replaces';
	next if !/^\|\s*`(.+?)`\s*\|\s*(?:`(.*?)`)?\s*\|/;
	my ($text, $other) = ($1, $2 // '');
	$other =~ s{\$\{?(\w+)\}?}{
	    $ENV{$1} // die "$page: nothing is known of \$$1\n"}ge;
	push @table, [$text, $other];
}

sub
replaced
{
	my ($text) = @_;
	for my $row (@table) {
		my ($from, $to) = @$row;
		$text =~ s/\Q$from\E/$to/g;
	}
	return $text;
}

sub
put
{
	my ($name, $text) = @_;
	open(my $out, '>', "$dir/$name") or die "$dir/$name: $!\n";
	print $out $text;
	close($out) or die "$dir/$name: $!\n";
}

my ($n, $kind, $text, $indent) = (0, '', '', 0);
$heading = '';
for (my $i = 0; $i < @lines; $i++) {
	my $line = $lines[$i];
	if ($kind eq '') {
		$heading = $1 if $line =~ /^#+ (.*)/;
		next if $line !~ /^( *)```(\S*) ?(.*)$/;
		($indent, $kind, $text) = (length($1), "$2 $3", '');
		put(sprintf('%03d.what', $n + 1), "$heading, line " . ($i + 2))
		    if $kind eq 'sh guide';
		next;
	}
	if ($line !~ /^ *```\s*$/) {
		$line =~ s/^ {0,$indent}//;
		$text .= $line;
		next;
	}
	put(sprintf('%03d.sh', ++$n), replaced($text)) if $kind eq 'sh guide';
	put(sprintf('%03d.want', $n), replaced($text)) if $kind eq 'text guide';
	$kind = '';
}
die "$page: a block has no end\n" if $kind ne '';
