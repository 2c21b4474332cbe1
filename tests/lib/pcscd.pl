#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# pcscd.pl SOCKET CONFDIR: the PC/SC daemon on a socket of our own, as systemd
# would start it: no privilege, no other instance in the way.
use strict;
use warnings;
use Fcntl qw(F_SETFD);
use IO::Socket::UNIX;
use POSIX ();

my ($path, $conf) = @ARGV;
my $sock = IO::Socket::UNIX->new(Local => $path, Listen => 16)
    or die "$path: $!\n";
my $fd = fileno($sock);
if ($fd != 3) {
	defined POSIX::dup2($fd, 3) or die "dup2: $!\n";
}
open(my $three, '>&=', 3) or die "descriptor 3: $!\n";
fcntl($three, F_SETFD, 0) or die "fcntl: $!\n";
$ENV{LISTEN_FDS} = 1;
$ENV{LISTEN_PID} = $$;
my ($pcscd) = grep { -x } map { "$_/pcscd" } split(/:/, $ENV{PATH}),
    '/usr/sbin', '/sbin';
die "no pcscd here\n" unless defined $pcscd;
# Newer ones ask polkit who may, which need not be here, unless told not to.
my @more = qx($pcscd --help) =~ /(--disable-polkit)/;
exec $pcscd, '-f', @more, '-c', $conf or die "$pcscd: $!\n";
