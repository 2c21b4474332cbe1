#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Bad and odd certificate requests from first principles: DER is written here,
# numbers are computed here, only signatures and primes come from openssl(1).
#
#	bad_requests.pl DIR	DIR/NAME.csr, and DIR/cases: lines of
#				NAME <tab> verdict <tab> text
#
# The verdict is "refused" with what the refusal has to say, "good", or
# "stripped" with what has to be left out.  All are for the profile mail-sign.
use strict;
use warnings;
use Digest::SHA qw(sha512);
use Math::BigInt;
use MIME::Base64;

my $dir = shift or die "usage: bad_requests.pl DIR\n";
mkdir $dir;
my $w = "$dir/.work";
mkdir $w;
open(my $cases, '>', "$dir/cases") or die "$dir/cases: $!";
my %seen;

# ---- files and openssl ----

sub put {
	my ($path, $bytes) = @_;
	open(my $f, '>:raw', $path) or die "$path: $!";
	print $f $bytes;
	close $f;
}

sub get {
	my ($path) = @_;
	local $/;
	open(my $f, '<:raw', $path) or die "$path: $!";
	return <$f>;
}

sub openssl {
	my $rc = system('openssl', @_);
	die "openssl @_" if $rc != 0;
}

# It draws dots on standard error.
sub openssl_quiet {
	my ($command) = join ' ', @_;
	die "openssl $command" if system("openssl $command 2>/dev/null") != 0;
}

# ---- DER ----

sub len {
	my ($n) = @_;
	return chr($n) if $n < 0x80;
	my $b = '';
	for (; $n > 0; $n >>= 8) { $b = chr($n & 0xff) . $b; }
	return chr(0x80 | length $b) . $b;
}
sub tlv { my ($t, @c) = @_; my $c = join '', @c; return chr($t) . len(length $c) . $c; }
sub seq { return tlv(0x30, @_); }
sub set { return tlv(0x31, sort @_); }
sub null { return "\x05\x00"; }
sub octets { return tlv(0x04, @_); }
sub bits { return tlv(0x03, "\0", @_); }
sub utf8 { return tlv(0x0c, @_); }
sub printable { return tlv(0x13, @_); }
sub ia5 { return tlv(0x16, @_); }
sub true { return "\x01\x01\xff"; }

sub oid {
	my ($x, $y, @rest) = split /\./, $_[0];
	my $b = '';
	for my $arc ($x * 40 + $y, @rest) {
		my $v = Math::BigInt->new($arc);
		my $s = chr(($v % 128)->numify);
		for ($v /= 128; !$v->is_zero; $v /= 128) {
			$s = chr(0x80 | ($v % 128)->numify) . $s;
		}
		$b .= $s;
	}
	return tlv(0x06, $b);
}

sub big {	# octets of a number, no sign
	my $h = Math::BigInt->new($_[0])->as_hex;
	$h =~ s/^0x//;
	$h = "0$h" if length($h) % 2;
	return pack 'H*', $h;
}
sub int_ {
	my $b = big($_[0]);
	$b = "\0$b" if ord($b) >= 0x80;
	return tlv(0x02, $b);
}

# ---- names ----

my %attr = (CN => '2.5.4.3', SN => '2.5.4.4', GN => '2.5.4.42',
    C => '2.5.4.6', O => '2.5.4.10', orgid => '2.5.4.97',
    serialNumber => '2.5.4.5', mail => '1.2.840.113549.1.9.1');

sub rdn { my ($a, $v) = @_; return set(seq(oid($attr{$a} // $a), $v)); }

sub subject {	# with attributes replaced
	my %v = (C => printable('SE'), O => utf8('Example AB'),
	    orgid => utf8('NTRSE-5560000001'), SN => utf8('Holm'),
	    GN => utf8('Alice'), CN => utf8('Alice Holm'), @_);
	return seq(map { defined $v{$_} ? rdn($_, $v{$_}) : () }
	    qw(C O orgid SN GN CN), grep { !/^(C|O|orgid|SN|GN|CN)$/ }
	    sort keys %v);
}

sub ext {
	my ($o, $value, $critical) = @_;
	return seq(oid($o), $critical ? true() : (), octets($value));
}
sub extreq { return seq(oid('1.2.840.113549.1.9.14'), set(seq(@_))); }
sub san { return ext('2.5.29.17', seq(@_)); }
sub mail { return tlv(0x81, $_[0]); }
my $san = san(mail('alice@example.org'));

# ---- keys ----

for my $k (['p256', qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)],
    ['p384', qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384)],
    ['p521', qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-521)],
    ['k256', qw(-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1)],
    ['p224', qw(-algorithm EC -pkeyopt ec_paramgen_curve:secp224r1)],
    ['explicit', qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256
	-pkeyopt ec_param_enc:explicit)],
    ['ed25519', qw(-algorithm ED25519)], ['ed448', qw(-algorithm ED448)],
    ['x25519', qw(-algorithm X25519)],
    ['rsa', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
    ['rsa1024', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:1024)],
    ['rsa3', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048
	-pkeyopt rsa_keygen_pubexp:3)],
    ['pss', qw(-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048)]) {
	my ($name, @how) = @$k;
	openssl_quiet('genpkey', @how, '-out', "$w/$name.pem");
	openssl('pkey', '-in', "$w/$name.pem", '-pubout', '-outform', 'DER',
	    '-out', "$w/$name.pub");
}
sub spki { return get("$w/$_[0].pub"); }

my $RSA = '1.2.840.113549.1.1.1';
my $EC = '1.2.840.10045.2.1';
my $P256 = '1.2.840.10045.3.1.7';

sub rsa_spki {
	my ($n, $e) = @_;
	return seq(seq(oid($RSA), null()), bits(seq(int_($n), int_($e))));
}
sub ec_spki { my ($curve, $point) = @_; return seq(seq(oid($EC), oid($curve)), bits($point)); }
sub point { return substr(spki('p256'), -65); }

# A private key from its primes, so that the request is rightly signed.
sub rsa_key {
	my ($name, $p, $q) = @_;
	my ($n, $one, $e) = ($p * $q, Math::BigInt->new(1), Math::BigInt->new(65537));
	my $phi = ($p - 1) * ($q - 1);
	my $d = $e->copy->bmodinv($phi);
	my $u = $p == $q ? $one : $q->copy->bmodinv($p);
	my $der = seq(int_(0), int_($n), int_($e), int_($d), int_($p),
	    int_($q), int_($d % ($p - 1)), int_($d % ($q - 1)), int_($u));
	put("$w/$name.der", $der);
	openssl_quiet('rsa', '-inform', 'DER', '-in', "$w/$name.der", '-out',
	    "$w/$name.pem");
	return $n;
}

