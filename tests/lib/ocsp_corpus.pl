#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# OCSP requests as they should not be, and HTTP as it should not be, written
# octet by octet, sent to a responder on loopback:
#
#	ocsp_corpus.pl PART PORT PATH CA SERIAL
#
# CA is a certificate in DER, SERIAL (hex) one that it has issued and that is
# good.  PARTs are: malformed, changed, refused, tolerated, path, any, http,
# stall.  A line for each case: "ok" or what came instead, a tab, the name of
# the case.
use strict;
use warnings;
use Digest::MD5 ();
use Digest::SHA ();
use IO::Select;
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(sleep time);
use Time::Local qw(timegm);

my ($part, $port, $base, $ca, $serial) = @ARGV;
die "usage: $0 PART PORT PATH CA SERIAL\n" unless defined $serial;
$SIG{PIPE} = 'IGNORE';
$| = 1;

#
# DER.
#
sub der {
	my ($tag, @content) = @_;
	my $content = join '', @content;
	my $n = length $content;
	my $size = pack 'N', $n;
	$size =~ s/^\0+//;
	return chr($tag) . ($n < 128 ? chr $n :
	    chr(0x80 | length $size) . $size) . $content;
}
sub seq { der(0x30, @_) }
sub octets { der(0x04, @_) }
sub oid { der(0x06, pack 'H*', $_[0]) }
sub context { der(0xa0 | shift, @_) }

# The element at $at: tag, content, whole, and where it ends.
sub element {
	my ($der, $at) = @_;
	my ($tag, $n) = unpack 'CC', substr $der, $at, 2;
	my $start = $at + 2;
	if ($n >= 128) {
		my $size = $n & 127;
		$n = hex unpack 'H*', substr $der, $start, $size;
		$start += $size;
	}
	return ($tag, substr($der, $start, $n),
	    substr($der, $at, $start + $n - $at), $start + $n);
}

# Subject (whole) and key (octets of the BIT STRING) of a certificate.
sub issuer_of {
	my $der = shift;
	my (undef, $certificate) = element($der, 0);
	my (undef, $tbs) = element($certificate, 0);
	my ($at, @field) = (0);
	while ($at < length $tbs) {
		(my $tag, my $content, my $whole, $at) = element($tbs, $at);
		push @field, [$content, $whole] unless $tag == 0xa0;
	}
	my $spki = $field[5][0];
	my (undef, undef, undef, $end) = element($spki, 0);
	my (undef, $bits) = element($spki, $end);
	return ($field[4][1], substr $bits, 1);
}

open my $file, '<:raw', $ca or die "$ca: $!\n";
my ($name, $key) = issuer_of(do { local $/; <$file> });
my %hash = (
	sha1 => ['2b0e03021a', \&Digest::SHA::sha1],
	sha256 => ['608648016503040201', \&Digest::SHA::sha256],
	sha384 => ['608648016503040202', \&Digest::SHA::sha384],
	sha512 => ['608648016503040203', \&Digest::SHA::sha512],
	sha224 => ['608648016503040204', \&Digest::SHA::sha224],
	md5 => ['2a864886f70d0205', \&Digest::MD5::md5],
);
my $number = pack 'H*', length($serial) % 2 ? "0$serial" : $serial;
my $integer = der(0x02, ord($number) >= 128 ? "\0$number" : $number);
my $null = "\x05\0";

