#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A library's allocation that fails is an error that is handed up: never a crash,
# nothing lost, and never a success that is none.  Unit tests under ASan and
# UBSan; from each place at which our functions get to an allocation in a library
# a child goes on without it (tests/lib/alloc_fail.c).  That the test then fails
# does not count; how the program takes it does.
#
# Of some tests that parse each 40th place, with TEST_FULL of all tests each one;
# or of those in ALLOC_TESTS each one or ALLOC_EVERY-th.
exec perl - "$@" <<'PERL'
use strict;
use warnings;
use File::Temp qw(tempdir);
use POSIX qw(:sys_wait_h);
my $build = $ENV{SIGNET_BUILD} // '.';
my $source = $ENV{srcdir} // '.';
my $full = $ENV{TEST_FULL} || $ENV{ALLOC_TESTS};
my $every = $ENV{ALLOC_EVERY} // ($full ? 1 : 40);
my $tmp = tempdir(CLEANUP => 1);
chdir $build or die "$build: $!\n";
my $lib = "$build/tests/lib/alloc_fail.so";
-e $lib or die "no $lib\n";
# cmocka would take a crash for a failed test.
$ENV{ASAN_OPTIONS} = 'exitcode=99:leak_check_at_exit=0'
    . ':allocator_may_return_null=1:detect_stack_use_after_return=1'
    . ':handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2';
$ENV{UBSAN_OPTIONS} = 'print_stacktrace=1:halt_on_error=1:exitcode=99';
$ENV{LSAN_OPTIONS} = "suppressions=$source/tests/lib/lsan.supp"
    . ':print_suppressions=0';

sub text_of {
	open my $f, '<', shift or return '';
	local $/;
	return scalar(<$f>) // '';
}

# ($status, text) of a test; -1 if it took too long
sub run {
	my ($test, $seconds, %env) = @_;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		setpgrp;
		open STDOUT, '>', "$tmp/out";
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		@ENV{keys %env} = values %env;
		$ENV{LD_PRELOAD} = $lib;
		exec $test or exit 127;
	}
	my $status;
	for (1 .. 10 * $seconds) {
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
	return ($status, text_of("$tmp/out"));
}

# The innermost function in the program is the test's own: what it does with an
# error is its own affair.
sub is_of_test {
	for (split /\n/, shift) {
		next if !/^ *#\d+ 0x\w+ in \S.* (\S+?):\d/;
		my $file = $1;
		next if $file =~ m{/lib/base/mem\.c$};
		return 1 if $file =~ m{/tests/};
		return 0 if $file =~ m{/(?:lib|ca|cli|crl|ocsp|ra|personalize)/}
		    && $file !~ m{/nptl/|/csu/};
	}
	return 0;
}

