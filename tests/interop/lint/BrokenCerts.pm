# SPDX-License-Identifier: Apache-2.0
# Certificates with something wrong: the sample that it was, what certlint is
# to find, what was done.
package BrokenCerts;
use strict;
use warnings;
use Der qw(der_write tlv oid_der);
use Edit qw(prim cons attribute add_attribute drop_attribute rename_attribute
    ext add_ext drop_ext value inner critical general_names usage eku set_time
    verbatim);

my $EKU = '1.3.6.1.5.5.7.3';
my ($SIGN, $DUAL, $ENC) = qw(mail-sign-ecp521 mail-dual-rsa2048
    mail-encrypt-rsa2048);
my ($TLS, $WEB, $ROLE) = qw(tls-server-rsa2048 web-login-rsa2048
    officer-ecp256);
my ($CN, $C, $O, $SN, $GN, $SERIAL, $ORGID) = map { "2.5.4.$_" }
    qw(3 6 10 4 42 5 97);
my ($SKI, $KU, $SAN, $BC, $CDP, $CP, $AKI, $EXT) = map { "2.5.29.$_" }
    qw(14 15 17 19 31 32 35 37);
my $AIA = '1.3.6.1.5.5.7.1.1';
my $NULL = "\x05\x00";

sub mailbox { return prim(0x81, 'asa.holm@example.org') }
sub host { return prim(0x82, 'www.example.org') }

sub other {
	my ($oid, $tag, $text) = @_;

	return cons(0xa0, prim(0x06, oid_der($oid)),
	    cons(0xa0, prim($tag, $text)));
}

sub policies { return der_write(cons(0x30, map { cons(0x30,
    prim(0x06, oid_der($_))) } @_)) }

# Addresses by another way.
sub url {
	my ($c, $oid, $from, $to) = @_;
	my $octets = ext($c, $oid)->{kids}[-1];

	$octets->{body} =~ s/\Q$from\E/$to/ or die "no $from in $oid\n";
}

# SubjectPublicKeyInfo with another RSA key; the numbers in hex.
sub rsa {
	my ($c, $n, $e) = @_;

	$c->{spki}{kids}[1]{body} = "\0" . der_write(cons(0x30,
	    prim(0x02, pack('H*', "00$n")), prim(0x02, pack('H*', $e))));
}

my @ENCODING = (
	[$SIGN, 'asn1', 'an INTEGER for a name',
	    sub { $_[0]{subject}{tag} = 0x02 }],
	[$SIGN, 'asn1', 'an indefinite length',
	    sub { verbatim($_[0]{alg}, "\x30\x80\x05\x00\x00\x00") }],
	[$SIGN, 'der_length', 'a long length where a short one does',
	    sub { verbatim($_[0]{serial}, "\x02\x81\x14" . $_[0]{serial}{body}) }],
	[$SIGN, 'der_boolean', 'a true of 01',
	    sub { ext($_[0], $KU)->{kids}[1]{body} = "\x01" }],
	[$SIGN, 'der_integer', 'a serial number with a needless zero',
	    sub { $_[0]{serial}{body} = "\0" . substr($_[0]{serial}{body}, 1) =~
	    s/\A./\x11/sr }],
	[$SIGN, 'der_bits', 'unused bits that are set', sub { usage($_[0], '0781') }],
	[$SIGN, 'der_named_bits', 'a key usage of two octets',
	    sub { usage($_[0], '078000') }],
	[$SIGN, 'der_null', 'a NULL with something in it',
	    sub { $_[0]{alg}{kids}[1]{body} = "\0" }],
	[$SIGN, 'der_oid', 'a padded object identifier',
	    sub { $_[0]{alg}{kids}[0]{body} = "\x80" . $_[0]{alg}{kids}[0]{body} }],
	[$SIGN, 'der_set', 'a SET that is not sorted',
	    sub { my $s = $_[0]{subject}{kids};
	    $s->[0]{kids} = [$s->[1]{kids}[0], $s->[0]{kids}[0]] }],
	[$SIGN, 'der_default', 'critical written though it is not',
	    sub { splice(@{ext($_[0], $SKI)->{kids}}, 1, 0, prim(0x01, "\0")) }],
	[$SIGN, 'der_trailing', 'an octet behind it',
	    sub { $_[0]{behind} = "\n" }],
	[$SIGN, 'der_trailing', 'something behind an extension',
	    sub { ext($_[0], $SKI)->{kids}[-1]{body} .= $NULL }],
	[$SIGN, 'string_utf8', 'Latin-1 for UTF-8',
	    sub { attribute($_[0], $CN, "\xc5sa Holm") }],
	[$SIGN, 'string_utf8', 'a slash in two octets',
	    sub { attribute($_[0], $CN, "Asa\xc0\xafHolm") }],
	[$SIGN, 'string_printable', 'an underscore in a PrintableString',
	    sub { attribute($_[0], $C, 'S_') }],
	[$TLS, 'string_ia5', 'eight bits in an IA5String',
	    sub { add_attribute($_[0], '1.2.840.113549.1.9.1', 0x16,
	    "\xe5sa\@example.org") }],
);

