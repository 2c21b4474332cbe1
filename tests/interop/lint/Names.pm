# SPDX-License-Identifier: Apache-2.0
# Distinguished names and the names of subjectAltName.
package Names;
use strict;
use warnings;
use Der qw(oid text_of);
use Cert qw(hexed);
use Exporter 'import';
our @EXPORT_OK = qw(name_parse name_check san_parse san_check is_mailbox
    url_check);

# Attribute => [short name, string tags that it may have, most characters];
# RFC 5280, 4.1.2.4 and appendix A.1, X.520 for those it does not have.
my $DIRECTORY = [0x0c, 0x13];
my %ATTRIBUTE = (
	'2.5.4.3' => ['CN', $DIRECTORY, 64],
	'2.5.4.4' => ['SN', $DIRECTORY, 32768],
	'2.5.4.5' => ['serialNumber', [0x13], 64],
	'2.5.4.6' => ['C', [0x13], 2],
	'2.5.4.7' => ['L', $DIRECTORY, 128],
	'2.5.4.8' => ['ST', $DIRECTORY, 128],
	'2.5.4.9' => ['street', $DIRECTORY, 128],
	'2.5.4.10' => ['O', $DIRECTORY, 64],
	'2.5.4.11' => ['OU', $DIRECTORY, 64],
	'2.5.4.12' => ['title', $DIRECTORY, 64],
	'2.5.4.17' => ['postalCode', $DIRECTORY, 40],
	'2.5.4.42' => ['GN', $DIRECTORY, 32768],
	'2.5.4.65' => ['pseudonym', $DIRECTORY, 128],
	'2.5.4.97' => ['organizationIdentifier', $DIRECTORY, 256],
	'0.9.2342.19200300.100.1.1' => ['UID', $DIRECTORY, 256],
	'0.9.2342.19200300.100.1.25' => ['DC', [0x16], 63],
	'1.2.840.113549.1.9.1' => ['email', [0x16], 255],
);
# TLS BR 7.1.4.2: what comes at all comes in this order.
my @ORDER = qw(DC C ST L postalCode street O SN GN OU CN);
# TLS BR 7.1.4.2: may come more than once.
my %REPEATED = (DC => 1, OU => 1, street => 1);

