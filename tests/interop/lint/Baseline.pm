# SPDX-License-Identifier: Apache-2.0
# What a certificate of a kind must be, beside RFC 5280: the baseline
# requirements of the CA/Browser Forum for S/MIME (SMBR) and TLS (TLS BR), and
# our own rules for the rest.  Each kind is a word of a row "rules" of
# profiles.table, with its arguments.
package Baseline;
use strict;
use warnings;
use Names qw(is_mailbox);
use Exporter 'import';
our @EXPORT_OK = qw(baseline_check);

my $EKU = '1.3.6.1.5.5.7.3';
my $DAY = 86400;

my %RULES = (
	smime => \&smime,
	tls => \&tls,
	root => \&root,
	ca => \&ca,
	ocsp => \&ocsp,
	login => \&login,
	role => \&role,
	card => \&card,
	logon => \&logon,
	kerberos => \&kerberos,
	gateway => \&gateway,
	code => \&code,
	stamp => \&stamp,
);

# baseline_check(cert, names of the subject, kind, arguments)
sub baseline_check {
	my ($cert, $names, $kind, @args) = @_;
	my $rule = $RULES{$kind} or die "no rules are called \"$kind\"\n";

	$rule->($cert, $names, @args);
	my $is_ca = $kind eq 'root' || $kind eq 'ca';
	$cert->{report}->bad($is_ca ? 'ca_missing' : 'leaf_ca')
	    if !!$cert->{ca} != $is_ca;
}

# At most so many days, both ends counted: SMBR 6.3.2, TLS BR 6.3.2.
sub days {
	my ($cert, $most, $finding) = @_;

	return unless defined $cert->{from} && defined $cert->{to};
	my $seconds = $cert->{to} - $cert->{from} + 1;
	$cert->{report}->bad($finding, $seconds / $DAY . ' days')
	    if $seconds > $most * $DAY;
}