my @BASIC = (
	[$SIGN, 'version', 'version 2', sub { $_[0]{version}{kids}[0]{body} = "\1" }],
	[$SIGN, 'version', 'no version', sub { shift @{$_[0]{tbs}{kids}} }],
	[$SIGN, 'unique_id', 'a subject unique identifier',
	    sub { splice(@{$_[0]{tbs}{kids}}, 7, 0, prim(0x82, "\0\1")) }],
	[$SIGN, 'serial_positive', 'a negative number',
	    sub { $_[0]{serial}{body} =~ s/\A./\x91/s }],
	[$SIGN, 'serial_positive', 'zero', sub { $_[0]{serial}{body} = "\0" }],
	[$SIGN, 'serial_long', '21 octets', sub { $_[0]{serial}{body} .= 'x' }],
	[$SIGN, 'serial_random', '8 octets',
	    sub { $_[0]{serial}{body} = '12345678' }],
	[$SIGN, 'algorithm_same', 'another algorithm outside',
	    sub { $_[0]{outer}{kids}[0]{body} =~ s/.\z/\x0c/s }],
	[$SIGN, 'algorithm_known', 'SHA-1',
	    sub { $_->{kids}[0]{body} =~ s/.\z/\x05/s for @{$_[0]}{qw(alg outer)} }],
	[$SIGN, 'algorithm_known', 'RSA without its NULL',
	    sub { pop @{$_->{kids}} for @{$_[0]}{qw(alg outer)} }],
	[$SIGN, 'algorithm_of_issuer', 'ECDSA by an RSA key',
	    sub { $_->{kids} = [prim(0x06, oid_der('1.2.840.10045.4.3.2'))]
	    for @{$_[0]}{qw(alg outer)} }],
	[$SIGN, 'issuer_name', 'another issuer',
	    sub { $_[0]{issuer}{kids}[2]{kids}[0]{kids}[1]{body} .= 'X' }],
	[$SIGN, 'issuer_name', 'the same name in another string type',
	    sub { $_[0]{issuer}{kids}[2]{kids}[0]{kids}[1]{tag} = 0x13 }],
	[$SIGN, 'time_kind', 'GeneralizedTime before 2050', sub { my $t =
	    $_[0]{validity}{kids}[0]; set_time($t, 0x18, "20$t->{body}") }],
	[$SIGN, 'time_form', 'a date without seconds', sub { my $t =
	    $_[0]{validity}{kids}[0]; $t->{body} =~ s/..Z\z/Z/ }],
	[$SIGN, 'time_form', 'a date with an offset', sub { my $t =
	    $_[0]{validity}{kids}[0]; $t->{body} =~ s/Z\z/+0100/ }],
	[$SIGN, 'time_form', 'the 31st of February', sub {
	    set_time($_[0]{validity}{kids}[1], 0x17, '280231000000Z') }],
	[$SIGN, 'time_form', 'a fraction of a second', sub {
	    set_time($_[0]{validity}{kids}[1], 0x18, '20500101000000.5Z') }],
	[$SIGN, 'validity_order', 'over before it begins',
	    sub { @{$_[0]{validity}{kids}} = reverse @{$_[0]{validity}{kids}} }],
	[$SIGN, 'validity_nested', 'longer than its CA', sub {
	    set_time($_[0]{validity}{kids}[1], 0x17, '491231235959Z') }],
	[$SIGN, 'key_algorithm', 'an RSASSA-PSS key', sub {
	    $_[0]{spki}{kids}[0] = cons(0x30,
	    prim(0x06, oid_der('1.2.840.113549.1.1.10'))) }],
	[$SIGN, 'key_algorithm', 'a curve that nobody named', sub {
	    $_[0]{spki}{kids}[0]{kids}[1] = prim(0x06, oid_der('1.3.132.0.10')) }],
	[$SIGN, 'key_point', 'a compressed point', sub {
	    $_[0]{spki}{kids}[1]{body} = "\0\2" .
	    substr($_[0]{spki}{kids}[1]{body}, 2, 66) }],
	[$DUAL, 'key_rsa_size', 'RSA of 1024 bits',
	    sub { rsa($_[0], 'c5' x 128, '010001') }],
	[$DUAL, 'key_rsa_size', 'RSA of 2052 bits',
	    sub { rsa($_[0], '0c' . 'c5' x 256, '010001') }],
	[$DUAL, 'key_rsa_exponent', 'an exponent of 3',
	    sub { rsa($_[0], 'c5' x 256, '03') }],
	[$DUAL, 'key_rsa_exponent', 'an even exponent',
	    sub { rsa($_[0], 'c5' x 256, '010002') }],
);