# The first prime among candidates; openssl tests many in one run.
sub first_prime {
	my ($next) = @_;
	while (1) {
		my @c = map { substr($next->()->as_hex, 2) } 1 .. 60;
		for (split /\n/, `openssl prime -hex @c`) {
			return Math::BigInt->from_hex($1)
			    if /\(([0-9A-Fa-f]+)\) is prime/ ||
			    /^([0-9A-Fa-f]+) is prime/;
		}
	}
}
sub random_bits {	# an odd number of n bits, the upper two set
	my ($n) = @_;
	open(my $f, '<:raw', '/dev/urandom') or die;
	read $f, my $b, $n / 8;
	my $v = Math::BigInt->from_hex(unpack 'H*', $b);
	my $top = Math::BigInt->new(3)->blsft($n - 2);
	return $v->bior($top)->bior(1);
}
sub prime_near { my ($p) = @_; my $c = $p->copy; return first_prime(sub { $c->badd(2); return $c->copy; }); }
sub random_prime {
	my ($bits) = @_;
	my $h = `openssl prime -generate -hex -bits $bits`;
	chomp $h;
	return Math::BigInt->from_hex($h);
}

# ---- requests ----

my %sig = (
	sha256ec => ['1.2.840.10045.4.3.2', 0, '-sha256'],
	sha384ec => ['1.2.840.10045.4.3.3', 0, '-sha384'],
	sha512ec => ['1.2.840.10045.4.3.4', 0, '-sha512'],
	sha224ec => ['1.2.840.10045.4.3.1', 0, '-sha224'],
	sha1ec => ['1.2.840.10045.4.1', 0, '-sha1'],
	sha256rsa => ['1.2.840.113549.1.1.11', 1, '-sha256'],
	sha384rsa => ['1.2.840.113549.1.1.12', 1, '-sha384'],
	sha512rsa => ['1.2.840.113549.1.1.13', 1, '-sha512'],
	sha224rsa => ['1.2.840.113549.1.1.14', 1, '-sha224'],
	sha1rsa => ['1.2.840.113549.1.1.5', 1, '-sha1'],
	md5rsa => ['1.2.840.113549.1.1.4', 1, '-md5'],
	ed25519 => ['1.3.101.112', 0, 'raw'],
);

sub sign {
	my ($key, $how, $tbs) = @_;
	put("$w/tbs", $tbs);
	if ($how eq 'raw') {
		openssl('pkeyutl', '-sign', '-rawin', '-inkey', "$w/$key.pem",
		    '-in', "$w/tbs", '-out', "$w/sig");
	} else {
		openssl('dgst', split(/ /, $how), '-sign', "$w/$key.pem", '-out',
		    "$w/sig", "$w/tbs");
	}
	return get("$w/sig");
}

# key: signs; spki, subject, attrs (what is in [0]), version, alg (DER), how,
# signature: instead of the usual ones.
sub request {
	my %o = (key => 'p256', sig => 'sha256ec', version => 0, @_);
	my $attrs = exists $o{attrs} ? $o{attrs} : extreq($san);
	my $tbs = $o{tbs} // seq(int_($o{version}), $o{subject} // subject(),
	    $o{spki} // spki($o{key}),
	    defined $attrs ? tlv(0xa0, $attrs) : ());
	my ($oid, $null, $how) = @{ $sig{$o{sig}} };
	my $alg = $o{alg} // seq(oid($oid), $null ? null() : ());
	my $s = $o{signature} // sign($o{key}, $o{how} // $how, $tbs);
	return seq($tbs, $alg, $o{sigbits} // bits($s));
}

sub pem {
	my ($der, $label) = @_;
	my $b = encode_base64($der);
	$label //= 'CERTIFICATE REQUEST';
	return "-----BEGIN $label-----\n$b-----END $label-----\n";
}

sub case_ {
	my ($name, $verdict, $text, $bytes) = @_;
	die "$name twice" if $seen{$name}++;
	put("$dir/$name.csr", $bytes);
	print $cases "$name\t$verdict\t$text\n";
}
sub refused { my ($name, $text, @r) = @_; case_($name, 'refused', $text, @r == 1 ? $r[0] : request(@r)); }
sub good { my ($name, @r) = @_; case_($name, 'good', '', @r == 1 ? $r[0] : request(@r)); }
sub stripped { my ($name, $text, @r) = @_; case_($name, 'stripped', $text, @r == 1 ? $r[0] : request(@r)); }

# ==== the usual ones ====

good('good-p256');
good('good-p384', key => 'p384', sig => 'sha384ec');
good('good-p521', key => 'p521', sig => 'sha512ec');
good('good-p256-sha512', sig => 'sha512ec');
good('good-rsa', key => 'rsa', sig => 'sha256rsa');
good('good-rsa-sha384', key => 'rsa', sig => 'sha384rsa');
good('good-rsa-sha512', key => 'rsa', sig => 'sha512rsa');
good('good-ed25519', key => 'ed25519', sig => 'ed25519');
my $plain = request();
good('good-pem', pem(request()));
good('good-pem-new', pem(request(), 'NEW CERTIFICATE REQUEST'));
{
	my $t = pem(request());
	$t =~ s/\n/\r\n/g;
	good('good-pem-crlf', $t);
	good('good-pem-space', "\n \n" . pem(request()) . "\n\n");
}
good('good-two-mails', attrs => extreq(san(mail('alice@example.org'),
    mail('a.holm+x@sub.example.org'))));
good('good-idn-mail', attrs => extreq(san(mail('alice@xn--bcher-kva.example'))));
good('good-cyrillic', subject => subject(CN => utf8(
    "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xbe\xd0\xb2")));
good('good-kanji', subject => subject(CN => utf8("\xe6\x9d\xb1\xe4\xba\xac")));
good('good-accent', subject => subject(CN => utf8("\xc3\x85sa \xc3\x96berg O'Neill")));
good('good-printable', subject => subject(CN => printable('Alice Holm')));
good('good-mail-in-subject', subject => subject(mail => ia5('alice@example.org')));
good('good-number', subject => subject(serialNumber => printable('4711')));

# ==== beside the one request ====

my $n = length $plain;
refused('empty', 'request: empty', '');
refused('blank', 'request: empty', " \n\t\n");
refused('text', 'neither DER nor one PEM block', "hello\n");
refused('cut', 'length runs past the end', substr($plain, 0, $n - 1));
refused('half', 'length runs past the end', substr($plain, 0, $n / 2));
refused('two-octets', 'ends inside a header', "\x30\x82");
refused('trailing-nul', "byte $n: bytes after the end", "$plain\0");
refused('trailing-newline', "byte $n: bytes after the end", "$plain\n");
refused('two-der', "byte $n: bytes after the end", $plain . $plain);
refused('two-pem', 'not one PEM block', pem($plain) . pem($plain));
refused('pem-text-before', 'neither DER nor one PEM block', "hello\n" . pem($plain));
refused('pem-text-after', 'neither DER nor one PEM block', pem($plain) . "hello\n");
refused('pem-der-after', 'neither DER nor one PEM block', pem($plain) . $plain);
refused('pem-headers', 'not one PEM block', do {
	my $t = pem($plain);
	$t =~ s/-----\n/-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X\n\n/;
	$t });
refused('pem-wrong-end', 'neither DER nor one PEM block', do {
	my $t = pem($plain);
	$t =~ s/END CERT/END NEW CERT/;
	$t });
