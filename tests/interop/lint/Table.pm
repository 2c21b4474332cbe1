# SPDX-License-Identifier: Apache-2.0
# profiles.table: what a certificate of each profile holds, byte by byte.
package Table;
use strict;
use warnings;
use Der qw(tlv oid_der der_one);
use Cert qw(hexed);
use Exporter 'import';
our @EXPORT_OK = qw(table_load table_check);

# table_load(path) - profile => { word => [the rest of each line] }
sub table_load {
	my ($path) = @_;
	my (%all, %block, $lines);

	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!\n";
	while (<$file>) {
		s/\s+\z//;
		next if /\A(#|\z)/;
		if (/\A(profile|block) (\S+)\z/) {
			my $where = $1 eq 'block' ? \%block : \%all;
			die "$path:$.: $2 is there already\n" if $where->{$2};
			$lines = $where->{$2} = [];
		} elsif (/\A\tuse\s+(\S+)\z/ && $block{$1}) {
			push @$lines, @{$block{$1}};
		} elsif ($lines && /\A\t(\S+)\s+(.*)\z/) {
			push @$lines, [$1, $2];
		} else {
			die "$path:$.: $_\n";
		}
	}
	close $file;
	return { map { $_ => words($all{$_}) } keys %all };
}

sub words {
	my %row;

	push @{$row{$_->[0]}}, $_->[1] for @{$_[0]};
	return \%row;
}

# table_check(cert, row, known, issuer) - known has the values of fields and
# addresses, name => [values]
sub table_check {
	my ($cert, $row, $known, $issuer) = @_;
	my $report = $cert->{report};
	my %known = %$known;
	my $kind = $cert->{key} =~ /\AP-/ ? 'ec' : $cert->{key};

	$known{aki} = [$issuer->{ski}] if $issuer;
	$known{ski} = [$cert->{ski}];
	subject_check($cert, $row, \%known);
	my @want = map { extension($_, \%known) }
	    grep { !/\A\S+ \S+ \@/ || / \@$kind / } @{$row->{ext} // []};
	my @have = map { $_->{raw} } @{$cert->{ext}};
	while (@want || @have) {
		my ($want, $have) = (shift @want, shift @have);
		$report->bad('table_extension', 'found ' .
		    (defined $have ? hexed($have) : 'nothing') . ', expected ' .
		    (defined $want ? hexed($want) : 'nothing'))
		    if ($want // '') ne ($have // '');
	}
	times_check($cert, $row, \%known, $issuer);
	$report->bad('table_key') if $known{spki} &&
	    $known{spki}[0] ne $cert->{spki}{raw};
}

# "2.5.4.3 0c name": attribute, string tag, field; absent without the field.
# Or text in quotes with {field} in it.
sub subject_check {
	my ($cert, $row, $known) = @_;
	my $want = '';

	for (@{$row->{subject} // []}) {
		my ($oid, $tag, $field) = split(' ', $_, 3);
		my $text = $known->{$field} ? $known->{$field}[0] : undef;
		if ($field =~ s/\A"(.*)"\z/$1/) {
			$text = $field =~ s/\{(\w+)\}/value($known, $1)/ger;
		}
		next unless defined $text;
		$want .= tlv(0x31, tlv(0x30, tlv(0x06, oid_der($oid)) .
		    tlv(hex($tag), octets($text))));
	}
	$want = tlv(0x30, $want);
	$cert->{report}->bad('table_subject', 'found ' .
	    hexed($cert->{subject}{raw}) . ', expected ' . hexed($want))
	    if $want ne $cert->{subject}{raw};
}

sub octets {
	my ($text) = @_;

	utf8::encode($text) if utf8::is_utf8($text);
	return $text;
}

# "2.5.29.15 critical @rsa 03 02 05 a0"; nothing if it is only for values of
# fields that are all absent
sub extension {
	my ($line, $known) = @_;
	my ($oid, $critical, $rest) = $line =~ /\A(\S+) (\S+) (?:\@\S+ )?(.*)\z/;

	my @repeated = $rest =~ /\{(\w+)\*\}/g;
	return if @repeated && !grep { $known->{$_} } @repeated;
	my $value = template(\$rest, $known);
	die "profiles.table: $line\n" if $rest ne '';
	return tlv(0x30, tlv(0x06, oid_der($oid)) .
	    ($critical eq 'critical' ? tlv(0x01, "\xff") : '') .
	    tlv(0x04, $value));
}

# Octets in hex; TAG[ ... ] and TAG"text", whose length is counted; {name},
# the octets that go by that name.  TAG"{name*}" is there for each value.
sub template {
	my ($rest, $known) = @_;
	my $out = '';

	while ($$rest =~ s/\A\s*(?![\])])(?=\S)//) {
		if ($$rest =~ s/\A(\w+)\?\(//) {
			my %there = $known->{$1} ? %$known : ();
			my $group = template($rest, \%there);
			$$rest =~ s/\A\s*\)// or die "profiles.table: no )\n";
			$out .= $group if %there;
		} elsif ($$rest =~ s/\A([0-9a-f]{2})\[//) {
			my $tag = hex($1);
			$out .= tlv($tag, template($rest, $known));
			$$rest =~ s/\A\s*\]// or die "profiles.table: no ]\n";
		} elsif ($$rest =~ s/\A([0-9a-f]{2})"\{(\w+)\*\}"//) {
			my $tag = hex($1);
			$out .= tlv($tag, octets($_)) for @{$known->{$2} // []};
		} elsif ($$rest =~ s/\A([0-9a-f]{2})"([^"]*)"//) {
			my ($tag, $text) = (hex($1), $2);
			$text =~ s/\{(\w+)\}/value($known, $1)/ge;
			$out .= tlv($tag, octets($text));
		} elsif ($$rest =~ s/\A\{(\w+)\}//) {
			$out .= value($known, $1);
		} elsif ($$rest =~ s/\A([0-9a-f]{2})//) {
			$out .= pack('H2', $1);
		} else {
			die "profiles.table: $$rest\n";
		}
	}
	return $out;
}

sub value {
	my ($known, $name) = @_;

	return '' unless %$known;
	die "nothing is known of {$name}\n" unless defined $known->{$name}[0];
	return $known->{$name}[0];
}

# Both of since and now, or neither.
sub times_check {
	my ($cert, $row, $known, $issuer) = @_;
	my ($from, $to, $report) = @$cert{qw(from to report)};
	my $back = $row->{backdate}[0];

	return unless defined $from && defined $to;
	my $days = ($to - $from + 1) / 86400;
	$report->bad('table_days', $days) if $days != $row->{days}[0];
	return unless $known->{since};
	# Nothing is valid before its CA is.
	my ($since, $now) = map { $_ < $issuer->{from} ? $issuer->{from} : $_ }
	    map { $known->{$_}[0] - $back } qw(since now);
	$report->bad('table_from', "$from is not in $since to $now")
	    if $from < $since || $from > $now;
}

1;