my @NAMES = (
	[$WEB, 'dn_attribute', 'an attribute of somewhere else',
	    sub { add_attribute($_[0], '1.3.6.1.4.1.1.1', 0x0c, 'x') }],
	[$SIGN, 'dn_string', 'a country in UTF-8',
	    sub { attribute($_[0], $C)->{tag} = 0x0c }],
	[$SIGN, 'dn_string', 'a common name in TeletexString',
	    sub { attribute($_[0], $CN)->{tag} = 0x14 }],
	[$SIGN, 'dn_length', 'a name of 65 characters',
	    sub { attribute($_[0], $CN, 'x' x 65) }],
	[$SIGN, 'dn_length', 'an empty name', sub { attribute($_[0], $CN, '') }],
	[$SIGN, 'dn_clean', 'a space at the end',
	    sub { attribute($_[0], $CN, 'Asa Holm ') }],
	[$SIGN, 'dn_clean', 'a letter that turns the direction',
	    sub { attribute($_[0], $CN, "Asa\xe2\x80\xaemloH") }],
	[$SIGN, 'dn_clean', 'a line feed', sub { attribute($_[0], $CN, "Asa\nHolm") }],
	[$SIGN, 'dn_meaning', 'a dash for a name', sub { attribute($_[0], $CN, '-') }],
	[$WEB, 'dn_multivalued', 'two attributes in one',
	    sub { my $s = $_[0]{subject}{kids};
	    push @{$s->[0]{kids}}, @{$s->[1]{kids}} }],
	[$SIGN, 'dn_repeated', 'two common names',
	    sub { add_attribute($_[0], $CN, 0x0c, 'Asa') }],
	[$SIGN, 'dn_country', 'a country in small letters',
	    sub { attribute($_[0], $C, 'se') }],
	['root', 'dn_order', 'the country last', sub { push
	    @{$_[0]{subject}{kids}}, shift @{$_[0]{subject}{kids}} }],
	[$SIGN, 'san_empty', 'no alternative name', sub { general_names($_[0]) }],
	[$TLS, 'san_missing', 'neither subject nor alternative name',
	    sub { $_[0]{subject}{kids} = []; drop_ext($_[0], $SAN) }],
	[$TLS, 'san_critical', 'critical beside a subject',
	    sub { critical($_[0], $SAN, 1) }],
	[$TLS, 'san_critical', 'not critical without a subject',
	    sub { $_[0]{subject}{kids} = [] }],
	[$SIGN, 'san_repeated', 'the same mailbox twice',
	    sub { general_names($_[0], mailbox(), mailbox()) }],
	[$SIGN, 'san_email', 'a mailbox with a name before it', sub {
	    general_names($_[0], prim(0x81, 'Asa <asa@example.org>')) }],
	[$SIGN, 'san_email', 'a mailbox with a NUL in it', sub {
	    general_names($_[0], prim(0x81, "asa\@example.org\0.com")) }],
	(map { my $name = $_; [$TLS, 'san_dns', "the host \"$name\"", sub {
	    general_names($_[0], prim(0x82, $name)) }] } '*.example.org',
	    'localhost', 'a_b.example.org', 'example.org.', '192.0.2.1',
	    '-a.example.org', 'x' x 64 . '.example.org'),
	[$TLS, 'san_ip', 'an address with a mask',
	    sub { general_names($_[0], prim(0x87, "\xc0\0\2\0\xff\xff\xff\0")) }],
	[$WEB, 'san_uri', 'an address without a scheme',
	    sub { general_names($_[0], prim(0x86, '//example.org/')) }],
	[$WEB, 'san_upn', 'a principal name in IA5String', sub { general_names(
	    $_[0], other('1.3.6.1.4.1.311.20.2.3', 0x16, 'asa@example.org')) }],
	[$SIGN, 'san_smtputf8', 'ASCII for what is for others', sub {
	    general_names($_[0], other('1.3.6.1.5.5.7.8.9', 0x0c,
	    'asa@example.org')) }],
);