refused('pem-label-x', 'neither DER nor one PEM block', pem($plain, 'X509 REQUEST'));
refused('pem-label-cert', 'this is a certificate, not', pem($plain, 'CERTIFICATE'));
refused('pem-label-key', 'this is a private key, not', pem($plain, 'PRIVATE KEY'));
refused('pem-padding', 'not one PEM block', do {
	my $t = pem(seq($plain));
	$t =~ s/\n-----END/====\n-----END/;
	$t });
refused('pem-garbage', 'not one PEM block', do {
	my $t = pem($plain);
	$t =~ s/\n(..)/\n*$1/;
	$t });
refused('pem-nothing', 'not one PEM block',
    "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n");
refused('pem-nul', 'not one PEM block', do {
	my $t = pem($plain);
	$t =~ s/\n/\n\0/;
	$t });
refused('large', 'larger than', seq(octets('x' x 20000)));
refused('larger', 'larger than', 'x' x 40000);

# ==== not DER ====

sub relen {	# the outer length in another form
	my ($form) = @_;
	my ($head, $size) = (2 + (ord(substr $plain, 1, 1) & 0x7f), 0);
	return "\x30" . $form . substr($plain, $head);
}
my $body = $n - 2 - (ord(substr $plain, 1, 1) & 0x7f);
refused('ber-long-length', 'byte 0: length is not in its shortest form',
    relen("\x83\0" . pack('n', $body)));
refused('ber-longer-length', 'length is not in its shortest form',
    relen("\x84\0\0" . pack('n', $body)));
refused('ber-indefinite', 'byte 0: indefinite length', relen("\x80") . "\0\0");
refused('ber-huge', 'length above 4 GiB', relen("\x85\1\0\0\0\0"));
refused('ber-past', 'length runs past the end', relen("\x82\x3f\xff"));
refused('ber-length-ff', 'length above 4 GiB', relen("\xff"));
refused('ber-inner-indefinite', 'indefinite length', subject =>
    "\x30\x80" . substr(subject(), 2) . "\0\0");
refused('ber-integer', 'integer is not in its shortest form',
    tbs => seq("\x02\x02\0\0", subject(), spki('p256'), tlv(0xa0)));
refused('ber-integer-empty', 'integer without octets',
    tbs => seq("\x02\0", subject(), spki('p256'), tlv(0xa0)));
refused('ber-integer-negative', 'integer is not in its shortest form',
    tbs => seq("\x02\x02\xff\xff", subject(), spki('p256'), tlv(0xa0)));
refused('ber-boolean', 'boolean is neither 00 nor FF', attrs => extreq(seq(
    oid('2.5.29.17'), "\x01\x01\x01", octets(seq(mail('a@example.org'))))));
refused('ber-boolean-long', 'boolean is neither 00 nor FF', attrs => extreq(seq(
    oid('2.5.29.17'), "\x01\x02\xff\xff", octets(seq(mail('a@example.org'))))));
refused('ber-oid-zero', 'object identifier is not in its shortest form',
    subject => seq(set(seq("\x06\x04\x55\x04\x80\x03", utf8('x')))));
refused('ber-oid-cut', 'object identifier is cut off',
    subject => seq(set(seq("\x06\x03\x55\x04\x83", utf8('x')))));
refused('ber-oid-empty', 'object identifier is cut off',
    subject => seq(set(seq("\x06\x00", utf8('x')))));
refused('ber-oid-long', 'object identifier longer than 64 octets',
    subject => seq(set(seq(tlv(0x06, "\x55" . "\x01" x 70), utf8('x')))));
refused('ber-set-order', 'set is not sorted', subject => seq(tlv(0x31,
    reverse sort(seq(oid('2.5.4.3'), utf8('A')), seq(oid('2.5.4.10'), utf8('B'))))));
refused('ber-string-pieces', 'string in pieces',
    subject => seq(set(seq(oid('2.5.4.3'), tlv(0x2c, utf8('A'), utf8('B'))))));
refused('ber-octets-pieces', 'string in pieces', attrs => extreq(seq(
    oid('2.5.29.17'), tlv(0x24, octets(seq(mail('a@example.org')))))));
refused('ber-bits-unused', 'bit string with a bad count of unused bits',
    sigbits => tlv(0x03, "\x08", 'x'));
refused('ber-bits-set', 'bit string with unused bits set',
    sigbits => tlv(0x03, "\x04", "x\x0f"));
refused('ber-bits-empty', 'bit string with a bad count of unused bits',
    sigbits => tlv(0x03));
refused('ber-bits-some', 'not a PKCS#10 request', sigbits => tlv(0x03, "\x04", "x\xf0"));
refused('ber-null', 'null with content', alg => seq(oid('1.2.840.113549.1.1.11'), "\x05\x01\x00"));
refused('ber-utf8', 'text is not UTF-8', subject => subject(CN => utf8("\xc0\x80")));
refused('ber-utf8-surrogate', 'text is not UTF-8', subject => subject(CN => utf8("\xed\xa0\x80")));
refused('ber-utf8-cut', 'text is not UTF-8', subject => subject(CN => utf8("a\xc3")));
refused('ber-utf8-latin1', 'text is not UTF-8', subject => subject(CN => utf8("\xc5sa")));
refused('ber-printable', 'character that a PrintableString cannot have',
    subject => subject(CN => printable('alice@example')));
refused('ber-ia5', 'character that an ASCII string cannot have',
    subject => subject(mail => ia5("\xe5\@example.org")));
refused('ber-numeric', 'character that a NumericString cannot have',
    subject => subject(serialNumber => tlv(0x12, '12-3')));
refused('ber-visible', 'character that a VisibleString cannot have',
    subject => subject(CN => tlv(0x1a, "a\tb")));
refused('ber-bmp-odd', 'BMPString of odd length', subject => subject(CN => tlv(0x1e, "\0ab")));
refused('ber-bmp-half', 'BMPString with half of a character',
    subject => subject(CN => tlv(0x1e, "\xd8\x00\0a")));
refused('ber-universal', 'UniversalString that is cut off', subject => subject(CN => tlv(0x1c, 'abc')));
refused('ber-real', 'type that is not expected here', subject => subject(CN => tlv(0x09, '1')));
refused('ber-high-tag', 'tag number above 30', subject => subject(CN => "\x1f\x81\x01\x01a"));
refused('ber-eoc', 'end-of-contents octets', subject => subject(CN => "\0\0"));
refused('ber-deep', 'nested too deeply', attrs => do {
	my $v = utf8('x');
	$v = seq($v) for 1 .. 20;
	seq(oid('1.2.3'), set($v)) });
refused('ber-time', 'time is not YYMMDDHHMMSSZ', attrs =>
    seq(oid('1.2.3'), set(tlv(0x17, '2611210249Z'))));
refused('ber-time-offset', 'time is not YYMMDDHHMMSSZ', attrs =>
    seq(oid('1.2.3'), set(tlv(0x17, '261121024900+0100'))));
refused('ber-time-fraction', 'time is not YYYYMMDDHHMMSSZ', attrs =>
    seq(oid('1.2.3'), set(tlv(0x18, '20261121024900.5Z'))));
refused('ber-time-feb30', 'time is not YYYYMMDDHHMMSSZ', attrs =>
    seq(oid('1.2.3'), set(tlv(0x18, '20260230000000Z'))));
