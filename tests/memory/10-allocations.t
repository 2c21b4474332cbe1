#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A library's allocation that fails is an error that is handed up, and never a
# crash: unit tests under ASan and UBSan, again and again, and each time another
# allocation of OpenSSL's or jansson's fails.  What the test makes of the error
# does not count here; how the program takes it does.
#
# ALLOC_POINTS (2; with TEST_FULL 30) for each test, spread over all that there
# are; ALLOC_TESTS only these, else with TEST_FULL all, else some that parse.
exec perl - "$@" <<'PERL'
use strict;
use warnings;
use File::Temp qw(tempdir);
use POSIX qw(:sys_wait_h);
my $build = $ENV{SIGNET_BUILD} // '.';
my $points = $ENV{ALLOC_POINTS} // ($ENV{TEST_FULL} ? 30 : 2);
my $tmp = tempdir(CLEANUP => 1);
chdir $build or die "$build: $!\n";
my $lib = "$build/tests/lib/alloc_fail.so";
-e $lib or die "no $lib\n";
$ENV{ASAN_OPTIONS} = 'exitcode=99:detect_leaks=0:allocator_may_return_null=1'
    . ':detect_stack_use_after_return=1';
$ENV{UBSAN_OPTIONS} = 'print_stacktrace=1:halt_on_error=1:exitcode=99';

# ($status, text) of a test; -1 if it took a minute
sub run {
	my ($test, $n, $count) = @_;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		setpgrp;
		open STDOUT, '>', "$tmp/out";
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		$ENV{ALLOC_FAIL} = $n;
		$ENV{ALLOC_COUNT} = $count if $count;
		$ENV{LD_PRELOAD} = $lib;
		exec $test or exit 127;
	}
	my $status;
	for (1 .. 600) {
		if (waitpid($pid, WNOHANG) == $pid) {
			$status = $?;
			last;
		}
		select undef, undef, undef, 0.1;
	}
	if (!defined $status) {
		kill 'KILL', -$pid;
		waitpid $pid, 0;
		$status = -1;
	}
	open my $f, '<', "$tmp/out" or die;
	local $/;
	return ($status, scalar <$f>);
}

sub last_of {
	my $n = shift;
	return @_ > $n ? @_[-$n .. -1] : @_;
}

# What the program made of it is well unless it crashed or hung.
sub wrong {
	my ($status, $text) = @_;
	return 'hangs' if $status == -1;
	return 'is found out by a sanitizer' if $status >> 8 == 99
	    || $text =~ /AddressSanitizer|runtime error:/;
	my $signal = $status & 127;
	# To give up with a line is well: for our programs, for the test's own
	# tools, and for OpenSSL while it sets up its secure heap.
	return undef if $signal == 6 && $text =~
	    /^(out of memory$|(test\w+|softhsm): )|OpenSSL internal error/m;
	return "dies of signal $signal" if $signal;
	return undef;
}

my @tests = grep { -x && !/\.[a-z]+$/ } sort glob 'tests/unit/test_*';
my $some = $ENV{ALLOC_TESTS} ||
    ($ENV{TEST_FULL} ? '' : 'cert crl csr order ocsp_request ocsp_response');
if ($some) {
	my %some = map { ("tests/unit/test_$_" => 1) } split ' ', $some;
	@tests = grep { $some{$_} } @tests;
}
my ($i, $runs) = (0, 0);
for my $test (@tests) {
	my $name = $test =~ s/.*test_//r;
	my ($status) = run($test, 0, "$tmp/count");
	my $count = 0;
	if (open my $f, '<', "$tmp/count") {
		chomp($count = <$f> // 0);
		unlink "$tmp/count";
	}
	# Without a store of its own a test of the store has nothing to do here.
	next if $status != 0 || $count == 0;
	my @bad;
	my $step = $count / $points;
	$step = 1 if $step < 1;
	for (my $at = 1; $at <= $count; $at += $step) {
		my $n = int($at + ($at + $step <= $count ? rand $step : 0));
		my ($s, $text) = run($test, $n);
		$runs++;
		my $how = wrong($s, $text) // next;
		push @bad, "allocation $n of $count: $how";
		print STDERR "# $name, ", $bad[-1], "\n",
		    map { "#   $_\n" } last_of(25, split /\n/, $text)
		    if @bad == 1;
	}
	$i++;
	print @bad ? 'not ' : '', "ok $i - $name survives when an allocation fails\n";
	print STDERR map { "# $_\n" } @bad;
}
print "# $runs runs\n1..$i\n";
exit($i == 0);
PERL