sub has {
	my ($list, $one) = @_;

	return scalar grep { $_ eq $one } @{$list // []};
}

# --- S/MIME ------------------------------------------------------------------

my %TYPE = (mailbox => 1, organization => 2, sponsor => 3, individual => 4);
my %GENERATION = (multipurpose => 2, strict => 3);

# SMBR 7.1.4.2.3 to .6: "+" shall, "?" may; all others shall not.
my $PERSON = 'CN? GN? SN? pseudonym? serialNumber? email? title? L? ST? C?';
my $ORG = 'CN? O+ OU? organizationIdentifier+ serialNumber? email? L? ST? C?';
my %SUBJECT = (
	mailbox => 'CN? serialNumber? email?',
	organization => $ORG,
	sponsor => "$ORG GN? SN? pseudonym? title?",
	individual => $PERSON,
);

sub smime {
	my ($cert, $names, $generation, $type) = @_;
	my $report = $cert->{report};

	days($cert, 825, 'smime_days');
	smime_policy($cert, "2.23.140.1.5.$TYPE{$type}.$GENERATION{$generation}");
	smime_extended($cert, $generation);
	smime_usage($cert, $generation);
	smime_san($cert, $generation);
	smime_subject($cert, $names, $generation, $type);
	smime_person($cert, $names, $type);
	$report->bad('smime_cdp') unless $cert->{cdp};
	$report->bad('smime_aia') unless $cert->{aia} && $cert->{aia}{issuer};
	# Thunderbird asks OCSP and nothing else.
	$report->bad('smime_ocsp') unless $cert->{aia} && $cert->{aia}{ocsp};
	$report->bad('smime_attributes') if $cert->{by_oid}{'2.5.29.9'};
	$report->bad('smime_adobe') if $generation eq 'strict' &&
	    grep { $_->{oid} =~ /\A1\.2\.840\.113583\./ } @{$cert->{ext}};
}

sub smime_policy {
	my ($cert, $want) = @_;
	my @reserved = grep { /\A2\.23\.140\.1\.5\.\d+\.\d+\z/ }
	    @{$cert->{policies} // []};

	$cert->{report}->bad('smime_policy', "@reserved")
	    if "@reserved" ne $want;
}

sub smime_extended {
	my ($cert, $generation) = @_;
	my @eku = @{$cert->{eku} // []};

	$cert->{report}->bad('smime_eku') unless has(\@eku, "$EKU.4");
	for (@eku) {
		$cert->{report}->bad('smime_eku_strict', $_)
		    if $generation eq 'strict' && $_ ne "$EKU.4";
		$cert->{report}->bad('smime_eku_never', $_)
		    if /\A\Q$EKU\E\.[1389]\z/;
	}
}

# SMBR 7.1.2.3 e: for signing, for keys, or for both, and nothing beside.
sub smime_usage {
	my ($cert, $generation) = @_;
	my %usage = %{$cert->{usage} // {}};
	my $key = $cert->{key} eq 'rsa' ? 'keyEncipherment' : 'keyAgreement';
	my @beside = $cert->{key} ne 'rsa' ? qw(encipherOnly decipherOnly) :
	    $generation eq 'strict' ? () : qw(dataEncipherment);
	my $signs = delete $usage{digitalSignature};
	my $keys = $cert->{key} ne 'ed25519' && delete $usage{$key};

	delete $usage{nonRepudiation} if $signs;
	delete @usage{@beside} if $keys;
	$cert->{report}->bad('smime_usage', join(' ', sort keys %usage))
	    if %usage || !$signs && !$keys;
}

sub smime_san {
	my ($cert, $generation) = @_;
	my $mailboxes = 0;

	for (@{$cert->{san} // []}) {
		my ($kind) = @$_;
		my $mailbox = $kind eq 'email' || $kind eq 'smtputf8';
		$mailboxes++ if $mailbox;
		next if $mailbox || $kind eq 'dn';
		$cert->{report}->bad('smime_san_kind', $kind) unless
		    $generation ne 'strict' && $kind =~ /\A(upn|[\d.]+)\z/;
	}
	$cert->{report}->bad('smime_mailbox') unless $mailboxes;
}

sub smime_subject {
	my ($cert, $names, $generation, $type) = @_;
	my %may = map { /(.*)([+?])/ } split(' ', $SUBJECT{$type});
	my %have = map { $_->[0] => $_->[1] } @$names;

	@may{qw(street postalCode)} = ('?', '?')
	    if $generation ne 'strict' && $type ne 'mailbox';
	for (grep { !$may{$_} } sort keys %have) {
		$cert->{report}->bad('smime_subject_never', $_);
	}
	for (grep { $may{$_} eq '+' && !defined $have{$_} } sort keys %may) {
		$cert->{report}->bad('smime_subject_always', $_);
	}
	for (@$names) {
		my ($attr, $text) = @$_;
		next unless $attr eq 'email' || $attr eq 'CN' && $text =~ /@/;
		$cert->{report}->bad('smime_subject_mailbox', $text) unless
		    grep { $_->[1] eq $text && $_->[0] =~ /email|utf8/ }
		    @{$cert->{san} // []};
	}
	organization_check($cert->{report}, \%have);
	place_check($cert->{report}, \%have);
}

# SMBR 7.1.4.2.2 d
sub organization_check {
	my ($report, $have) = @_;
	my $id = $have->{organizationIdentifier};
	my $country;

	return unless defined $id;
	if ($id =~ /\A(?:LEI|INT)XG(?:-.+)?\z/) {
		return;
	} elsif ($id =~ /\A(?:NTR|VAT|PSD)([A-Z]{2})(?:\+[A-Z0-9]{1,3})?-.+\z/ ||
	    $id =~ /\AGOV([A-Z]{2})(?:\+[A-Z0-9]{1,3})?(?:-.+)?\z/) {
		$country = $1;
	} else {
		$report->bad('smime_registration', $id);
	}
	# Greece is EL where taxes are.
	$report->bad('smime_registration_country', $id)
	    if defined $country && defined $have->{C} &&
	    $country ne $have->{C} && "$country$have->{C}" ne 'ELGR';
}

# SMBR 7.1.4.2.2 j to m
sub place_check {
	my ($report, $have) = @_;

	$report->bad('smime_place') if
	    defined $have->{street} && !defined $have->{L} &&
	    !defined $have->{ST} || !defined $have->{C} &&
	    grep { defined $have->{$_} } qw(L ST postalCode);
}

# SMBR 7.1.4.2.2 a, e, f and the notes of 7.1.4.2.5 and .6
sub smime_person {
	my ($cert, $names, $type) = @_;
	my %have = map { $_->[0] => $_->[1] } @$names;
	my $real = defined $have{GN} || defined $have{SN};
	my $cn = $have{CN} // '';
	my $report = $cert->{report};

	$report->bad('smime_pseudonym') if $real && defined $have{pseudonym};
	$report->bad('smime_person') if ($type eq 'sponsor' ||
	    $type eq 'individual') && !$real && !defined $have{pseudonym};
	$report->bad('smime_common_name', $cn) if $cn ne '' &&
	    ($type eq 'mailbox' && !is_mailbox($cn) ||
	    $type eq 'organization' && $cn ne ($have{O} // '') &&
	    !is_mailbox($cn));
}

# --- TLS ---------------------------------------------------------------------

sub tls {
	my ($cert, $names) = @_;
	my $report = $cert->{report};
	my %usage = %{$cert->{usage} // {}};
	my @other = grep { $_ ne "$EKU.1" } @{$cert->{eku} // []};

	days($cert, 200, 'tls_days');
	$report->bad('tls_eku') unless has($cert->{eku}, "$EKU.1");
	$report->bad('tls_eku_other', "@other") if @other;
	delete $usage{digitalSignature};
	delete $usage{keyEncipherment} if $cert->{key} eq 'rsa';
	$report->bad('tls_usage', join(' ', sort keys %usage))
	    if %usage || !$cert->{usage}{digitalSignature};
	$report->bad('tls_san') unless grep { $_->[0] =~ /\A(dns|ip)\z/ }
	    @{$cert->{san} // []};
	for (@{$cert->{san} // []}) {
		$report->bad('tls_san_kind', $_->[0])
		    unless $_->[0] =~ /\A(dns|ip)\z/;
	}
	for (@$names) {
		my ($attr, $text) = @$_;
		$report->bad('tls_subject', $attr) unless $attr =~ /\A(C|CN)\z/;
		$report->bad('tls_common_name', $text) if $attr eq 'CN' &&
		    !grep { $_->[1] eq $text } @{$cert->{san} // []};
	}
	$report->bad('tls_aia') unless $cert->{aia} && $cert->{aia}{issuer};
	my @reserved = grep { /\A2\.23\.140\.1\.2\.[123]\z/ }
	    @{$cert->{policies} // []};
	$report->bad('tls_policy', "@reserved") if @reserved != 1;
	Names::order_check($names, $report);
}

# --- CAs ---------------------------------------------------------------------

sub ca_name {
	my ($cert, $names) = @_;
	my %have = map { $_->[0] => 1 } @$names;

	for (grep { !$have{$_} } qw(C O CN)) {
		$cert->{report}->bad('ca_name', $_);
	}
	Names::order_check($names, $cert->{report});
}

sub root {
	my ($cert, $names) = @_;
	my $report = $cert->{report};
	my $more = join(' ', grep { $cert->{by_oid}{$_} }
	    qw(2.5.29.32 2.5.29.37 2.5.29.31 1.3.6.1.5.5.7.1.1));

	days($cert, 9132, 'root_days');
	ca_name($cert, $names);
	$report->bad('root_self')
	    if $cert->{issuer}{raw} ne $cert->{subject}{raw};
	$report->bad('root_path') if defined $cert->{path};
	$report->bad('root_extension', $more) if $more ne '';
}

# ca [mail] - below the root; one for mail has usages that say so
sub ca {
	my ($cert, $names, $for) = @_;
	my $report = $cert->{report};

	ca_name($cert, $names);
	$report->bad('ca_policy') unless $cert->{policies};
	$report->bad('ca_cdp') unless $cert->{cdp};
	$report->bad('ca_aia') unless $cert->{aia} && $cert->{aia}{issuer};
	$report->bad('ca_path') if !defined $cert->{path} ||
	    $cert->{path} ne "\0";
	return unless ($for // '') eq 'mail';
	$report->bad('ca_mail') unless has($cert->{eku}, "$EKU.4");
	for (grep { /\A\Q$EKU\E\.[138]\z/ } @{$cert->{eku} // []}) {
		$report->bad('ca_mail_never', $_);
	}
}

# --- others ------------------------------------------------------------------

sub ocsp {
	my ($cert) = @_;
	my $report = $cert->{report};

	$report->bad('ocsp_eku') if "@{$cert->{eku} // []}" ne "$EKU.9";
	$report->bad('ocsp_nocheck')
	    unless $cert->{by_oid}{'1.3.6.1.5.5.7.48.1.5'};
	$report->bad('ocsp_usage') if join(' ', sort
	    keys %{$cert->{usage} // {}}) ne 'digitalSignature';
}

# A person or a program that signs, and does not read or encrypt.
sub signer {
	my ($cert) = @_;

	$cert->{report}->bad('signer_usage') if join(' ', sort
	    keys %{$cert->{usage} // {}}) !~
	    /\AdigitalSignature( nonRepudiation)?\z/;
}

sub login {
	my ($cert) = @_;

	signer($cert);
	$cert->{report}->bad('login_eku') unless has($cert->{eku}, "$EKU.2");
	$cert->{report}->bad('login_never') if
	    grep { /\A\Q$EKU\E\.[134589]\z/ } @{$cert->{eku} // []};
}

# Exactly one role of Signet's, and a number to know its holder by.
sub role {
	my ($cert, $names) = @_;
	my @roles = grep { /\A2\.25\.\d+\.2\.\d+\z/ } @{$cert->{eku} // []};

	login($cert);
	$cert->{report}->bad('role_one', "@roles") if @roles != 1;
	$cert->{report}->bad('role_number')
	    unless grep { $_->[0] eq 'serialNumber' } @$names;
}

# A card that answers without a PIN.
sub card {
	my ($cert, $names) = @_;

	signer($cert);
	$cert->{report}->bad('card_eku')
	    unless has($cert->{eku}, '2.16.840.1.101.3.6.8');
	$cert->{report}->bad('card_number')
	    unless grep { $_->[0] eq 'serialNumber' } @$names;
}

sub logon {
	my ($cert) = @_;

	login($cert);
	$cert->{report}->bad('logon_eku')
	    unless has($cert->{eku}, '1.3.6.1.4.1.311.20.2.2');
	$cert->{report}->bad('logon_principal')
	    unless grep { $_->[0] eq 'upn' } @{$cert->{san} // []};
}

# kerberos OID - of a person or of the key distribution centre
sub kerberos {
	my ($cert, undef, $eku) = @_;

	$cert->{report}->bad('kerberos_eku') unless has($cert->{eku}, $eku);
	$cert->{report}->bad('kerberos_name')
	    unless grep { $_->[0] eq '1.3.6.1.5.2.2' } @{$cert->{san} // []};
	$cert->{report}->bad('kerberos_usage')
	    unless $cert->{usage}{digitalSignature};
}

# RFC 3183: the names say that it speaks for all of a domain.
sub gateway {
	my ($cert) = @_;
	my %mailbox = map { $_->[1] => 1 }
	    grep { $_->[0] eq 'email' } @{$cert->{san} // []};

	$cert->{report}->bad('gateway_eku') if "@{$cert->{eku} // []}" ne "$EKU.4";
	for (grep { $_->[0] eq 'dns' } @{$cert->{san} // []}) {
		my $domain = $_->[1];
		for my $act (qw(signing confidentiality)) {
			$cert->{report}->bad('gateway_names', "$act, $domain")
			    unless delete $mailbox{"domain-$act-authority\@$domain"};
		}
	}
	$cert->{report}->bad('gateway_names', join(' ', sort keys %mailbox))
	    if %mailbox;
}

sub code {
	my ($cert) = @_;

	signer($cert);
	days($cert, 460, 'code_days');
	$cert->{report}->bad('code_eku') if "@{$cert->{eku} // []}" ne "$EKU.3";
	$cert->{report}->bad('code_key') if $cert->{key} eq 'rsa' &&
	    length($cert->{spki}{kids}[1]{body}) < 384;
}

sub stamp {
	my ($cert) = @_;

	signer($cert);
	$cert->{report}->bad('stamp_eku') if "@{$cert->{eku} // []}" ne "$EKU.8";
}

1;
