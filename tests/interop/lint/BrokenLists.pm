# SPDX-License-Identifier: Apache-2.0
# Lists with something wrong; as BrokenCerts.pm.  The sample has a plain entry,
# one with a reason and one with an invalidity date.
package BrokenLists;
use strict;
use warnings;
use Der qw(der_write tlv oid_der);
use Edit qw(prim cons ext add_ext drop_ext value inner critical set_time
    verbatim);

my ($NUMBER, $REASON, $INVALID, $AKI) = qw(2.5.29.20 2.5.29.21 2.5.29.24
    2.5.29.35);
my $LIST = 'people.crl';

# The first entry, with one extension and no other.
sub entry {
	my ($c, $oid, $value, $critical) = @_;
	my $entry = $c->{entries}{kids}[0];

	$entry->{kids}[2] = cons(0x30, cons(0x30, prim(0x06, oid_der($oid)),
	    $critical ? prim(0x01, "\xff") : (), prim(0x04, $value)));
}

sub reason {
	my ($c, $n) = @_;

	entry($c, $REASON, tlv(0x0a, chr($n)));
}

sub all {
	return (
	[$LIST, 'asn1', 'a certificate', sub { $_[0]{entries}{tag} = 0x02 }],
	[$LIST, 'crl_version', 'version 1', sub { shift @{$_[0]{tbs}{kids}} }],
	[$LIST, 'algorithm_same', 'another algorithm outside',
	    sub { $_[0]{outer}{kids}[0]{body} =~ s/.\z/\x0c/s }],
	[$LIST, 'issuer_name', 'another issuer',
	    sub { pop @{$_[0]{issuer}{kids}} }],
	[$LIST, 'time_kind', 'GeneralizedTime before 2050', sub {
	    set_time($_[0]{this}, 0x18, "20$_[0]{this}{body}") }],
	[$LIST, 'crl_next', 'no next list',
	    sub { splice(@{$_[0]{tbs}{kids}}, 4, 1) }],
	[$LIST, 'crl_order', 'the next list before this',
	    sub { $_[0]{next}{body} = $_[0]{this}{body} }],
	[$LIST, 'crl_days', 'the next list in a year',
	    sub { $_[0]{next}{body} =~ s/\A(..)/$1 + 1/e }],
	[$LIST, 'crl_empty', 'entries that are none',
	    sub { $_[0]{entries}{kids} = [] }],
	[$LIST, 'crl_serial', 'a negative number',
	    sub { $_[0]{entries}{kids}[0]{kids}[0]{body} =~ s/\A./\x91/s }],
	[$LIST, 'crl_repeated', 'an entry twice', sub { my $e =
	    $_[0]{entries}{kids}; unshift @$e, $e->[0] }],
	[$LIST, 'crl_sorted', 'entries from the last to the first', sub {
	    @{$_[0]{entries}{kids}} = reverse @{$_[0]{entries}{kids}} }],
	[$LIST, 'crl_future', 'revoked tomorrow', sub {
	    set_time($_[0]{entries}{kids}[0]{kids}[1], 0x17, '491231235959Z') }],
	[$LIST, 'ext_repeated', 'two reasons', sub { reason($_[0], 1);
	    my $all = $_[0]{entries}{kids}[0]{kids}[2]{kids};
	    push @$all, $all->[0] }],
	[$LIST, 'crl_entry_critical', 'a critical reason',
	    sub { entry($_[0], $REASON, "\x0a\1\1", 1) }],
	[$LIST, 'crl_entry_extension', 'an entry of another issuer',
	    sub { entry($_[0], '2.5.29.29', "\x30\0") }],
	[$LIST, 'crl_invalidity', 'an invalidity date in UTCTime', sub {
	    entry($_[0], $INVALID, tlv(0x17, '260101000000Z')) }],
	[$LIST, 'crl_reason_kind', 'an INTEGER for a reason',
	    sub { entry($_[0], $REASON, "\2\1\1") }],
	[$LIST, 'crl_reason_none', 'the reason "unspecified"',
	    sub { reason($_[0], 0) }],
	[$LIST, 'crl_reason', 'a reason 7', sub { reason($_[0], 7) }],
	[$LIST, 'crl_reason_delta', 'the reason "removeFromCRL"',
	    sub { reason($_[0], 8) }],
	[$LIST, 'crl_extensions', 'no extensions',
	    sub { pop @{$_[0]{tbs}{kids}} }],
	[$LIST, 'crl_extension', 'where newer lists are',
	    sub { add_ext($_[0], '2.5.29.46', 0, "\x30\0") }],
	[$LIST, 'crl_idp', 'an issuing distribution point',
	    sub { add_ext($_[0], '2.5.29.28', 1, "\x30\3\x81\1\xff") }],
	[$LIST, 'crl_delta', 'a delta list',
	    sub { add_ext($_[0], '2.5.29.27', 1, "\2\1\1") }],
	[$LIST, 'crl_aki', 'no key identifier', sub { drop_ext($_[0], $AKI) }],
	[$LIST, 'aki_of_issuer', 'another key', sub { inner($_[0], $AKI,
	    sub { $_[0]{kids}[0]{body} = 'x' x 20 }) }],
	[$LIST, 'crl_number', 'no number', sub { drop_ext($_[0], $NUMBER) }],
	[$LIST, 'crl_number', 'a number of 21 octets',
	    sub { value($_[0], $NUMBER, tlv(0x02, 'x' x 21)) }],
	[$LIST, 'ext_critical', 'a critical number',
	    sub { critical($_[0], $NUMBER, 1) }],
	[$LIST, 'der_trailing', 'an octet behind it',
	    sub { $_[0]{behind} = "\n" }],
	);
}

1;