sub cert_id {
	my %o = (hash => 'sha1', params => $null, serial => $integer, more => '',
	    @_);
	my ($id, $digest) = @{$hash{$o{hash}}};
	return seq($o{alg} // seq(oid($id), $o{params}),
	    octets($o{name_hash} // $digest->($name)),
	    octets($o{key_hash} // $digest->($key)), $o{serial}, $o{more});
}
sub one { seq(cert_id(@_)) }
sub extension {
	my ($id, $value, $critical) = @_;
	return seq(oid($id), $critical ? "\x01\x01\xff" : '', octets($value));
}
sub extensions { context(2, seq(@_)) }
sub nonce { extension('2b0601050507300102', $_[0], $_[1]) }
my $alien = '2a0304';
sub request {
	my %o = (version => '', name => '', list => one(), exts => '',
	    signature => '', after => '', @_);
	return seq(seq($o{version}, $o{name}, seq($o{list}), $o{exts}),
	    $o{signature}) . $o{after};
}

#
# HTTP.
#
sub open_port {
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
	    or die "127.0.0.1:$port: $!\n";
	binmode $socket;
	return $socket;
}

# What comes until $want whole responses are there, the other side closes, or
# $patience is over.
sub receive {
	my ($socket, $want, $patience, $head) = @_;
	my ($data, $end, @response) = ('', time + ($patience // 5));
	my $select = IO::Select->new($socket);
	while (@response < $want && (my $left = $end - time) > 0) {
		last unless $select->can_read($left);
		my $n = sysread $socket, my $more, 65536;
		last unless $n;
		$data .= $more;
		while (my $r = take_response(\$data, $head)) {
			push @response, $r;
		}
	}
	return @response;
}
sub take_response {
	my ($data, $head) = @_;
	return unless $$data =~
	    /^HTTP\/1\.[01] (\d+) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/;
	my ($status, $fields, $end) = ($1, "\r\n$2", $+[0]);
	my ($length) = $fields =~ /\r\nContent-Length: *(\d+)\r\n/i;
	$length = 0 if $head || !defined $length || $status < 200 ||
	    $status == 304;
	return if length $$data < $end + $length;
	my $body = substr $$data, $end, $length;
	substr $$data, 0, $end + $length, '';
	return { status => $status, fields => $fields, body => $body };
}
sub field {
	my ($r, $name) = @_;
	return $r->{fields} =~ /\r\n\Q$name\E: *([^\r\n]*)\r\n/i ? $1 : '';
}

# In a word: "good", "malformedRequest" ... or the status of HTTP.
my @status = qw(successful malformedRequest internalError tryLater 4
    sigRequired unauthorized);
sub word {
	my $r = shift;
	return 'nothing' unless $r;
	return $r->{status} if $r->{status} != 200;
	return 'wrong type' unless field($r, 'Content-Type') eq
	    'application/ocsp-response';
	my $body = $r->{body};
	return $status[ord $1] // 'nonsense'
	    if $body =~ /^\x30\x03\x0a\x01([\x01-\x06])$/s;
	return 'nonsense' unless $body =~ /^\x30.{1,4}?\x0a\x01\0\xa0/s;
	return single_states($body);
}
# Of each single response: after a CertID of ours comes its status.
sub single_states {
	my $body = shift;
	my %word = (0x80 => 'good', 0xa1 => 'revoked', 0x82 => 'unknown');
	my @state;
	my ($at, $id) = (0);
	for my $h (values %hash) {
		my $digest = octets($h->[1]->($key));
		while ($body =~ /\Q$digest\E/g) {
			(undef, undef, undef, my $end) =
			    element($body, pos $body);
			push @state, [$end, $word{ord substr $body, $end, 1}
			    // 'nonsense'];
		}
	}
	return join ' ', map { $_->[1] } sort { $a->[0] <=> $b->[0] } @state;
}

sub post_text {
	my ($body, $type, @more) = @_;
	return join "\r\n", "POST $base HTTP/1.1", 'Host: localhost',
	    'Content-Type: ' . ($type // 'application/ocsp-request'),
	    'Content-Length: ' . length $body, @more, '', $body;
}
sub ask {
	my ($text, $patience, $head) = @_;
	my $socket = open_port();
	my $at = 0;
	while ($at < length $text) {
		my $n = syswrite $socket, $text, 65536, $at;
		last unless $n;
		$at += $n;
	}
	my ($r) = receive($socket, 1, $patience, $head);
	return $r;
}
sub get_text {
	my ($path, @more) = @_;
	return join "\r\n", "GET $path HTTP/1.1", 'Host: localhost', @more, '',
	    '';
}

sub verdict {
	my ($name, $got, $want) = @_;
	$got = join ' ', @$got if ref $got;
	print $got =~ /^(?:$want)$/ ? 'ok' : "$got, not $want", "\t$name\n";
}
sub posts {
	my ($want, @case) = @_;
	while (my ($what, $der) = splice @case, 0, 2) {
		my $began = time;
		my $got = word(ask(post_text($der)));
		$got = 'slow' if time - $began > 2;
		verdict($what, $got, $want);
	}
}

#
# The parts.
#
sub malformed {
	my $good = request();
	my $n = length $good;
	my $deep = "\x30\x80" x 2000;
	my $nested = '';
	$nested = seq($nested) for 1 .. 500;
	posts('malformedRequest|400',
	    'no octet at all', '',
	    'text', 'GET me a status, please',
	    'zeros', "\0" x 200,
	    'half of a header', "\x30",
	    'a request without its last octet', substr($good, 0, -1),
	    'a request cut in the middle', substr($good, 0, $n / 2),
	    'an octet after the end', "$good\0",
	    'a second request after the first', $good . $good,
	    'an indefinite length',
	    "\x30\x80" . substr($good, 2) . "\0\0",
	    'a length in more octets than it needs',
	    "\x30\x81" . substr($good, 1),
	    'a length of 4 GiB', "\x30\x84\xff\xff\xff\xff" . substr($good, 2),
	    'a length of nine octets', "\x30\x89" . "\xff" x 9,
	    'a SET instead of a SEQUENCE', "\x31" . substr($good, 1),
	    'an empty SEQUENCE', seq(),
	    'an empty TBSRequest', seq(seq()),
	    'an empty list', request(list => ''),
	    'version 2', request(version => context(0, "\x02\x01\x01")),
	    'a version that is text', request(version => context(0,
		"\x0c\x01a")),
	    'a serial number that is text', request(list =>
		one(serial => "\x0c\x01a")),
	    'a serial number without octets', request(list =>
		one(serial => "\x02\x00")),
	    'a serial number with a needless zero', request(list =>
		one(serial => "\x02\x02\0\x01")),
	    'two serial numbers', request(list => one(more => "\x02\x01\x01")),
	    'a CertID without serial number', request(list =>
		one(serial => '')),
	    'a digest that is too short', request(list =>
		one(key_hash => 'x' x 19)),
	    'a digest that is too long', request(list =>
		one(name_hash => 'x' x 21)),
	    'SHA-256 in name, SHA-1 in length', request(list =>
		one(hash => 'sha256', name_hash => 'x' x 20,
		key_hash => 'y' x 20)),
	    'a hash with parameters', request(list =>
		one(params => "\x02\x01\x01")),
	    'a hash with NULL twice', request(list => one(params =>
		$null . $null)),
	    'a NULL with content', request(list => one(params =>
		"\x05\x01\0")),
	    'an OID that is cut off', request(list => one(alg =>
		seq("\x06\x02\x2a\x86", $null))),
	    'a nonce of no octets', request(exts =>
		extensions(nonce(octets('')))),
	    'a nonce extension of no octets', request(exts =>
		extensions(nonce(''))),
	    'a nonce of 129 octets', request(exts =>
		extensions(nonce(octets('n' x 129)))),
	    'a nonce of 5000 octets', request(exts =>
		extensions(nonce(octets('n' x 5000)))),
	    'two nonces', request(exts => extensions(nonce(octets('a' x 16)),
		nonce(octets('b' x 16)))),
	    'a critical extension that nobody knows', request(exts =>
		extensions(extension($alien, 'x', 1))),
	    'one on a single request', request(list => seq(cert_id(),
		context(0, seq(extension($alien, 'x', 1))))),
	    'an empty list of extensions', request(exts => extensions()),
	    'an extension without value', request(exts =>
		extensions(seq(oid($alien)))),
	    'critical that is neither true nor false', request(exts =>
		extensions(seq(oid($alien), "\x01\x01\x01", octets('x')))),
	    'an empty signature', request(signature => context(0)),
	    'something else for a signature', request(signature =>
		"\x04\x01a"),
	    'a certificate', do { open my $f, '<:raw', $ca; local $/; <$f> },
	    'an OCSP response', "\x30\x03\x0a\x01\0",
	    '101 CertIDs', request(list => one() x 101),
	    '500 CertIDs', request(list => one() x 500),
	    '2000 lengths without an end', $deep,
	    'SEQUENCEs 500 deep', $nested,
	    'strings in pieces', request(list => seq(seq(seq(
		oid('2b0e03021a'), $null), "\x24\x80\x04\x14" . 'x' x 20 .
		"\0\0", octets('y' x 20), $integer))),
	    'an OID of 10,000 octets', request(exts =>
		extensions(extension('81' x 10000 . '01', 'x'))));
}

# Each octet of a good one, changed: no answer is a broken connection.
sub changed {
	my $good = request();
	my $n = length $good;
	my ($dead, %seen) = (0);
	for my $i (0 .. $n - 1) {
		my $other = $good;
		substr $other, $i, 1, chr(ord(substr $other, $i, 1) ^ 0x81);
		my $got = word(ask(post_text($other)));
		$seen{$got}++;
		$dead++ unless $got =~
		    /^(malformedRequest|unauthorized|unknown|good|revoked||400)$/;
	}
	verdict('each octet changed gets an answer', $dead, 0);
	verdict('... most often malformedRequest',
	    ($seen{malformedRequest} // 0) > $n / 4 ? 'yes' : 'no', 'yes');
}

sub refused {
	posts('unauthorized',
	    'a CertID by MD5', request(list => one(hash => 'md5')),
	    'a CertID by SHA-224', request(list => one(hash => 'sha224')),
	    'another issuer', request(list => one(name_hash => 'x' x 20,
		key_hash => 'y' x 20)),
	    "this name with another's key", request(list =>
		one(key_hash => 'y' x 20)),
	    "another's name with this key", request(list =>
		one(name_hash => 'x' x 20)),
	    'one of ours and one of others', request(list => one() .
		one(name_hash => 'x' x 20, key_hash => 'y' x 20)));
}

sub tolerated {
	posts('good',
	    'a plain request', request(),
	    'parameters left out', request(list => one(params => '')),
	    (map { ($_, request(list => one(hash => $_)),
		"$_ without parameters",
		request(list => one(hash => $_, params => ''))) }
		qw(sha256 sha384 sha512)),
	    'a version that is the default', request(version =>
		context(0, "\x02\x01\0")),
	    'the name of who asks', request(name =>
		context(1, "\x82\x01a")),
	    'a signature that nobody checks', request(signature =>
		context(0, seq(seq(oid($alien)), "\x03\x02\0x"))),
	    'acceptable responses', request(exts => extensions(
		extension('2b0601050507300104',
		seq(oid('2b0601050507300101'))))),
	    'preferred signature algorithms', request(exts => extensions(
		extension('2b0601050507300108',
		seq(seq(seq(oid('2a864886f70d01010b'))))))),
	    'a service locator', request(list => seq(cert_id(), context(0,
		seq(extension('2b0601050507300107', seq($name)))))),
	    'an extension that nobody knows', request(exts =>
		extensions(extension($alien, 'x'))));
	for my $n (1, 2, 16, 23, 32, 33, 128) {
		my $value = octets(join '', map { chr(($_ * 7) & 255) } 1 .. $n);
		for my $case ([$value, 0, ''], [$value, 1, ', critical'],
		    [substr($value, $n < 128 ? 2 : 3), 0,
		    ', without a string of its own']) {
			my ($octets, $critical, $how) = @$case;
			my $r = ask(post_text(request(exts =>
			    extensions(nonce($octets, $critical)))));
			my $echo = nonce($octets);
			verdict("a nonce of $n octets$how is echoed",
			    index($r->{body}, $echo) > 0 ? word($r) : 'no',
			    'good');
			next if $how;
			verdict('... and never stored',
			    field($r, 'Cache-Control'), 'no-store');
		}
	}
	posts('good unknown good', 'three in one, in order', request(list =>
	    one() . one(serial => "\x02\x01\x07") . one(hash => 'sha256')));
	posts(join(' ', ('good') x 100), '100 in one',
	    request(list => one() x 100));
	posts('unknown',
	    'serial number zero', request(list => one(serial => "\x02\x01\0")),
	    'a negative serial number', request(list =>
		one(serial => "\x02\x01\x80")),
	    'a serial number of 21 octets', request(list =>
		one(serial => "\x02\x15" . "\x11" x 21)),
	    'a serial number of 1000 octets', request(list =>
		one(serial => der(0x02, "\x11" x 1000))));
}

# A request whose base 64 has all that is hard in it: +, /, // and padding.
sub hard_request {
	my $want = shift;
	for my $i (0 .. 20000) {
		my $der = request(exts => extensions(extension($alien,
		    substr Digest::SHA::sha512($i), $i % 3)));
		my $text = encode_base64($der, '');
		return ($der, $text) if $text =~ $want;
	}
	die "no such request\n";
}
sub path {
	my $dir = $base;
	$dir =~ s,/$,,;
	my (undef, $text) = hard_request(qr{^(?=.*\+)(?=.*//)(?=.*[^=]=$)});
	my (undef, $two) = hard_request(qr{^(?=.*\+).*[^=]==$});
	my $escape = sub {
		my ($s, $set, $format) = @_;
		$s =~ s/([$set])/sprintf $format, ord $1/ge;
		return $s;
	};
	my $url = $text =~ tr,+/,-_,r;
	my $every = $escape->($text, '\x00-\xff', '%%%02x');
	my @case = (
		'as it is' => $text,
		'escaped, upper case' => $escape->($text, '+/=', '%%%02X'),
		'escaped, lower case' => $escape->($text, '+/=', '%%%02x'),
		'only the slashes escaped' => $escape->($text, '/', '%%%02X'),
		'only the plus escaped' => $escape->($text, '+', '%%%02X'),
		'every octet escaped' => $every,
		'without padding' => $text =~ s/=+$//r,
		'with two octets of padding' => $two,
		'... without them' => $two =~ s/=+$//r,
		'in the URL alphabet' => $url,
		'... without padding' => $url =~ s/=+$//r,
		'with a slash too many in front' => "/$text",
		'in lines, as openssl base64 writes them' =>
		    join('%0A', unpack '(A64)*', $text) . '%0A',
	);
	while (my ($what, $path) = splice @case, 0, 2) {
		verdict("GET $what",
		    word(ask(get_text("$dir/$path"))), 'good');
	}
	my $bad = 'malformedRequest|4\d\d';
	@case = (
		'of nothing' => '', 'of a word' => 'favicon.ico',
		'of half a request' => substr($text, 0, 40),
		'with a space for the plus' => $text =~ s/\+/%20/gr,
		'that ends in half an escape' => "$text%2",
		'with an escape that is none' => $text =~ s/\+/%zz/r,
		'escaped twice' => $escape->($escape->($text, '+/=', '%%%02X'),
		    '%', '%%%02X'),
		'with a NUL' => "$text%00",
		'with something after the padding' => "${text}AAAA",
		'of dots' => '../../../../etc/passwd',
		'of a path of 70 kB' => 'M' x 70000,
		'of slashes' => '/' x 5000,
		'of percent signs' => '%' x 5000,
	);
	while (my ($what, $path) = splice @case, 0, 2) {
		verdict("GET $what is refused",
		    word(ask(get_text("$dir/$path"))), $bad);
	}
}

sub http {
	my $good = request();
	my $plain = post_text($good);
	my $get = $base =~ s,/$,,r . '/' . (encode_base64($good, '') =~
	    s/([+\/=])/sprintf '%%%02X', ord $1/ger);
	my $is = sub {
		my ($what, $text, $want, @rest) = @_;
		verdict($what, word(ask($text, @rest)), $want);
	};
	my $type = 'application/ocsp-request';
	for my $t ('Application/OCSP-Request', "$type; charset=utf-8",
	    "$type;x=y") {
		$is->("a POST as $t", post_text($good, $t), 'good');
	}
	for my $t ('text/plain', 'application/x-www-form-urlencoded',
	    'application/ocsp-response', "x$type", '') {
		$is->("a POST as \"$t\"", post_text($good, $t), '4\d\d');
	}
	$is->('a POST without a type', $plain =~
	    s/Content-Type[^\r]*\r\n//r, '4\d\d');
	for my $method (qw(PUT DELETE PATCH OPTIONS CONNECT FOO TRACE)) {
		my $r = ask($plain =~ s/^POST/$method/r);
		verdict("$method", word($r), '405|400|501');
		verdict("... which says what is allowed",
		    field($r, 'Allow') =~ /GET/ && field($r, 'Allow') =~
		    /POST/ ? 'yes' : 'no', 'yes')
		    if $r && $r->{status} == 405;
	}
	$is->('HTTP/1.0, POST', $plain =~ s/HTTP\/1.1/HTTP\/1.0/r, 'good');
	$is->('HTTP/1.0, GET, without Host', "GET $get HTTP/1.0\r\n\r\n",
	    'good');
	$is->('two Content-Lengths that differ', $plain =~
	    s/(Content-Length: )/${1}5\r\n$1/r, '400');
	$is->('a Content-Length and chunks', $plain =~
	    s/(Content-Length)/Transfer-Encoding: chunked\r\n$1/r, '400');
	$is->('a Content-Length that is none', $plain =~
	    s/(Content-Length: )/${1}x/r, '400');
	$is->('a negative Content-Length', $plain =~
	    s/(Content-Length: )/${1}-/r, '400');
	my $chunked = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
	    unpack '(a10)*', $good;
	$is->('chunks', "POST $base HTTP/1.1\r\nHost: x\r\nContent-Type: " .
	    "$type\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}0\r\n\r\n",
	    'good|411');
	expect_continue($good);
	pipelined($get, $plain);
	oversized($type);
	conditional($get, $good);
	$is->('after all that a plain request', $plain, 'good');
}

sub expect_continue {
	my $good = shift;
	my $socket = open_port();
	my $text = post_text($good, undef, 'Expect: 100-continue');
	my $head = substr $text, 0, index($text, "\r\n\r\n") + 4;
	syswrite $socket, $head;
	my ($r) = receive($socket, 1, 2);
	verdict('Expect: 100-continue is told to go on',
	    $r ? $r->{status} : 'nothing', '100');
	syswrite $socket, $good;
	($r) = receive($socket, 1, 2);
	verdict('... and gets its answer', word($r), 'good');
}

sub pipelined {
	my ($get, $plain) = @_;
	my $socket = open_port();
	syswrite $socket, get_text($get) . $plain . get_text($get =~
	    s,/[^/]*$,/nothing,r) . get_text($get);
	my @r = receive($socket, 4, 5);
	verdict('four requests at once get four answers in order',
	    [map { word($_) } @r], 'good good (?:malformedRequest|4\d\d) good');
}

# Refused at once: nobody waits for what will not be read.
sub oversized {
	my $type = shift;
	for my $size (65537, 10 * 1024 * 1024, 1 << 40) {
		my $began = time;
		my $r = ask("POST $base HTTP/1.1\r\nHost: x\r\nContent-Type: "
		    . "$type\r\nContent-Length: $size\r\n\r\n" . 'x' x 1000);
		verdict("a body of $size octets is refused", word($r),
		    '413|malformedRequest');
		verdict('... at once', time - $began < 1 ? 'yes' : 'no',
		    'yes');
	}
	my $r = ask(post_text('x' x (10 * 1024 * 1024)));
	verdict('ten megabytes that are really sent', word($r),
	    '413|malformedRequest|nothing');
	$r = ask("GET / HTTP/1.1\r\nHost: x\r\n" . "X: y\r\n" x 20000 .
	    "\r\n");
	verdict('20,000 headers', word($r), '431|413|400|nothing');
}

sub conditional {
	my ($get, $good) = @_;
	my $r = ask(get_text($get));
	my $etag = field($r, 'ETag');
	verdict('a GET has a strong ETag', $etag, '"[^"]+"');
	my $control = field($r, 'Cache-Control');
	for my $word ('max-age=\d+', 'public', 'no-transform',
	    'must-revalidate') {
		verdict("... may be cached: $word", $control, ".*$word.*");
	}
	verdict("... has $_", field($r, $_) =~ / GMT$/ ? 'yes' : 'no', 'yes')
	    for qw(Date Expires Last-Modified);
	for my $tag ($etag, "\"x\", $etag", "W/$etag", '*') {
		my $n = ask(get_text($get, "If-None-Match: $tag"));
		verdict("If-None-Match: $tag", $n ? $n->{status} : 'nothing',
		    '304');
		verdict('... has no body', length($n->{body} // ''), 0);
	}
	my $n = ask(get_text($get, 'If-None-Match: "other"'));
	verdict('If-None-Match with another tag', word($n), 'good');
	my $head = ask(get_text($get) =~ s/^GET/HEAD/r, 2, 1);
	verdict('HEAD', $head ? $head->{status} : 'nothing', '200');
	verdict('... has the same ETag', field($head, 'ETag'),
	    quotemeta $etag);
	verdict('... and the length of the body',
	    field($head, 'Content-Length'), length $r->{body});
	# RFC 5019, 6.2: not an instant longer than the answer itself is good.
	my ($made, $this, $next) = map { stamp($_) }
	    $r->{body} =~ /\x18\x0f(\d{14})Z/g;
	my ($date, $end) = map { http_time(field($r, $_)) } qw(Date Expires);
	my ($age) = $control =~ /max-age=(\d+)/;
	verdict('Last-Modified is thisUpdate', http_time(field($r,
	    'Last-Modified')), $this);
	verdict('Expires is no later than nextUpdate', $end <= $next &&
	    $end > $made ? 'yes' : "$made $end $next", 'yes');
	verdict('max-age neither', $age > 0 && $date + $age <= $next ? 'yes' :
	    "$date + $age > $next", 'yes');
	verdict('an error is not stored', field(ask(post_text('?')),
	    'Cache-Control'), 'no-store');
	$n = ask(post_text($good));
	verdict('a POST gives the same answer', $n->{body} eq $r->{body} ?
	    'yes' : 'no', 'yes');
}

sub stamp {
	my ($y, $month, $d, $h, $m, $s) =
	    $_[0] =~ /^(....)(..)(..)(..)(..)(..)$/;
	return timegm($s, $m, $h, $d, $month - 1, $y);
}
sub http_time {
	my $n = 0;
	my %month = map { $_ => $n++ }
	    qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);
	return $_[0] =~ /^\w+, (\d+) (\w+) (\d+) (\d+):(\d+):(\d+) GMT$/ ?
	    timegm($6, $5, $4, $1, $month{$2}, $3) : 0;
}

# Whatever the base 64 of a request looks like, it arrives.
sub any {
	my ($wrong, $other, $dir) = (0, 0, $base =~ s,/$,,r);
	for my $i (1 .. 300) {
		my $n = substr Digest::SHA::sha512("$i-" . time), 0, 1 + $i % 20;
		$n =~ s/^./\x7f/s;
		my $id = cert_id(serial => der(0x02, $n),
		    hash => (qw(sha1 sha256))[$i & 1]);
		my $text = encode_base64(request(list => seq($id)), '');
		$text =~ s/([+\/=])/sprintf '%%%02x', ord $1/ge if $i & 2;
		my $r = ask(get_text("$dir/$text"));
		$wrong++ unless word($r) eq 'unknown';
		$other++ unless $r && index($r->{body}, $id) > 0;
	}
	verdict('300 requests by GET, raw and escaped, are answered', $wrong, 0);
	verdict('... each about what it asked', $other, 0);
}

# Connections on which little happens do not keep others waiting.
sub stall {
	my $plain = post_text(request());
	my @slow;
	for my $n (0 .. 99) {
		my $socket = open_port();
		syswrite $socket, substr $plain, 0, $n * length($plain) / 100;
		push @slow, $socket;
	}
	my ($worst, $wrong) = (0, 0);
	for (1 .. 50) {
		my $began = time;
		$wrong++ unless word(ask($plain)) eq 'good';
		my $took = time - $began;
		$worst = $took if $took > $worst;
	}
	verdict('100 stalled clients keep nobody waiting',
	    $worst < 1 ? 'yes' : sprintf('%.1f s', $worst), 'yes');
	verdict('... nor from the right answer', $wrong, 0);
	syswrite $slow[50], substr $plain, length($plain) / 2;
	my ($r) = receive($slow[50], 1, 2);
	verdict('who goes on in time is answered', word($r), 'good');
}

my %parts = (malformed => \&malformed, changed => \&changed, refused => \&refused,
    any => \&any, tolerated => \&tolerated, path => \&path, http => \&http,
    stall => \&stall);
($parts{$part} // die "$0: no part \"$part\"\n")->();
