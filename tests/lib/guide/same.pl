# SPDX-License-Identifier: Apache-2.0
# same.pl WANTED SAID - whether a page shows what was said; see
# tests/lib/guide.sh.
use strict;
use warnings;

sub
slurp
{
	my ($file) = @_;
	open(my $in, '<', $file) or die "$file: $!\n";
	my $text = join('', <$in>);
	$text =~ s/[ \t\r]+$//mg;
	$text =~ s/\s*\z/\n/;
	return $text;
}

my ($want, $said) = map { slurp($_) } @ARGV;
my $pattern = join('', map { /^\s*…\n\z/ ? '(?:.*\n)*' :
    join('.*', map { quotemeta } split(/…/, $_, -1)) }
    split(/^/m, $want));
# A column is as wide as its widest value.
$pattern =~ s/(?:\\ ){2,}/ +/g;
exit 0 if $said =~ /\A$pattern\z/;
print "the page has:\n${want}it was:\n$said";
exit 1;