refused('ber-seq-primitive', 'sequence or set that is not constructed',
    subject => subject(CN => tlv(0x10, 'x')));

# ==== not a request ====

refused('not-a-request', 'not a PKCS#10 request', seq(int_(1)));
refused('extra-member', 'not a PKCS#10 request', do {
	my $r = request();
	my $h = 2 + (ord(substr $r, 1, 1) & 0x7f);
	seq(substr($r, $h), null()) });
refused('version-1', 'version is not 1 (RFC 2986, 4.1)', version => 1);
refused('version-big', 'request: ', version => '99999999999999999999');
refused('no-subject', 'request: malformed', tbs => seq(int_(0), spki('p256'), tlv(0xa0)));
refused('attrs-wrong-tag', 'request: malformed',
    tbs => seq(int_(0), subject(), spki('p256'), tlv(0xa1)));
refused('attrs-twice', 'request: malformed',
    tbs => seq(int_(0), subject(), spki('p256'), tlv(0xa0), tlv(0xa0)));

# ==== possession ====

refused('pop-other-key', "signature does not verify", spki => spki('p256'), key => 'p384', sig => 'sha256ec');
refused('pop-changed', "signature does not verify", do {
	my $r = request(subject => subject(CN => utf8('Mallory00')));
	$r =~ s/Mallory00/Mallory01/;
	$r });
refused('pop-zeros', "signature does not verify", signature => seq(int_(0), int_(0)));
refused('pop-empty', "signature does not verify", signature => '');
refused('pop-none', 'not a PKCS#10 request', do {
	seq(seq(int_(0), subject(), spki('p256'), tlv(0xa0)), seq(oid('1.2.840.10045.4.3.2'))) });
refused('pop-long', "signature does not verify", do {
	my $r = request(key => 'rsa', sig => 'sha256rsa', signature => "\1" x 257);
	$r });
refused('pop-ber-ecdsa', "signature does not verify", do {
	my $t = seq(int_(0), subject(), spki('p256'), tlv(0xa0, extreq($san)));
	my $s = sign('p256', '-sha256', $t);
	seq($t, seq(oid('1.2.840.10045.4.3.2')), bits($s . "\0")) });
refused('sig-md5', 'MD5', key => 'rsa', sig => 'md5rsa');
refused('sig-sha1', 'SHA-1', key => 'rsa', sig => 'sha1rsa');
refused('sig-sha1-ec', 'SHA-1', sig => 'sha1ec');
refused('sig-sha224', 'SHA-224', key => 'rsa', sig => 'sha224rsa');
refused('sig-sha224-ec', 'SHA-224', sig => 'sha224ec');
refused('sig-rsa-no-null', 'request: ', key => 'rsa', sig => 'sha256rsa',
    alg => seq(oid('1.2.840.113549.1.1.11')));
refused('sig-ec-null', 'request: ', alg => seq(oid('1.2.840.10045.4.3.2'), null()));
refused('sig-not-the-keys', 'request: ', key => 'rsa', sig => 'sha256ec', how => '-sha256');
refused('sig-ec-by-rsa-name', 'request: ', sig => 'sha256rsa', how => '-sha256');
refused('sig-unknown', 'request: ', alg => seq(oid('1.2.3.4')));
my $PSS = '1.2.840.113549.1.1.10';
my $pss_how = '-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:';
refused('pss-no-parameters', 'request: ', key => 'rsa', sig => 'sha256rsa',
    alg => seq(oid($PSS)), how => $pss_how . 20);
refused('pss-default-sha1', 'request: ', key => 'rsa', sig => 'sha256rsa',
    alg => seq(oid($PSS), seq()), how => $pss_how . 20);
sub pss_params {
	my ($hash, $mgf, $salt, @more) = @_;
	return seq(tlv(0xa0, seq(oid($hash), null())), tlv(0xa1,
	    seq(oid('1.2.840.113549.1.1.8'), seq(oid($mgf), null()))),
	    tlv(0xa2, int_($salt)), @more);
}
my ($SHA256, $SHA1) = ('2.16.840.1.101.3.4.2.1', '1.3.14.3.2.26');
refused('pss-mixed-hashes', 'request: ', key => 'rsa', sig => 'sha256rsa',
    alg => seq(oid($PSS), pss_params($SHA256, $SHA1, 32)), how => $pss_how . 32);
refused('pss-salt-0', 'request: ', key => 'rsa', sig => 'sha256rsa',
    alg => seq(oid($PSS), pss_params($SHA256, $SHA256, 0)), how => $pss_how . 0);
refused('pss-salt-huge', 'request: ', key => 'rsa', sig => 'sha256rsa',
    alg => seq(oid($PSS), pss_params($SHA256, $SHA256, 200)), how => $pss_how . 200);
refused('pss-trailer-2', 'request: ', key => 'rsa', sig => 'sha256rsa',
    alg => seq(oid($PSS), pss_params($SHA256, $SHA256, 32, tlv(0xa3, int_(2)))),
    how => $pss_how . 32);
good('good-pss', key => 'rsa', sig => 'sha256rsa',
    alg => seq(oid($PSS), pss_params($SHA256, $SHA256, 32)), how => $pss_how . 32);
refused('pss-key', 'does not take rsa-pss', key => 'pss', sig => 'sha256rsa',
    alg => seq(oid($PSS), pss_params($SHA256, $SHA256, 32)), how => $pss_how . 32);
refused('pss-key-sha1', 'key with wrong parameters', key => 'rsa', sig => 'sha256rsa',
    spki => seq(seq(oid($PSS), pss_params($SHA1, $SHA1, 20)),
    bits(seq(int_(3), int_(3)))));

# ==== RSA keys ====

refused('rsa-1024', 'key: RSA modulus of 1024 bits', key => 'rsa1024', sig => 'sha256rsa');
refused('rsa-2049', 'key: RSA modulus of 2049 bits', spki => rsa_spki(
    Math::BigInt->new(1)->blsft(2048) + 1, 65537), key => 'rsa', sig => 'sha256rsa');
refused('rsa-e-3', 'key: RSA exponent', key => 'rsa3', sig => 'sha256rsa');
my $p = random_prime(1024);
my $q = random_prime(1024);
my %e = (1 => 'e-1', 17 => 'e-17', 65536 => 'e-even', 65535 => 'e-65535');
refused("rsa-$e{$_}", 'key: RSA exponent', spki => rsa_spki($p * $q, $_), key => 'rsa', sig => 'sha256rsa')
    for sort keys %e;
refused('rsa-e-huge', 'key: RSA exponent', spki => rsa_spki($p * $q,
    Math::BigInt->new(1)->blsft(300) + 1), key => 'rsa', sig => 'sha256rsa');
refused('rsa-e-zero', 'key: RSA', spki => rsa_spki($p * $q, 0), key => 'rsa', sig => 'sha256rsa');
refused('rsa-n-zero', 'key: RSA', spki => rsa_spki(0, 65537), key => 'rsa', sig => 'sha256rsa');
refused('rsa-n-even', 'key: RSA modulus is even', spki => rsa_spki($p * $q + 1, 65537), key => 'rsa', sig => 'sha256rsa');
refused('rsa-n-negative', 'malformed RSA key', spki => seq(seq(oid($RSA), null()),
    bits(seq(tlv(0x02, big($p * $q)), int_(65537)))), key => 'rsa', sig => 'sha256rsa');
