#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What kills the programs of the other scripts here (tests/lib/crash_at.c) does
# what it says, and no program has anything of it.
. "${srcdir:-.}/tests/integration/tap.sh"
lib=$SIGNET_BUILD/tests/lib/crash_at.so

# Steps: open, write, fsync (and one of another kind of file), rename, unlink.
cat >"$tmp/steps.pl" <<'PERL'
use IO::Handle;
$| = 1;
chdir $ARGV[0] or die;
sub well { print "$_[0]: ", $_[1] ? 'well' : $!, "\n"; $_[1] }
well('open', open(my $f, '>', 'a')) or exit 1;
well('write', syswrite($f, 'abcdefgh'));
well('sync', $f->sync);
syswrite(STDERR, "a log is no file\n");
well('rename', rename('a', 'b'));
well('unlink', unlink('c'));
PERL

# steps [VAR=VALUE]... - in a fresh folder, where there is c
steps() {
	rm -rf "$tmp/d" "$tmp/count" "$tmp/list"
	mkdir "$tmp/d" && touch "$tmp/d/c"
	env LD_PRELOAD="$lib" CRASH_IN=perl "CRASH_COUNT=$tmp/count" \
	    "CRASH_LIST=$tmp/list" "$@" perl "$tmp/steps.pl" "$tmp/d" \
	    >"$tmp/said" 2>/dev/null
}
files() {
	(cd "$tmp/d" && echo * && cat a b 2>/dev/null)
}

steps
is 'nobody dies when nobody shall' $? 0
is 'each step is in the list' "$(cut -d ' ' -f 1,3,4 "$tmp/list" |
    tr '\n' ',')" '1 file open,2 file write,3 file fsync,4 file rename,5 file unlink,'
is '... and counted' "$(od -An -tu8 "$tmp/count" | tr -d ' ')" 5
steps CRASH_IN=signet
is 'only in programs of ours' "$(cat "$tmp/list")" ''
steps CRASH_OF=db,key
is 'only steps that are asked for' "$(cat "$tmp/list")" ''

steps CRASH_AT=1
is 'who dies before the first step dies of SIGKILL' $? 137
is '... and has done nothing' "$(files)" 'c'
steps CRASH_AT=2
is 'after it the file is there' "$(files)" 'a c'
steps CRASH_AT=3
is 'a write may be torn' "$(files)" 'a c
abcd'
steps CRASH_AT=4
is '... or whole' "$(files)" 'a c
abcdefgh'
steps CRASH_AT=7
is 'before the rename there is the old name' "$(files)" 'a c
abcdefgh'
steps CRASH_AT=8
is '... after it the new one' "$(files)" 'b c
abcdefgh'
steps CRASH_AT=11
is 'nobody dies after the last one' $? 0

steps CRASH_DISK=full:2
is 'on a full disk nothing grows' "$(tr '\n' ',' <"$tmp/said")" \
    'open: well,write: No space left on device,sync: No space left on device,rename: No space left on device,unlink: well,'
steps CRASH_DISK=readonly:4
is 'a disk that is read-only takes nothing' "$(tail -n 2 "$tmp/said" |
    tr '\n' ',')" \
    'rename: Read-only file system,unlink: Read-only file system,'

# Two processes have one count.
cat >"$tmp/two.pl" <<'PERL'
mkdir "$ARGV[0]/$_" for 1, 2;
exit(fork ? wait != -1 ? $? >> 8 : 1 : mkdir("$ARGV[0]/3") ? 0 : 1);
PERL
rm -f "$tmp/list" "$tmp/count"
mkdir "$tmp/two"
LD_PRELOAD=$lib CRASH_IN=perl CRASH_COUNT=$tmp/count CRASH_LIST=$tmp/list \
    perl "$tmp/two.pl" "$tmp/two"
is 'processes have one count' "$(cut -d ' ' -f 1 "$tmp/list" | tr '\n' ',')" \
    '1,2,3,'

for program in signet signet-cad signet-root signet-crld signet-station; do
	not "$program has nothing of it" \
	    grep -q 'CRASH_AT\|CRASH_DISK' "$(command -v "$program")"
done
done_testing
