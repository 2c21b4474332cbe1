# SPDX-License-Identifier: Apache-2.0
# What was found.  Each finding has a line in the file "catalogue" beside this
# one: its name, the clause that forbids it, and what should be.
package Report;
use strict;
use warnings;

sub new {
	my ($class) = @_;

	return bless { catalogue => catalogue(), found => [] }, $class;
}

# name => [source, sentence]
sub catalogue {
	my %all;
	my $path = __FILE__ =~ s{[^/]*\z}{catalogue}r;

	open my $file, '<', $path or die "$path: $!\n";
	while (<$file>) {
		next if /\A(#|$)/;
		chomp;
		my ($name, $source, $what) = split(/\t+/, $_, 3);
		die "$path: $_\n" if !defined $what || $all{$name};
		$all{$name} = [$source, $what];
	}
	close $file;
	return \%all;
}

sub bad {
	my ($self, $name, $detail) = @_;

	die "no finding is called $name\n" unless $self->{catalogue}{$name};
	push @{$self->{found}}, [$name, $detail // ''];
}

# For der_read().
sub tell {
	my ($self) = @_;

	return sub { $self->bad(@_) };
}

# One line each, the same one once.
sub lines {
	my ($self) = @_;
	my (%seen, @lines);

	for my $found (@{$self->{found}}) {
		my ($name, $detail) = @$found;
		my ($source, $what) = @{$self->{catalogue}{$name}};
		my $line = "$name: $what ($source)" .
		    ($detail ne '' ? ": $detail" : '');
		push @lines, $line unless $seen{$line}++;
	}
	return @lines;
}

1;