refused('rsa-huge', 'request: larger', spki => rsa_spki(Math::BigInt->new(1)->blsft(140000) + 1, 65537), key => 'rsa', sig => 'sha256rsa');
refused('rsa-8192', 'key: RSA modulus of 8192 bits', spki => rsa_spki(random_bits(8192), 65537), key => 'rsa', sig => 'sha256rsa');
refused('rsa-no-null', 'key with wrong parameters', spki => seq(seq(oid($RSA)),
    bits(seq(int_($p * $q), int_(65537)))), key => 'rsa', sig => 'sha256rsa');
refused('rsa-trailing', 'request: ', spki => seq(seq(oid($RSA), null()),
    bits(seq(int_($p * $q), int_(65537)), null())), key => 'rsa', sig => 'sha256rsa');
for my $f (3, 7, 743) {		# by f, and perhaps by less
	my $m = Math::BigInt->new(1)->blsft(2047) + random_bits(1024);
	$m -= $m % $f;
	$m += $f if $m->is_even;
	refused("rsa-divisible-$f", 'key: RSA modulus is divisible by', spki => rsa_spki($m, 65537), key => 'rsa', sig => 'sha256rsa');
}
{
	my $n = rsa_key('close', $p, prime_near($p));
	refused('rsa-close', "Fermat's method", key => 'close', spki => rsa_spki($n, 65537), sig => 'sha256rsa');
	# Further apart, within the rounds: the gap is about n^(1/4).
	my $far = prime_near($p + Math::BigInt->new(1)->blsft(516));
	$n = rsa_key('closer', $p, $far);
	refused('rsa-close-far', "Fermat's method", key => 'closer', spki => rsa_spki($n, 65537), sig => 'sha256rsa');
}
refused('rsa-square', "Fermat's method", spki => rsa_spki($p * $p, 65537), key => 'rsa', sig => 'sha256rsa');
{
	# 2048 bits exactly: a prime from 1.5 * 2^682 on.
	my $r = first_prime(do { my $c = Math::BigInt->new(3)->blsft(681) + random_bits(256); sub { $c->badd(2); return $c->copy; } });
	refused('rsa-cube', 'a power of a prime', spki => rsa_spki($r * $r * $r, 65537), key => 'rsa', sig => 'sha256rsa');
	refused('rsa-prime', 'RSA modulus is a prime', spki => rsa_spki(random_prime(2048), 65537), key => 'rsa', sig => 'sha256rsa');
}
{	# ROCA: k * M + (65537^a mod M), M the product of the first 126 primes
	my ($M, @small) = (Math::BigInt->new(1));
	for (my $i = 2; @small < 126; $i++) {
		next if grep { $i % $_ == 0 } @small;
		push @small, $i;
		$M *= $i;
	}
	my @roca = map {
		my $g = Math::BigInt->new(65537)->bmodpow(Math::BigInt->new($_), $M);
		my $k = (Math::BigInt->new(15)->blsft(1020)) / $M;
		first_prime(sub { $k->badd(1); return $k * $M + $g; }) } (123456789, 987654321);
	my $n = rsa_key('roca', @roca);
	refused('rsa-roca', 'fingerprint of ROCA (CVE-2017-15361)', key => 'roca', spki => rsa_spki($n, 65537), sig => 'sha256rsa');
}

# ==== EC and Edwards keys ====

refused('ec-k256', 'key: curve is not', key => 'k256');
refused('ec-p224', 'key: curve is not', key => 'p224');
refused('ec-explicit', 'key: EC parameters are spelled out', key => 'explicit');
refused('ec-implicit', 'key: EC key with wrong parameters', spki => seq(seq(oid($EC), null()), bits(point())));
refused('ec-no-parameters', 'key: EC key with wrong parameters', spki => seq(seq(oid($EC)), bits(point())));
refused('ec-infinity', 'the point at infinity', spki => ec_spki($P256, "\0"));
refused('ec-compressed', 'EC point is compressed', spki => ec_spki($P256,
    chr(2 + (ord(substr point(), 64) & 1)) . substr(point(), 1, 32)));
refused('ec-hybrid', 'of hybrid form', spki => ec_spki($P256,
    chr(6 + (ord(substr point(), 64) & 1)) . substr(point(), 1)));
refused('ec-off-curve', 'key: EC key with impossible numbers', spki => ec_spki($P256,
    substr(point(), 0, 64) . chr(ord(substr point(), 64) ^ 1)));
refused('ec-zero', 'key: EC key with impossible numbers', spki => ec_spki($P256, "\4" . "\0" x 64));
refused('ec-x-too-large', 'key: EC key with impossible numbers', spki => ec_spki($P256,
    "\4" . "\xff" x 32 . substr(point(), 33)));