my @EXTENSIONS = (
	[$SIGN, 'ext_repeated', 'two key identifiers',
	    sub { push @{$_[0]{exts}{kids}}, ext($_[0], $SKI) }],
	[$SIGN, 'ext_critical_unknown', 'critical and unknown',
	    sub { add_ext($_[0], '1.3.6.1.4.1.1.2', 1, $NULL) }],
	(map { my $oid = $_; [$SIGN, 'ext_critical', "$oid critical",
	    sub { critical($_[0], $oid, 1) }] } $SKI, $AKI, $CP, $CDP, $AIA),
	[$SIGN, 'ext_not_critical', 'a key usage that may be ignored',
	    sub { critical($_[0], $KU, 0) }],
	['people', 'ext_not_critical', 'a CA whose being one may be ignored',
	    sub { critical($_[0], $BC, 0) }],
	[$SIGN, 'ext_value', 'a key usage that is a NULL',
	    sub { value($_[0], $KU, $NULL) }],
	[$SIGN, 'ext_value', 'no usage in the extended ones', sub { eku($_[0]) }],
	[$SIGN, 'ext_value', 'an extension that ends too early',
	    sub { value($_[0], $CDP, "\x30\x05\x30") }],
	[$SIGN, 'ski_missing', 'no key identifier', sub { drop_ext($_[0], $SKI) }],
	[$SIGN, 'ski_digest', 'that of another key',
	    sub { value($_[0], $SKI, tlv(0x04, 'x' x 20)) }],
	[$SIGN, 'aki_missing', 'no issuer key identifier',
	    sub { drop_ext($_[0], $AKI) }],
	[$SIGN, 'aki_more', 'a serial number in it', sub { inner($_[0], $AKI,
	    sub { push @{$_[0]{kids}}, prim(0x82, "\1") }) }],
	[$SIGN, 'aki_of_issuer', 'that of another issuer', sub { inner($_[0],
	    $AKI, sub { $_[0]{kids}[0]{body} = 'x' x 20 }) }],
	[$SIGN, 'usage_missing', 'no key usage', sub { drop_ext($_[0], $KU) }],
	[$SIGN, 'usage_none', 'no bit in it', sub { usage($_[0], '00') }],
	[$SIGN, 'usage_of_key', 'keyEncipherment by EC',
	    sub { usage($_[0], '05a0') }],
	[$DUAL, 'usage_of_key', 'keyAgreement by RSA',
	    sub { usage($_[0], '0388') }],
	['mail-sign-ed25519', 'usage_of_key', 'keyAgreement by Ed25519',
	    sub { usage($_[0], '0388') }],
	['mail-encrypt-ecp256', 'usage_only', 'encipherOnly without keyAgreement',
	    sub { usage($_[0], '0081') }],
	[$SIGN, 'eku_missing', 'no extended usage', sub { drop_ext($_[0], $EXT) }],
	[$SIGN, 'eku_repeated', 'the same usage twice',
	    sub { eku($_[0], "$EKU.4", "$EKU.4") }],
	[$SIGN, 'eku_any', 'for everything',
	    sub { eku($_[0], "$EKU.4", '2.5.29.37.0') }],
	[$ENC, 'eku_usage', 'log-in with a key that does not sign',
	    sub { eku($_[0], "$EKU.2") }],
	[$ROLE, 'eku_alone', 'time stamps and log-in',
	    sub { eku($_[0], "$EKU.8", "$EKU.2") }],
	[$SIGN, 'eku_critical', 'critical for mail',
	    sub { critical($_[0], $EXT, 1) }],
	[$SIGN, 'eku_nested', 'a usage that the CA has not',
	    sub { eku($_[0], "$EKU.4", "$EKU.1") }],
	[$SIGN, 'policy_repeated', 'the same policy twice', sub { value($_[0],
	    $CP, policies(('2.23.140.1.5.3.3') x 2)) }],
	[$SIGN, 'policy_qualifier', 'a notice', sub { inner($_[0], $CP, sub {
	    push @{$_[0]{kids}[0]{kids}}, cons(0x30, cons(0x30,
	    prim(0x06, oid_der('1.3.6.1.5.5.7.2.2')), prim(0x0c, 'x'))) }) }],
	[$SIGN, 'cdp_form', 'some reasons alone', sub { inner($_[0], $CDP, sub {
	    push @{$_[0]{kids}[0]{kids}}, prim(0x81, "\1\x60") }) }],
	[$SIGN, 'cdp_form', 'a name below the issuer\'s', sub { inner($_[0],
	    $CDP, sub { $_[0]{kids}[0]{kids}[0]{kids}[0]{tag} = 0xa1 }) }],
	(map { my $to = $_; ([$SIGN, 'cdp_url', "a list at $to",
	    sub { url($_[0], $CDP, 'http://p', $to) }], [$SIGN, 'aia_url',
	    "answers at $to", sub { url($_[0], $AIA, 'http://p', $to) }]) }
	    'ldap://p', 'https://', 'http:///', 'file://p'),
	[$SIGN, 'aia_method', 'another way', sub { inner($_[0], $AIA, sub {
	    $_[0]{kids}[0]{kids}[0]{body} =~ s/.\z/\x03/s }) }],
	[$WEB, 'status_missing', 'no way to its status',
	    sub { drop_ext($_[0], $CDP); drop_ext($_[0], $AIA) }],
	[$WEB, 'nocheck_alone', 'no-check for a person', sub {
	    add_ext($_[0], '1.3.6.1.5.5.7.48.1.5', 0, $NULL) }],
	[$WEB, 'norevavail', 'never revoked, and a list of the revoked',
	    sub { add_ext($_[0], '2.5.29.56', 0, $NULL) }],
);