# Where a library crashes by itself, with arguments that are in order.
sub is_known {
	my ($text) = @_;
	# libconfig 1.5 to 1.7: what it has no memory for it uses all the same.
	return 1 if $text =~ m{/libconfig\.so[^\n]*\n *#\d+ 0x\w+ in conf_parse };
	# p11-kit 0.24: a URI that has no room for its attributes is handed out.
	return 1 if $text =~ m{^ *#0 [^\n]*/libp11-kit\.so[^\n]*\n *#1 0x\w+ in p11_kit_uri_parse }m;
	# SoftHSM, which is the token of the tests.
	return 1 if $text =~ m{^ *#0 [^\n]*(\n *#\d+ [^\n]*\.so[^\n]*)*?(\n[^\n]*)?/libsofthsm2\.so}m;
	# The C library, for the table of who knows names of hosts.
	return 1 if $text =~ m{^ *#0 0x\w+ in nss_database_check_reload_and_get }m;
	# OpenSSL 3.0: without memory for its own context it locks what is not there.
	return $text =~ m{^\ *\#0\ 0x\w+\ in\ \w*pthread_rwlock_[^\n]*\n
	    (?:\ *\#\d+\ 0x\w+\ in\ pthread_rwlock_[^\n]*\n)*
	    \ *\#\d+\ 0x\w+\ in\ CRYPTO_THREAD_\w+_lock\ }mx;
}

# OpenSSL 3.0 leaves a lock of its own locked, where it asks its providers for what
# encodes a key, and so does bindtextdomain() in the C library; each waits for itself
# when it is asked that again.
sub waits_for_a_library {
	my (undef, $hang) = split /^it hangs in\n/m, shift;
	return ($hang // '') =~ m{^\S+libcrypto\S+\(CRYPTO_THREAD_\w+_lock\+
	    |^\S+/libc\.so\S+pthread_rwlock_\S+\n\S+/libc\.so\.6\(\+}mx;
}

# The C library's regcomp() loses what it has of an expression.
sub leaks_of_ours {
	my @of_ours = grep { !is_of_test($_) && /\.c:\d/ && !m{ posix/\S*reg\w+\.c:} }
	    split /(?=^(?:Direct|Indirect) leak)/m, shift;
	shift @of_ours if @of_ours && $of_ours[0] !~ /^(?:Direct|Indirect) leak/;
	return scalar @of_ours;
}

# What the program made of it is well unless it crashed, hung, lost something or
# said that all is well.
sub wrong {
	my ($status, $text) = @_;
	return $text if $text eq 'it cannot be looked at';
	return waits_for_a_library($text) ? undef : 'hangs'
	    if $status == -1 || ($status & 127) == 14;
	my $code = $status >> 8;
	return undef if $text =~ /AddressSanitizer:DEADLY|runtime error:/
	    && (is_of_test($text) || is_known($text));
	return 'is found out by a sanitizer' if $code == 99
	    || $text =~ /ERROR: AddressSanitizer|runtime error:/;
	return 'succeeds, and should not' if $code == 97;
	return leaks_of_ours($text) ? 'loses memory' : undef if $code == 98;
	my $signal = $status & 127;
	# To give up with a line is well: for our programs, for the test's own
	# tools, and for OpenSSL while it sets up its secure heap.
	return undef if $signal == 6 && $text =~
	    /^(out of memory$|(test\w+|softhsm|pivcard): )|OpenSSL internal error/m;
	return "dies of signal $signal" if $signal;
	return undef;
}

# Where the functions of the test and of tests/lib are: what they ask a library
# for is their own affair.  Those of a file come after its name; others' names are
# in its object.
my %lib_c = map { s{.*/}{}r => 1 } glob "$source/tests/lib/*.c";
my %lib_name = map { /^\w+ T (\w+)/ ? ($1 => 1) : () }
    map { split /\n/ } `nm --defined-only tests/lib/*.o`;
sub own_functions {
	my ($test) = @_;
	my ($file, @own) = ('');
	for (split /\n/, `readelf -sW $test`) {
		my (undef, undef, $at, $size, $kind, $bind, undef, undef,
		    $name) = split / +/, $_;
		next if !defined $name;
		$file = $name if $kind eq 'FILE';
		next if $kind ne 'FUNC' || $size eq '0';
		push @own, [$at, sprintf '%x', hex($at) + $size]
		    if $bind eq 'LOCAL' ? $file =~ /^test_/ || $lib_c{$file}
		    : $lib_name{$name} || $name eq 'main';
	}
	open my $f, '>', "$tmp/own" or die;
	print $f "@$_\n" for sort { hex($a->[0]) <=> hex($b->[0]) } @own;
	close $f or die;
	die "$test: no functions of its own" if @own < 2;
	return "$tmp/own";
}

# A child would speak on the connection that its parent has to the store.
sub has_store {
	my ($test) = @_;
	return `nm $test` =~ / T testdb_init$/m;
}

# All places in one run, whose children do what they will with files; when that
# is too much for those that come after them, each place in a run of its own.
sub places {
	my ($test) = @_;
	my $dir = "$tmp/each";
	system 'rm', '-rf', $dir;
	mkdir $dir or die;
	my %env = (ALLOC_EVERY => $every, ALLOC_NOT => own_functions($test));
	my $status;
	if (!has_store($test)) {
		($status) = run($test, 3600, ALLOC_EACH => $dir, %env);
		my @done = map { [split] } split /\n/, text_of("$dir/places");
		return map { [$_->[0], $_->[1], text_of("$dir/$_->[0]")] } @done
		    if $status == 0;
	}
	($status) = run($test, 600, ALLOC_PLACES => "$tmp/places", %env);
	return [0, $status, 'it cannot be looked at'] if $status != 0;
	return map { [$_, run($test, 120, ALLOC_FAIL => $_)] }
	    split /\n/, text_of("$tmp/places");
}

sub first_of {
	my $n = shift;
	return @_ > $n ? @_[0 .. $n - 1] : @_;
}

# test_csr_memory lets each allocation fail by itself.
my @tests = grep { -x && !/\.[a-z]+$|_csr_memory$/ }
    sort glob 'tests/unit/test_*';
my $some = $ENV{ALLOC_TESTS} ||
    ($full ? '' : 'approval cert csr order ocsp_request');
if ($some) {
	my %some = map { ("tests/unit/test_$_" => 1) } split ' ', $some;
	@tests = grep { $some{$_} } @tests;
}
my ($i, $runs) = (0, 0);
for my $test (@tests) {
	my $name = $test =~ s/.*test_//r;
	# Without a store of its own a test of the store has nothing to do here.
	my ($status) = run($test, 120);
	if ($status != 0) {
		print STDERR "# $name is not tried: it fails by itself, or takes ",
		    "more than 120 seconds\n";
		next;
	}
	my ($count, %bad) = (0);
	for (places($test)) {
		my ($n, $s, $text) = @$_;
		$count++;
		my $how = wrong($s, $text) // next;
		my ($where) = $text =~ m{ in (\w+ \S*/(?:lib|ca|cli|crl|ocsp|ra|personalize)/\S+:\d+)};
		next if $bad{"$how, " . ($where // 'somewhere')}++;
		print STDERR "# $name, allocation $n: $how\n",
		    map { "#   $_\n" } first_of(40, split /\n/, $text)
		    if $ENV{ALLOC_SHOW} || keys %bad == 1;
	}
	next if $count == 0;
	$runs += $count;
	$i++;
	print %bad ? 'not ' : '', "ok $i - $name survives when an allocation ",
	    "fails, at $count places\n";
	print STDERR map { "# $name $_: $bad{$_}\n" } sort keys %bad;
}
print "# $runs places\n1..$i\n";
exit($i == 0);
PERL