my $LABEL = qr/[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?/;
my $DOMAIN = qr/(?:$LABEL\.)+$LABEL/;
my $ATOM = qr{[A-Za-z0-9!#\$%&'*+/=?^_`\{|\}~-]+};
my $SMTP_UTF8 = '1.3.6.1.5.5.7.8.9';
my $UPN = '1.3.6.1.4.1.311.20.2.3';

# name_parse(node, report) - [short name, text], in order
sub name_parse {
	my ($name, $report) = @_;
	my @all;

	for my $rdn (@{$name->{kids}}) {
		$report->bad('dn_multivalued') if $rdn->{tag} != 0x31 ||
		    @{$rdn->{kids}} != 1;
		for (@{$rdn->{kids}}) {
			my ($type, $value) = @{$_->{kids} // []};
			die "an attribute without a value\n" unless $value;
			push @all, attribute($type, $value, $report);
		}
	}
	return @all;
}

sub attribute {
	my ($type, $value, $report) = @_;
	my $id = oid($type->{body});
	my ($name, $tags, $most) = @{$ATTRIBUTE{$id} // [$id, [], 0]};
	my $text = text_of($value);

	if (!$most) {
		$report->bad('dn_attribute', $id);
		return [$id, $text];
	}
	$report->bad('dn_string', sprintf('%s has tag %02x', $name,
	    $value->{tag})) unless grep { $_ == $value->{tag} } @$tags;
	$report->bad('dn_length', "$name of " . length($text))
	    if $text eq '' || length($text) > $most;
	$report->bad('dn_clean', "$name \"$text\"") if $text =~
	    /\A\s|\s\z|[\x00-\x1f\x7f-\x9f\x{200e}\x{200f}\x{202a}-\x{202e}]/;
	$report->bad('dn_meaning', "$name \"$text\"") if $text =~
	    m{\A[-.\s]+\z|\A(?:n/?a|none|unknown)\z}i;
	return [$name, $text];
}

# name_check(attributes, report) - what holds for every subject
sub name_check {
	my ($attributes, $report) = @_;
	my %seen;

	for (@$attributes) {
		my ($name, $text) = @$_;
		$report->bad('dn_repeated', $name)
		    if $seen{$name}++ && !$REPEATED{$name};
		$report->bad('dn_country', $text)
		    if $name eq 'C' && $text !~ /\A[A-Z]{2}\z/;
	}
}

sub order_check {
	my ($attributes, $report) = @_;
	my @have = map { $_->[0] } @$attributes;
	my %place = map { $ORDER[$_] => $_ } 0 .. $#ORDER;
	my @places = grep { defined } map { $place{$_} } @have;

	$report->bad('dn_order', join(' ', @have))
	    if "@places" ne join(' ', sort { $a <=> $b } @places);
}

sub is_mailbox {
	my ($text) = @_;

	return $text =~ /\A$ATOM(?:\.$ATOM)*\@$DOMAIN\z/ &&
	    length($text) <= 254 && index($text, '@') <= 64;
}

# san_parse(node) - [kind, text]; the kind of another name is its identifier
sub san_parse {
	my ($names) = @_;
	my %kind = (0x81 => 'email', 0x82 => 'dns', 0xa4 => 'dn', 0x86 => 'uri',
	    0x87 => 'ip', 0x88 => 'rid');

	return map {
		my $tag = $_->{tag};
		$tag == 0xa0 && $_->{kids}[1] ?
		    other_name(@{$_->{kids}}[0, 1]) :
		    [$kind{$tag} // sprintf('tag %02x', $tag), $_->{body}];
	} @{$names->{kids}};
}

sub other_name {
	my ($type, $explicit) = @_;
	my $id = oid($type->{body});
	my $value = $explicit->{kids}[0];

	return [$id, '', 0] unless $value;
	return ['smtputf8', text_of($value), $value->{tag}] if $id eq $SMTP_UTF8;
	return ['upn', text_of($value), $value->{tag}] if $id eq $UPN;
	return [$id, $value->{body}, $value->{tag}];
}

my %SAN = (
	email => \&is_mailbox,
	dns => sub { $_[0] =~ /\A$DOMAIN\z/ && length($_[0]) <= 253 &&
	    $_[0] !~ /\.[0-9]+\z/ },
	ip => sub { length($_[0]) == 4 || length($_[0]) == 16 },
	uri => sub { $_[0] =~ m{\A[a-z][a-z0-9+.-]*:[!-~]+\z}i },
	upn => sub { $_[1] == 0x0c && $_[0] =~ /\A[^@\s]+\@$DOMAIN\z/ },
	smtputf8 => sub { $_[1] == 0x0c && $_[0] =~ /[^\x00-\x7f].*\@/ &&
	    $_[0] =~ /\A[^@\s]+\@$DOMAIN\z/ },
);

# san_check(names, report)
sub san_check {
	my ($names, $report) = @_;
	my %seen;

	$report->bad('san_empty') unless @$names;
	for (@$names) {
		my ($kind, $text, $tag) = @$_;
		my $rule = $SAN{$kind};
		$report->bad('san_repeated', $text) if $seen{"$kind $text"}++;
		$report->bad("san_$kind", $kind eq 'ip' ? hexed($text) : $text)
		    if $rule && !$rule->($text, $tag);
	}
}

# url_check(url, finding, report) - http, as SMBR 7.1.2.3 and TLS BR 7.1.2.11
# want it, with a host in it
sub url_check {
	my ($url, $finding, $report) = @_;

	$report->bad($finding, $url) unless
	    $url =~ m{\Ahttp://(?:$DOMAIN|localhost)(?::\d+)?/[!-~]*\z};
}

1;