my @CAS = (
	['people', 'ca_missing', 'a CA that says it is none',
	    sub { value($_[0], $BC, "\x30\0") }],
	['people', 'ca_usage', 'a CA that signs no lists',
	    sub { usage($_[0], '0204') }],
	['people', 'ca_subject', 'a CA without a name',
	    sub { $_[0]{subject}{kids} = [] }],
	['people', 'ca_name', 'a CA without a country',
	    sub { drop_attribute($_[0], $C) }],
	['people', 'ca_policy', 'no policy', sub { drop_ext($_[0], $CP) }],
	['people', 'ca_cdp', 'no list', sub { drop_ext($_[0], $CDP) }],
	['people', 'ca_aia', 'no certificate of the issuer',
	    sub { drop_ext($_[0], $AIA) }],
	['people', 'ca_path', 'CAs below it',
	    sub { value($_[0], $BC, "\x30\x03\1\1\xff") }],
	['people', 'ca_mail', 'not for mail', sub { eku($_[0], "$EKU.2") }],
	['people', 'ca_mail_never', 'for servers, too',
	    sub { eku($_[0], "$EKU.4", "$EKU.1") }],
	['root', 'root_days', '28 years', sub {
	    $_->{body} =~ s/\A../$_->{body} lt '3' ? '21' : '49'/e
	    for @{$_[0]{validity}{kids}} }],
	['root', 'root_self', 'a root that another has made',
	    sub { pop @{$_[0]{issuer}{kids}} }],
	['root', 'root_path', 'a path length',
	    sub { value($_[0], $BC, "\x30\x06\1\1\xff\2\1\1") }],
	['root', 'root_extension', 'usages', sub { add_ext($_[0], $EXT, 0,
	    "\x30\x0a\x06\x08\x2b\6\1\5\5\7\3\4") }],
	[$SIGN, 'leaf_ca', 'a person who is a CA',
	    sub { add_ext($_[0], $BC, 1, "\x30\x03\1\1\xff") }],
	[$SIGN, 'der_default', 'a person who is not, in words',
	    sub { add_ext($_[0], $BC, 1, "\x30\x03\1\1\0") }],
	[$SIGN, 'leaf_usage', 'a person who signs lists',
	    sub { usage($_[0], '0182') }],
	[$SIGN, 'leaf_path', 'a person with a path length',
	    sub { add_ext($_[0], $BC, 1, "\x30\x03\2\1\0") }],
	[$SIGN, 'leaf_extension', 'a person with name constraints', sub {
	    add_ext($_[0], '2.5.29.30', 1, "\x30\x0b\xa0\x09\x30\x07\x82\5x.org") }],
);

