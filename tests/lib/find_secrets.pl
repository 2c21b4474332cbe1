#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# find_secrets.pl LIST PLACE... - where secrets are.  LIST has a line for each,
# "NAME HEX"; a PLACE is pid:NUMBER, the memory of that process, or a file, or a
# directory with all that is below it, whatever its format.  Prints a line
# "NAME PLACE" for each that is found; the secrets themselves are not shown.
use strict;
use warnings;
no warnings qw(portable);
use File::Find;

my (%secret, $found);
my $list = shift;
open(my $in, '<', $list) or die "$list: $!";
while (<$in>) {
	my ($name, $hex) = /^(\S+) ([0-9a-f]+)$/ or die "$list: $_";
	$secret{$name} = pack('H*', $hex);
	# As OpenSSL keeps numbers.
	$secret{"$name-reversed"} = reverse($secret{$name})
	    if $name =~ /^key-/;
}
my $any = join('|', map { quotemeta } values %secret);

# A number may be a part of a longer one, or of one in hexadecimal digits.
sub has {
	my ($bytes, $what) = @_;
	return index($$bytes, $what) >= 0 if $what !~ /^\d+$/;
	return $$bytes =~ /(?<![0-9a-fA-F])$what(?![0-9a-fA-F])/;
}

sub look {
	my ($bytes, $where) = @_;
	return if $$bytes !~ /$any/;
	for my $name (sort keys %secret) {
		next if !has($bytes, $secret{$name});
		print "$name $where\n" if !$found->{"$name $where"}++;
	}
}

sub memory {
	my ($pid) = @_;
	open(my $maps, '<', "/proc/$pid/maps") or die "$pid: $!";
	open(my $mem, '<:raw', "/proc/$pid/mem") or die "$pid: $!";
	chomp(my $name = do {
		open(my $comm, '<', "/proc/$pid/comm") or die; <$comm>;
	});
	my $read = 0;
	while (<$maps>) {
		my ($from, $to) = /^([0-9a-f]+)-([0-9a-f]+) rw/ or next;
		next if hex($to) - hex($from) > 1 << 28;
		sysseek($mem, hex($from), 0) or next;
		my $n = sysread($mem, my $bytes, hex($to) - hex($from));
		next if !defined $n;
		$read += $n;
		look(\$bytes, "memory of $name");
	}
	# Nothing was looked at: that is no proof of anything.
	print "unreadable memory of $name\n" if $read == 0;
}

sub file {
	my ($path) = @_;
	return if -l $path || !-f $path;
	open(my $f, '<:raw', $path) or return;
	my $bytes = '';
	# A directory's file is a gigabyte of which little was ever written.
	while (sysread($f, my $piece, 1 << 20)) {
		$bytes .= $piece if $piece =~ /[^\0]/;
	}
	look(\$bytes, $path);
}

for my $place (@ARGV) {
	if ($place =~ /^pid:(\d+)$/) {
		memory($1);
	} else {
		find({ wanted => sub { file($_) }, no_chdir => 1 }, $place);
	}
}
