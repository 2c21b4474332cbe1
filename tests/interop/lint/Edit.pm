# SPDX-License-Identifier: Apache-2.0
# Changes to a certificate or list, for those that shall be found wrong.  All
# work on a hash made by edit_cert() or edit_list(); edit_done() writes it.
package Edit;
use strict;
use warnings;
use Der qw(der_one der_write tlv oid oid_der);
use Exporter 'import';
our @EXPORT_OK = qw(edit_cert edit_list edit_done prim cons attribute
    add_attribute drop_attribute rename_attribute ext add_ext drop_ext value
    inner critical general_names usage eku set_time verbatim);

my $quiet = sub {};

sub edit_cert {
	my ($der) = @_;
	my $top = der_one($der, $quiet);
	my %c = (top => $top, outer => $top->{kids}[1], tbs => $top->{kids}[0]);

	@c{qw(version serial alg issuer validity subject spki)} =
	    @{$c{tbs}{kids}};
	$c{exts} = $c{tbs}{kids}[7]{kids}[0];
	return \%c;
}

# A list with entries.
sub edit_list {
	my ($der) = @_;
	my $top = der_one($der, $quiet);
	my %c = (top => $top, outer => $top->{kids}[1], tbs => $top->{kids}[0]);

	@c{qw(version alg issuer this next entries)} = @{$c{tbs}{kids}};
	$c{exts} = $c{tbs}{kids}[6]{kids}[0];
	return \%c;
}

sub edit_done {
	my ($c) = @_;

	return der_write($c->{top}) . ($c->{behind} // '');
}

sub prim {
	my ($tag, $body) = @_;

	return { tag => $tag, body => $body };
}

sub cons {
	my ($tag, @kids) = @_;

	return { tag => $tag, kids => \@kids };
}

# Octets that are not DER, in place of a node.
sub verbatim {
	my ($node, $bytes) = @_;

	$node->{verbatim} = $bytes;
}

# --- names -------------------------------------------------------------------

sub rdn {
	my ($c, $oid) = @_;

	for (@{$c->{subject}{kids}}) {
		return $_ if oid($_->{kids}[0]{kids}[0]{body}) eq $oid;
	}
	die "the subject has no $oid\n";
}

# The value of an attribute of the subject.
sub attribute {
	my ($c, $oid, $text) = @_;
	my $value = rdn($c, $oid)->{kids}[0]{kids}[1];

	$value->{body} = $text if defined $text;
	return $value;
}

sub add_attribute {
	my ($c, $oid, $tag, $text) = @_;

	push @{$c->{subject}{kids}}, cons(0x31, cons(0x30,
	    prim(0x06, oid_der($oid)), prim($tag, $text)));
}

sub drop_attribute {
	my ($c, @oids) = @_;

	for my $oid (@oids) {
		my $rdn = rdn($c, $oid);
		@{$c->{subject}{kids}} = grep { $_ != $rdn }
		    @{$c->{subject}{kids}};
	}
}

sub rename_attribute {
	my ($c, $old, $new) = @_;

	rdn($c, $old)->{kids}[0]{kids}[0]{body} = oid_der($new);
}

# --- extensions --------------------------------------------------------------

sub ext {
	my ($c, $oid) = @_;

	for (@{$c->{exts}{kids}}) {
		return $_ if oid($_->{kids}[0]{body}) eq $oid;
	}
	die "no extension $oid\n";
}

sub add_ext {
	my ($c, $oid, $critical, $value) = @_;

	push @{$c->{exts}{kids}}, cons(0x30, prim(0x06, oid_der($oid)),
	    $critical ? prim(0x01, "\xff") : (), prim(0x04, $value));
}

sub drop_ext {
	my ($c, $oid) = @_;
	my $ext = ext($c, $oid);

	@{$c->{exts}{kids}} = grep { $_ != $ext } @{$c->{exts}{kids}};
}

# value(c, oid, bytes) - put another value there
sub value {
	my ($c, $oid, $bytes) = @_;

	ext($c, $oid)->{kids}[-1]{body} = $bytes;
}

# inner(c, oid, sub) - change what is in the value
sub inner {
	my ($c, $oid, $change) = @_;
	my $octets = ext($c, $oid)->{kids}[-1];
	my $value = der_one($octets->{body}, $quiet);

	$change->($value);
	$octets->{body} = der_write($value);
}

sub critical {
	my ($c, $oid, $flag) = @_;
	my $kids = ext($c, $oid)->{kids};

	@$kids = ($kids->[0], $flag ? prim(0x01, "\xff") : (), $kids->[-1]);
}

# general_names(c, node...) - other alternative names
sub general_names {
	my ($c, @names) = @_;

	value($c, '2.5.29.17', der_write(cons(0x30, @names)));
}

# usage(c, hex) - another key usage: unused bits, bits
sub usage {
	my ($c, $bits) = @_;

	value($c, '2.5.29.15', tlv(0x03, pack('H*', $bits)));
}

# eku(c, oid...) - other extended key usages
sub eku {
	my ($c, @oids) = @_;

	value($c, '2.5.29.37', der_write(cons(0x30, map {
	    prim(0x06, oid_der($_)) } @oids)));
}

# set_time(node, tag, text)
sub set_time {
	my ($node, $tag, $text) = @_;

	@$node{qw(tag body)} = ($tag, $text);
}

1;