my @MAIL = (
	[$SIGN, 'smime_days', 'three years', sub { my $t =
	    $_[0]{validity}{kids}[1]; $t->{body} =~ s/\A(..)/$1 + 1/e }],
	[$SIGN, 'smime_policy', 'the other generation',
	    sub { value($_[0], $CP, policies('2.23.140.1.5.3.2')) }],
	[$SIGN, 'smime_policy', 'no policy', sub { drop_ext($_[0], $CP) }],
	[$SIGN, 'smime_policy', 'two reserved ones', sub { value($_[0], $CP,
	    policies('2.23.140.1.5.3.3', '2.23.140.1.5.4.3')) }],
	[$SIGN, 'smime_eku', 'not for mail', sub { eku($_[0], "$EKU.2") }],
	[$SIGN, 'smime_eku_strict', 'for log-in, too',
	    sub { eku($_[0], "$EKU.4", "$EKU.2") }],
	[$DUAL, 'smime_eku_never', 'for servers, too',
	    sub { eku($_[0], "$EKU.4", "$EKU.1") }],
	[$ENC, 'smime_usage', 'dataEncipherment in a strict one',
	    sub { usage($_[0], '0430') }],
	[$SIGN, 'smime_usage', 'non-repudiation and nothing else',
	    sub { usage($_[0], '0640') }],
	[$SIGN, 'smime_mailbox', 'no mailbox', sub { general_names($_[0], cons(0xa4,
	    $_[0]{subject})) }],
	[$SIGN, 'smime_san_kind', 'a principal name in a strict one',
	    sub { general_names($_[0], mailbox(), other('1.3.6.1.4.1.311.20.2.3',
	    0x0c, 'asa@example.org')) }],
	[$DUAL, 'smime_san_kind', 'a host',
	    sub { general_names($_[0], mailbox(), host()) }],
	[$SIGN, 'smime_subject_never', 'a domain component', sub {
	    add_attribute($_[0], '0.9.2342.19200300.100.1.25', 0x16, 'org') }],
	[$SIGN, 'smime_subject_never', 'a street in a strict one', sub {
	    add_attribute($_[0], '2.5.4.9', 0x0c, 'Storgatan 1') }],
	[$SIGN, 'smime_subject_always', 'no organisation',
	    sub { drop_attribute($_[0], $O) }],
	[$SIGN, 'smime_subject_mailbox', 'a mailbox that is nowhere else', sub {
	    add_attribute($_[0], '1.2.840.113549.1.9.1', 0x16, 'x@example.org') }],
	[$SIGN, 'smime_registration', 'a number of no register',
	    sub { attribute($_[0], $ORGID, '5560000001') }],
	[$SIGN, 'smime_registration_country', 'another country\'s register',
	    sub { attribute($_[0], $ORGID, 'NTRNO-5560000001') }],
	[$SIGN, 'smime_place', 'a town without a country', sub {
	    rename_attribute($_[0], $C, '2.5.4.7') }],
	[$SIGN, 'smime_pseudonym', 'a pseudonym beside the name',
	    sub { add_attribute($_[0], '2.5.4.65', 0x0c, 'Mouse') }],
	[$SIGN, 'smime_person', 'nobody\'s name',
	    sub { drop_attribute($_[0], $GN, $SN) }],
	["$SIGN=smime strict mailbox", 'smime_common_name', 'a name for a mailbox',
	    sub {}],
	["$SIGN=smime strict organization", 'smime_common_name',
	    'a name for an organisation', sub {}],
	[$SIGN, 'smime_cdp', 'no list', sub { drop_ext($_[0], $CDP) }],
	[$SIGN, 'smime_aia', 'no certificate of the issuer', sub { inner($_[0],
	    $AIA, sub { pop @{$_[0]{kids}} }) }],
	[$SIGN, 'smime_ocsp', 'no answers', sub { inner($_[0], $AIA,
	    sub { shift @{$_[0]{kids}} }) }],
	[$SIGN, 'smime_attributes', 'directory attributes', sub {
	    add_ext($_[0], '2.5.29.9', 0, "\x30\0") }],
	[$SIGN, 'smime_adobe', 'one of Adobe\'s', sub {
	    add_ext($_[0], '1.2.840.113583.1.1.9.2', 0, "\x30\0") }],
);

