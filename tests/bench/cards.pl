#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# cards.pl DIR READERS FIRST COUNT NAME=PID... -- OPTION...: who sits at the
# readers of tests/lib/cards.sh.  Reads what "signet-station run --json" prints
# and puts COUNT blanks in, with serial numbers from FIRST and these options of
# pivcard, each as soon as the one before is out.  Ends when all are issued, or
# at anything that is not as it should be; prints, a name and a value each:
#
#	cards, seconds, rate
#	own	median ms from insertion to issued without what the card took
#	card	mean ms that the card took
#	cpu.NAME	ms per card of that process and those below it; of the
#			one called "station" each kind by itself
#	rss.KIND.N	peak KiB of the station's processes after N cards
#
# As a person does, it takes half a second to take a card out and as long to put
# one in.  (A card that goes in the moment in which pcscd takes its power away
# is not seen to be gone by pcscd 1.9 with virtual readers.)
use strict;
use warnings;
use IO::Select;
use Time::HiRes qw(time);
use POSIX ();

my ($dir, $readers, $first, $count, @rest) = @ARGV;
my (%pid, @options);
while (defined(my $a = shift @rest)) {
	if ($a eq '--') {
		@options = @rest;
		last;
	}
	my ($name, $pids) = split(/=/, $a);
	$pid{$name} = [split(/,/, $pids)];
}
my $hz = POSIX::sysconf(POSIX::_SC_CLK_TCK());

# pid => parent, name, own and dead children's seconds
sub processes {
	my %p;
	for my $f (glob('/proc/[0-9]*/stat')) {
		open(my $in, '<', $f) or next;
		my $line = <$in> // next;
		$line =~ /^(\d+) \((.*)\) (.*)$/ or next;
		my ($id, $name, @v) = ($1, $2, split(/ /, $3));
		$p{$id} = { parent => $v[1], name => $name,
		    own => ($v[11] + $v[12]) / $hz,
		    dead => ($v[13] + $v[14]) / $hz };
	}
	return \%p;
}

sub below {
	my ($all, @top) = @_;
	my %in = map { $_ => 1 } grep { exists $all->{$_} } @top;
	my $more = 1;
	while ($more) {
		$more = 0;
		for my $id (keys %$all) {
			next if $in{$id} || !$in{$all->{$id}{parent}};
			$in{$id} = $more = 1;
		}
	}
	return keys %in;
}

sub kind {
	my ($name) = @_;
	return $name =~ /clerk/ ? 'clerk' : $name =~ /reader/ ? 'workers' :
	    'parent';
}

# name => seconds so far
sub spent {
	my $all = processes();
	my %sum;
	for my $name (keys %pid) {
		for my $id (below($all, @{$pid{$name}})) {
			my $p = $all->{$id};
			my $k = $name ne 'station' ? $name :
			    'station ' . kind($p->{name});
			$sum{$k} += $p->{own};
			$sum{$k eq 'station clerk' ? 'station letters' : $k} +=
			    $p->{dead};
		}
	}
	return \%sum;
}

sub tell_memory {
	my ($n) = @_;
	my $all = processes();
	my %peak;
	for my $id (below($all, @{$pid{station}})) {
		my $k = kind($all->{$id}{name});
		open(my $in, '<', "/proc/$id/status") or next;
		my ($kib) = join('', <$in>) =~ /VmHWM:\s+(\d+)/ or next;
		$peak{$k} = $kib if $kib > ($peak{$k} // 0);
	}
	print "rss.$_.$n $peak{$_}\n" for sort keys %peak;
}

sub card_log {
	return "$dir/bench-log-$_[0]";
}

my ($next, @has, @begun, @own, $card_ms) = ($first);
sub insert {
	my ($r) = @_;
	return if $next >= $first + $count;
	$has[$r] = $next++;
	open(my $out, '>', "$dir/place-$r.new") or die "place-$r: $!\n";
	print $out join(' ', @options, '-n', $has[$r], '-l',
	    card_log($has[$r]), "$dir/bench-card-$has[$r]"), "\n";
	close($out);
	rename("$dir/place-$r.new", "$dir/place-$r") or die "place-$r: $!\n";
}

sub finished {
	my ($r) = @_;
	my ($n, $us) = ($has[$r], 0);
	open(my $in, '<', card_log($n)) or die card_log($n), ": $!\n";
	while (<$in>) {
		$us += (split)[5];
	}
	close($in);
	push @own, (time - $begun[$r]) * 1000 - $us / 1000;
	$card_ms += $us / 1000;
	($has[$r], $begun[$r]) = ();
	unlink(card_log($n), "$dir/bench-card-$n");
	later(sub { unlink("$dir/place-$r") });
}

my @later;		# [when, what]
sub later {
	push @later, [time + 0.5, $_[0]];
}

my ($input, $rest) = (IO::Select->new(\*STDIN), '');
sub next_line {
	my $end;
	while (($end = index($rest, "\n")) < 0) {
		while (@later && $later[0][0] <= time) {
			(shift @later)->[1]();
		}
		my $wait = @later ? $later[0][0] - time : 60;
		next unless $input->can_read($wait > 0 ? $wait : 0);
		sysread(STDIN, $rest, 65536, length($rest)) or
		    die "the station has ended\n";
	}
	return substr($rest, 0, $end + 1, '');
}

$| = 1;
insert($_) for 0 .. $readers - 1;
my ($start, $before);
while (@own < $count) {
	my $line = next_line();
	my ($event) = $line =~ /"event":"(\w+)"/ or next;
	my ($r, $slot) = $line =~ /"reader":"Test Reader (\d+) 00 0(\d)"/;
	$r += $slot * 8 if defined $r;
	if ($event eq 'card') {
		($start, $before) = (time, spent()) unless defined $start;
		$begun[$r] //= time;
	} elsif ($event eq 'issued') {
		finished($r);
		tell_memory(scalar @own) if @own == 100 || @own == $count;
	} elsif ($event eq 'empty') {
		later(sub { insert($r) }) unless defined $has[$r];
	} elsif ($event !~ /^(job|step|wait|balance)$/) {
		die $line;
	}
}
my ($seconds, $after) = (time - $start, spent());
@own = sort { $a <=> $b } @own;
printf "cards %d\nseconds %.1f\nrate %.2f\nown %.0f\ncard %.0f\n", $count,
    $seconds, $count / $seconds, $own[$#own / 2], $card_ms / $count;
for my $name (sort keys %$after) {
	(my $word = $name) =~ s/ /-/;
	printf "cpu.%s %.1f\n", $word,
	    ($after->{$name} - ($before->{$name} // 0)) * 1000 / $count;
}