refused('ec-short', 'key: EC point is malformed', spki => ec_spki($P256, substr(point(), 0, 64)));
refused('ec-empty', 'key: EC point is malformed', spki => ec_spki($P256, ''));
refused('ec-wrong-curve', 'key: EC point is malformed', spki => ec_spki('1.3.132.0.34', point()));
# Ed25519 by hand (RFC 8032): a key with a part of small order, and a signature
# that OpenSSL takes for it.  Without the cofactor the equation has h times that
# part in it, so h is a multiple of its order.
my $q25519 = Math::BigInt->new(2)->bpow(255)->bsub(19);
my $l25519 = Math::BigInt->new(2)->bpow(252)->badd('27742317777372353535851937790883648493');
my $d25519 = Math::BigInt->new(-121665)->bmul(Math::BigInt->new(121666)->bmodinv($q25519))->bmod($q25519);
sub little { my ($n) = @_; my $h = substr $n->as_hex, 2; return scalar reverse pack 'H*', '0' x (64 - length $h) . $h; }
sub from_little { my ($b) = @_; return Math::BigInt->from_hex(unpack 'H*', scalar reverse $b); }
sub ed_add {
	my ($p, $q) = @_;
	my ($x1, $y1, $x2, $y2) = (@$p, @$q);
	my $k = $d25519 * $x1 * $x2 * $y1 * $y2 % $q25519;
	return [($x1 * $y2 + $x2 * $y1) * (1 + $k)->bmodinv($q25519) % $q25519,
	    ($y1 * $y2 + $x1 * $x2) * (1 - $k)->bmod($q25519)->bmodinv($q25519) % $q25519];
}
sub ed_mul {
	my ($n, $p) = @_;
	my $sum = [Math::BigInt->new(0), Math::BigInt->new(1)];
	for my $bit (split //, substr $n->as_bin, 2) {
		$sum = ed_add($sum, $sum);
		$sum = ed_add($sum, $p) if $bit;
	}
	return $sum;
}
sub ed_bytes {
	my ($p) = @_;
	my $b = little($p->[1]);
	substr($b, 31, 1) = chr(ord(substr $b, 31) | 0x80) if $p->[0]->is_odd;
	return $b;
}
# x from y (5.1.3), the even one.
sub ed_point {
	my ($y) = @_;
	my $u = ($y * $y - 1) % $q25519;
	my $v = ($d25519 * $y * $y + 1) % $q25519;
	my $xx = $u * $v->copy->bmodinv($q25519) % $q25519;
	my $x = $xx->copy->bmodpow(($q25519 + 3) / 8, $q25519);
	$x = $x * Math::BigInt->new(2)->bmodpow(($q25519 - 1) / 4, $q25519) % $q25519
	    if ($x * $x - $xx) % $q25519 != 0;
	return undef if ($x * $x - $xx) % $q25519 != 0;
	return [$x->is_odd ? $q25519 - $x : $x, $y->copy];
}
my $base25519 = ed_point(Math::BigInt->new(4) * Math::BigInt->new(5)->bmodinv($q25519) % $q25519);
# A point of order 8: l times any that is not of the group.
sub ed_torsion {
	for (my $y = Math::BigInt->new(2); ; $y++) {
		my $p = ed_point($y) or next;
		my $t = ed_mul($l25519, $p);
		my $four = ed_mul(Math::BigInt->new(4), $t);
		return $t if $four->[1] != 1;
	}
}
my $order8 = ed_torsion();
# mixed(n): secret 0x1234567, and the point of order 8 n times.
sub mixed {
	my ($n) = @_;
	my $secret = Math::BigInt->new(0x1234567);
	my $key = ed_mul($secret, $base25519);
	$key = ed_add($key, ed_mul(Math::BigInt->new($n), $order8)) if $n > 0;
	my $raw = ed_bytes($key);
	my $tbs = seq(int_(0), subject(), ed($raw), tlv(0xa0, extreq($san)));
	my ($r, $point) = (Math::BigInt->new(99), ed_mul(Math::BigInt->new(99), $base25519));
	while (1) {
		my $head = ed_bytes($point);
		my $h = from_little(sha512($head . $raw . $tbs)) % $l25519;
		return (tbs => $tbs, sig => 'ed25519', signature => $head .
		    little(($r + $h * $secret) % $l25519)) if $h % 8 == 0;
		$r++;
		$point = ed_add($point, $base25519);
	}
}
good('ed25519-by-hand', mixed(0));
refused("ed25519-mixed-$_", 'key: Ed25519 point is outside of the group of prime order', mixed($_)) for 1, 2, 4, 7;
my $off = Math::BigInt->new(2);
$off++ while ed_point($off);
refused('ed25519-off-curve', 'key: Ed25519 point is not on its curve', spki => ed(little($off)), sig => 'ed25519', signature => "\0" x 64);