my @OTHERS = (
	[$TLS, 'tls_days', '260 days', sub { my $t = $_[0]{validity}{kids}[1];
	    my ($y, $m) = $t->{body} =~ /\A(..)(..)/;
	    ($y, $m) = $m > 10 ? ($y + 1, $m - 10) : ($y, $m + 2);
	    substr($t->{body}, 0, 6) = sprintf('%02d%02d28', $y, $m) }],
	[$TLS, 'tls_eku', 'for clients', sub { eku($_[0], "$EKU.2") }],
	[$TLS, 'tls_eku_other', 'for clients, too',
	    sub { eku($_[0], "$EKU.1", "$EKU.2") }],
	[$TLS, 'tls_usage', 'no signature', sub { usage($_[0], '0520') }],
	['tls-server-ecp256', 'tls_usage', 'keyAgreement',
	    sub { usage($_[0], '0388') }],
	[$TLS, 'tls_san', 'a mailbox', sub { general_names($_[0], mailbox()) }],
	[$TLS, 'tls_san_kind', 'a mailbox, too',
	    sub { general_names($_[0], host(), mailbox()) }],
	[$TLS, 'tls_subject', 'an organisation',
	    sub { add_attribute($_[0], $O, 0x0c, 'Example AB') }],
	[$TLS, 'tls_common_name', 'another host',
	    sub { attribute($_[0], $CN, 'ftp.example.org') }],
	[$TLS, 'tls_policy', 'no policy', sub { drop_ext($_[0], $CP) }],
	[$TLS, 'tls_aia', 'no certificate of the issuer',
	    sub { drop_ext($_[0], $AIA) }],
	["$WEB=ocsp", 'ocsp_eku', 'a responder for log-in', sub {}],
	["$WEB=ocsp", 'ocsp_nocheck', 'a responder to be asked about', sub {}],
	["$ENC=ocsp", 'ocsp_usage', 'a responder that does not sign', sub {}],
	[$WEB, 'signer_usage', 'a key to encrypt to', sub { usage($_[0], '05a0') }],
	[$WEB, 'login_eku', 'no log-in', sub { eku($_[0], "$EKU.4") }],
	[$WEB, 'login_never', 'mail, too', sub { eku($_[0], "$EKU.2", "$EKU.4") }],
	[$ROLE, 'role_one', 'no role', sub { eku($_[0], "$EKU.2") }],
	[$ROLE, 'role_number', 'nobody in particular',
	    sub { drop_attribute($_[0], $SERIAL) }],
	["$WEB=card", 'card_eku', 'a card that is a person', sub {}],
	["$WEB=card", 'card_number', 'a card without a number',
	    sub { drop_attribute($_[0], $SERIAL) }],
	["$WEB=logon", 'logon_eku', 'log-in elsewhere', sub {}],
	["$WEB=logon", 'logon_principal', 'no principal name',
	    sub { general_names($_[0], mailbox()) }],
	["$WEB=kerberos $EKU.9", 'kerberos_eku', 'log-in elsewhere', sub {}],
	["$WEB=kerberos $EKU.2", 'kerberos_name', 'no name of Kerberos', sub {}],
	["$ENC=kerberos $EKU.4", 'kerberos_usage', 'no signature', sub {}],
	["$DUAL=gateway", 'gateway_eku', 'log-in, too', sub {}],
	["$SIGN=gateway", 'gateway_names', 'a person\'s mailbox', sub {}],
	["$SIGN=gateway", 'gateway_names', 'a domain without its mailboxes',
	    sub { general_names($_[0], host()) }],
	["$SIGN=code", 'code_days', 'two years', sub {}],
	["$SIGN=code", 'code_eku', 'mail', sub {}],
	["$WEB=code", 'code_key', 'RSA of 2048 bits', sub {}],
	["$SIGN=stamp", 'stamp_eku', 'mail', sub {}],
	[$SIGN, 'table_extension', 'the extensions in another order',
	    sub { @{$_[0]{exts}{kids}} = reverse @{$_[0]{exts}{kids}} }],
	[$SIGN, 'table_extension', 'one more',
	    sub { add_ext($_[0], '1.3.6.1.4.1.1.3', 0, $NULL) }],
	[$SIGN, 'table_extension', 'one less', sub { drop_ext($_[0], $AIA) }],
	[$SIGN, 'table_subject', 'another person',
	    sub { attribute($_[0], $GN, 'Ada') }],
	[$SIGN, 'table_days', 'a day less', sub { my $t =
	    $_[0]{validity}{kids}[1]; $t->{body} =~ s/\A..../2812/ }],
	[$SIGN, 'table_from', 'from last year on', sub {
	    $_->{body} =~ s/\A(..)/$1 - 1/e for @{$_[0]{validity}{kids}} }],
	[$SIGN, 'table_key', 'another key', sub {
	    $_[0]{spki}{kids}[1]{body} =~ s/.\z/x/s }],
);

sub all {
	return (@ENCODING, @BASIC, @NAMES, @EXTENSIONS, @CAS, @MAIL, @OTHERS);
}

1;