sub ed { my ($raw, $o) = @_; return seq(seq(oid($o // '1.3.101.112')), bits($raw)); }
my %low = (identity => "\1" . "\0" x 31, zero => "\0" x 32,
    'zero-sign' => "\0" x 31 . "\x80", minus => "\xec" . "\xff" x 30 . "\x7f",
    'order8' => pack('H*', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
    'order8b' => pack('H*', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'));
refused("ed25519-$_", 'Ed25519 point of small order', spki => ed($low{$_}), sig => 'ed25519', signature => "\1" . "\0" x 63)
    for sort keys %low;
refused('ed25519-not-reduced', 'not in its shortest form', spki => ed("\xef" . "\xff" x 30 . "\x7f"), sig => 'ed25519', signature => "\0" x 64);
refused('ed25519-short', 'malformed ed25519 key', spki => ed("\1" x 31), sig => 'ed25519', signature => "\0" x 64);
refused('ed25519-parameters', 'key with wrong parameters', spki => seq(seq(oid('1.3.101.112'), null()),
    bits(substr(spki('ed25519'), -32))), sig => 'ed25519', signature => "\0" x 64);
refused('ed448', 'key: Ed448', spki => spki('ed448'), sig => 'ed25519', signature => "\0" x 64);
refused('x25519', 'key: neither RSA', spki => spki('x25519'), sig => 'ed25519', signature => "\0" x 64);
refused('x25519-zero', 'key: neither RSA', spki => ed("\0" x 32, '1.3.101.110'), sig => 'ed25519', signature => "\0" x 64);
refused('dsa', 'key: ', spki => seq(seq(oid('1.2.840.10040.4.1')), bits(int_(2))));
refused('key-extra', 'malformed public key', spki => seq(seq(oid($EC), oid($P256)), bits(point()), null()));

# ==== names ====

sub cn { return (subject => subject(CN => $_[0])); }
refused('cn-nul', 'subject CN: U+0000 is a control', cn(utf8("Alice\0Holm")));
refused('cn-newline', 'subject CN: U+000A is a control', cn(utf8("Alice\nHolm")));
refused('cn-cr', 'subject CN: U+000D is a control', cn(utf8("Alice\r\nHolm")));
refused('cn-escape', 'subject CN: U+001B is a control', cn(utf8("Alice\x1b[1m")));
refused('cn-c1', 'subject CN: U+0085 is a control', cn(utf8("Alice\xc2\x85")));
my %chars = (rlo => "\xe2\x80\xae", lro => "\xe2\x80\xad", isolate => "\xe2\x81\xa6",
    lrm => "\xe2\x80\x8e", alm => "\xd8\x9c", zwj => "\xe2\x80\x8d", zwsp => "\xe2\x80\x8b",
    bom => "\xef\xbb\xbf", 'soft-hyphen' => "\xc2\xad", nbsp => "\xc2\xa0",
    'line-separator' => "\xe2\x80\xa8", 'full-width' => "\xef\xbc\xa1",
    mathematical => "\xf0\x9d\x90\x80", tag => "\xf3\xa0\x81\x81",
    private => "\xee\x80\x80", filler => "\xe3\x85\xa4", ligature => "\xef\xac\x81",
    'fraction-slash' => "\xe2\x81\x84", 'variation' => "\xef\xb8\x8f");
refused("cn-$_", 'is invisible, changes the direction or looks like another', cn(utf8("Ali$chars{$_}ce")))
    for sort keys %chars;
refused('cn-mixed-cyrillic', 'Latin and Cyrillic letters in one word', cn(utf8("\x41lice H\xd0\xbelm")));
refused('cn-mixed-greek', 'Greek and Latin letters in one word', cn(utf8("\xce\x91lice Holm")));
refused('cn-disguised', 'Cyrillic letters that looks Latin', cn(utf8("\xd0\xa1\xd0\xb0\xd1\x80\xd0\xb0 Holm")));
refused('cn-zalgo', 'combining mark too many', cn(utf8("A" . "\xcc\x81" x 5 . "lice")));
refused('cn-mark-first', 'combining mark without a letter', cn(utf8("\xcc\x81Alice")));
refused('cn-empty', 'subject CN: value is empty', cn(utf8('')));
refused('cn-long', 'value is longer than', cn(utf8('x' x 600)));
refused('cn-65', 'longer than 64', cn(utf8('x' x 65)));
refused('cn-space', 'begins or ends with a space', cn(utf8(' Alice')));
refused('cn-placeholder', 'is not a value', cn(utf8('-')));
refused('cn-two', 'more than once', subject => do {
	my $s = subject();
	seq(substr($s, 2 + (ord(substr $s, 1, 1) & 0x80 ? 1 : 0)), rdn('CN', utf8('Another'))) });
refused('cn-teletex', 'value is not UTF8String', cn(tlv(0x14, 'Alice')));
refused('cn-bmp', 'value is not UTF8String', cn(tlv(0x1e, "\0A")));
refused('cn-integer', 'value is not UTF8String', cn(int_(5)));
refused('name-empty-set', 'empty relative name', subject => seq(tlv(0x31)));
refused('name-not-set', 'subject: malformed', subject => seq(seq(seq(oid('2.5.4.3'), utf8('x')))));
refused('name-extra', 'malformed attribute', subject => seq(set(seq(oid('2.5.4.3'), utf8('x'), utf8('y')))));
refused('name-no-value', 'malformed attribute', subject => seq(set(seq(oid('2.5.4.3')))));
refused('name-many', 'too many parts', subject => seq(map { rdn('CN', utf8("x$_")) } 1 .. 40));
refused('country-three', 'field "country"', subject => subject(C => printable('SWE')));
refused('country-lower', 'field "country"', subject => subject(C => printable('se')));
refused('name-unknown-attr-bidi', 'subject 1.2.3.4: U+202E', subject => subject('1.2.3.4' => utf8("a\xe2\x80\xae")));
refused('orgid-form', 'organizationIdentifier', subject => subject(orgid => utf8('5560000001')));
refused('no-org', 'field "org": is required', subject => subject(O => undef));
refused('subject-empty', 'is required', subject => seq(), attrs => undef);

# ==== mail addresses ====

sub at { return (attrs => extreq(san(mail($_[0])))); }
my %mail = (
	'none' => ['alice', 'no @'], 'no-local' => ['@example.org', 'nothing before the @'],
	'no-domain' => ['alice@', 'no name'], 'two-at' => ['a@b@example.org', 'more than one @'],
	'quoted' => ['"alice"@example.org', 'quotes'],
	'quoted-at' => ['"a@b"@example.org', 'more than one @'],
	'percent' => ['bob%example.com@example.org', '"%"'],
	'bang' => ['example.com!bob@example.org', '"!"'],
	'route' => ['@a.org,@b.org:bob@example.org', 'more than one @'],
	'literal' => ['alice@[192.0.2.1]', 'address literal'],
	'ip' => ['alice@192.0.2.1', 'the last label is a number'],
	'dot-first' => ['.alice@example.org', 'a dot first or last'],
	'dot-last' => ['alice.@example.org', 'a dot first or last'],
	'dots' => ['al..ice@example.org', 'two dots in a row'],
	'space' => ['al ice@example.org', 'a character that an address does not have'],
	'angle' => ['<alice@example.org>', 'a character that an address does not have'],
	'display' => ['Alice <alice@example.org>', 'a character that an address does not have'],
	'comma' => ['a,b@example.org', 'a character that an address does not have'],
	'local-65' => ['a' x 65 . '@example.org', 'more than 64'],
	'label-64' => ['a@' . 'b' x 64 . '.org', 'more than 63'],
	'long' => ['a@' . join('.', ('b' x 60) x 5) . '.org', 'longer than 254'],
	'single-label' => ['a@localhost', 'a single label'],
	'root-dot' => ['a@example.org.', 'a dot at the end'],
	'domain-dots' => ['a@example..org', 'an empty label'],
	'hyphen' => ['a@-example.org', 'a hyphen'],
	'underscore' => ['a@ex_ample.org', 'other than letters, digits and hyphens'],
	'idn-broken' => ['a@xn--99999999999.org', 'does not decode'],
	'idn-mixed' => ['a@xn--pypal-4ve.com', 'Latin and Cyrillic letters'],
	'idn-disguised' => ['a@xn--80ak6aa92e.com', 'looks Latin'],
	'idn-joiner' => ['a@xn--ab-m1t.org', 'U+200D'],
	'idn-reserved' => ['a@ab--cd.org', 'RFC 5891'],
	'nul' => ["a\0b\@example.org", 'U+0000'],
	'newline' => ["a\@example.org\n", 'U+000A'],
	'crlf' => ["a\r\nBcc: x\@example.org", 'U+000D'],
	'empty' => ['', 'value is empty'],
	'utf8' => ["\xc3\xa5\@example.org", 'a character that an address does not have'],
	'utf8-domain' => ["a\@b\xc3\xbccher.example", 'other than letters, digits and hyphens'],
);
refused("mail-$_", $mail{$_}[1], at($mail{$_}[0])) for sort keys %mail;
refused('mail-in-subject-bad', 'subject emailAddress: two dots', subject => subject(mail => ia5('a..b@example.org')));
refused('mail-in-subject-mixed', 'Latin and Cyrillic letters', subject => subject(mail => utf8("a\@b\xd0\xb0nk.org")));
refused('mail-many', 'field "mail": too many values', attrs => extreq(san(map { mail("a$_\@example.org") } 1 .. 9)));
refused('mail-missing', 'field "mail"', attrs => undef);

# ==== other alternative names ====

refused('san-empty', 'subjectAltName: malformed', attrs => extreq(san()));
refused('san-not-list', 'subjectAltName: malformed', attrs => extreq(ext('2.5.29.17', mail('a@example.org'))));
refused('san-trailing', 'bytes after the end', attrs => extreq(ext('2.5.29.17', seq(mail('a@example.org')) . null())));
refused('san-garbage', 'subjectAltName: byte', attrs => extreq(ext('2.5.29.17', "\x30\x20")));
refused('san-kind-9', 'no such kind of name', attrs => extreq(san(mail('a@example.org'), tlv(0x89, 'x'))));
refused('san-many', 'too many names', attrs => extreq(san(map { mail("a$_\@example.org") } 1 .. 40)));
refused('san-ip-5', '5 octets, not 4 or 16', attrs => extreq(san(mail('alice@example.org'), tlv(0x87, 'abcde'))));
refused('san-ip-8', '8 octets, not 4 or 16', attrs => extreq(san(mail('alice@example.org'), tlv(0x87, "\x0a\0\0\0\xff\0\0\0"))));
refused('san-dns-nul', 'dNSName: U+0000', attrs => extreq(san(mail('alice@example.org'), tlv(0x82, "a.org\0.b.org"))));
refused('san-dns-star', 'dNSName: a character', attrs => extreq(san(mail('alice@example.org'), tlv(0x82, '*.example.org'))));
refused('san-uri-space', 'is in no URI', attrs => extreq(san(mail('alice@example.org'), tlv(0x86, 'http://a b/'))));
refused('san-upn-broken', 'malformed principal name', attrs => extreq(san(mail('alice@example.org'),
    tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, ia5('a@b.org'))))));
refused('san-upn-bidi', 'U+202E', attrs => extreq(san(mail('alice@example.org'),
    tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, utf8("a\xe2\x80\xae\@b.org"))))));
refused('san-other-broken', 'malformed otherName', attrs => extreq(san(mail('alice@example.org'), tlv(0xa0, oid('1.2.3')))));
stripped('san-dns', 'dns', attrs => extreq(san(mail('alice@example.org'), tlv(0x82, 'www.example.org'))));
stripped('san-ip', 'ip', attrs => extreq(san(mail('alice@example.org'), tlv(0x87, "\x7f\0\0\1"))));
stripped('san-uri', 'uri', attrs => extreq(san(mail('alice@example.org'), tlv(0x86, 'http://www.example.org/'))));
stripped('san-upn', 'upn', attrs => extreq(san(mail('alice@example.org'),
    tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, utf8('root@example.org'))))));
good('san-directory', attrs => extreq(san(mail('alice@example.org'), tlv(0xa4, subject()))));
good('san-registered', attrs => extreq(san(mail('alice@example.org'), tlv(0x88, "\x2a\x03"))));

# ==== extensions and attributes ====

my ($BC, $KU, $EKU) = ('2.5.29.19', '2.5.29.15', '2.5.29.37');
my $EK = '1.3.6.1.5.5.7.3.';
my $ARC = '2.25.48630738149683718521173944708743016276';
sub with { return (attrs => extreq($san, @_)); }
refused('ca-true', 'basicConstraints: asks to be a CA', with(ext($BC, seq(true()), 1)));
refused('ca-true-path', 'basicConstraints: asks to be a CA', with(ext($BC, seq(true(), int_(0)))));
refused('ca-false-written', 'a default value is written out', with(ext($BC, seq("\1\1\0"))));
refused('ca-path-alone', 'a path length without CA', with(ext($BC, seq(int_(3)))));
refused('ca-garbage', 'basicConstraints: malformed', with(ext($BC, seq(null()))));
good('ca-false', with(ext($BC, seq())));
refused('ku-cert-sign', 'keyUsage: asks for keyCertSign', with(ext($KU, "\3\2\2\4", 1)));
refused('ku-crl-sign', 'keyUsage: asks for cRLSign', with(ext($KU, "\3\2\1\2")));
refused('ku-everything', 'keyUsage: asks for keyCertSign', with(ext($KU, "\3\3\7\xff\x80")));
refused('ku-none', 'no usage at all', with(ext($KU, "\3\1\0")));
refused('ku-zeros', 'bits of zero at the end', with(ext($KU, "\3\2\0\x80")));
refused('ku-many', 'more than nine bits', with(ext($KU, "\3\3\0\x80\1")));
refused('ku-integer', 'keyUsage: malformed', with(ext($KU, int_(1))));
stripped('ku-signature', 'keyUsage', with(ext($KU, "\3\2\7\x80", 1)));
stripped('ku-encipherment', 'keyUsage', with(ext($KU, "\3\2\4\x30")));
refused('eku-any', 'anyExtendedKeyUsage', with(ext($EKU, seq(oid('2.5.29.37.0')))));
refused('eku-ocsp', 'OCSPSigning', with(ext($EKU, seq(oid($EK . 9)))));
refused('eku-time', 'timeStamping', with(ext($EKU, seq(oid($EK . 4), oid($EK . 8)))));
refused('eku-role', 'asks for a role', with(ext($EKU, seq(oid("$ARC.2.2")))));
refused('eku-twice', 'the same extended key usage twice', with(ext($EKU, seq(oid($EK . 4), oid($EK . 4)))));
refused('eku-empty', 'extendedKeyUsage: malformed', with(ext($EKU, seq())));
stripped('eku-mail', 'extendedKeyUsage', with(ext($EKU, seq(oid($EK . 4)))));
stripped('eku-server', 'extendedKeyUsage', with(ext($EKU, seq(oid($EK . 1)))));
refused('critical-unknown', '1.2.3.4: critical', with(ext('1.2.3.4', null(), 1)));
refused('critical-constraints', 'nameConstraints: critical', with(ext('2.5.29.30', seq(), 1)));
refused('critical-policies', 'certificatePolicies: critical', with(ext('2.5.29.32', seq(seq(oid('2.5.29.32.0'))), 1)));
stripped('unknown', '1.2.3.4', with(ext('1.2.3.4', null())));
stripped('policies', 'certificatePolicies', with(ext('2.5.29.32', seq(seq(oid('2.5.29.32.0'))))));
stripped('constraints', 'nameConstraints', with(ext('2.5.29.30', seq())));
stripped('subject-key-id', 'subjectKeyIdentifier', with(ext('2.5.29.14', octets('x' x 20))));
stripped('ocsp-nocheck', 'ocspNocheck', with(ext('1.3.6.1.5.5.7.48.1.5', null())));
stripped('crl-address', 'cRLDistributionPoints', with(ext('2.5.29.31', seq(seq(tlv(0xa0, tlv(0xa0, tlv(0x86, 'http://evil.example/'))))))));
refused('extension-twice', 'the same extension twice: subjectAltName', attrs => extreq($san, $san));
refused('extension-no-value', 'malformed extension', with(seq(oid('1.2.3'))));
refused('extension-extra', 'malformed extension', with(seq(oid('1.2.3'), octets(null()), null())));
refused('extension-false', 'a default value is written out', with(seq(oid('1.2.3'), "\1\1\0", octets(null()))));
refused('extension-not-der', '1.2.3: byte 0', with(seq(oid('1.2.3'), octets("\x30\x80\0\0"))));
refused('extensions-many', 'too many extensions', with(map { ext("1.2.3.$_", null()) } 1 .. 40));
refused('extensions-none', 'extension request is empty', attrs => extreq());
refused('extreq-twice', 'the same attribute twice: extensionRequest', attrs => extreq($san) . extreq($san));
refused('extreq-two-values', 'not one list', attrs => seq(oid('1.2.840.113549.1.9.14'),
    set(seq($san), seq(ext('1.2.3', null())))));
refused('extreq-two-kinds', 'more than one extension request', attrs => extreq($san) .
    seq(oid('1.3.6.1.4.1.311.2.1.14'), set(seq($san))));
good('extreq-other-kind', attrs => seq(oid('1.3.6.1.4.1.311.2.1.14'), set(seq($san))));
refused('attribute-empty', 'attribute without a value', attrs => extreq($san) . seq(oid('1.2.3'), set()));
refused('attribute-no-set', 'malformed attribute', attrs => extreq($san) . seq(oid('1.2.3'), null()));
refused('attribute-twice', 'the same attribute twice: 1.2.3', attrs => extreq($san) .
    seq(oid('1.2.3'), set(null())) x 2);
my $CHALLENGE = '1.2.840.113549.1.9.7';
stripped('challenge', 'challengePassword', attrs => extreq($san) . seq(oid($CHALLENGE), set(utf8('secret'))));
refused('challenge-two', 'challengePassword: not one clean text', attrs => extreq($san) .
    seq(oid($CHALLENGE), set(utf8('a'), utf8('b'))));
refused('challenge-control', 'challengePassword: not one clean text', attrs => extreq($san) .
    seq(oid($CHALLENGE), set(utf8("a\nb"))));
refused('challenge-long', 'challengePassword: not one clean text', attrs => extreq($san) .
    seq(oid($CHALLENGE), set(utf8('a' x 256))));
stripped('unstructured-name', 'unstructuredName', attrs => extreq($san) .
    seq(oid('1.2.840.113549.1.9.2'), set(utf8('x'))));

system('rm', '-rf', $w);
close $cases;
