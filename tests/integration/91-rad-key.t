#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# The web server's key of signet-rad is not in the process that strangers reach:
# encrypted in a file, or in a token; and each handshake is signed all the same.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
# shellcheck source=tests/lib/softhsm.sh
. "$srcdir/tests/lib/softhsm.sh"
tokens_begin
token_make web
install_pki
rad_configure
key=$pki/tls/ra-tls.key

# shake VERSION [option]... - a handshake; says how it was signed
shake() {
	shake_version=$1
	shift
	openssl s_client -connect "127.0.0.1:$rad_port" "-$shake_version" \
	    -CAfile "$pki/ca/root.pem" -verify_return_error -servername \
	    "$rad_host" "$@" </dev/null >"$tmp/shake" 2>&1 &&
	    sed -n 's/^Peer signature type: //p;
		s/^Peer signing digest: //p' "$tmp/shake" | paste -sd ' '
}
stops() {
	signet-rad -d -c "$pki/rad.conf" >"$tmp/rad.log" 2>&1
	[ $? -eq 1 ]
}
new_key() {
	rm -f "$tmp/new.pem"
	openssl req -new -newkey "$@" -nodes -keyout "$tmp/new.key" \
	    -out "$tmp/new.csr" -subj "/CN=$rad_host" 2>/dev/null &&
	as o1 signet order new --profile tls-server --csr "$tmp/new.csr" \
	    --holder "web$$" --holder-name web --field "dns=$rad_host" \
	    --sign --yes >"$tmp/out" 2>&1 && cad &&
	cert_of "$(last_order)" >"$tmp/new.pem" &&
	cat "$pki/ca/services.pem" >>"$tmp/new.pem"
}
# has_in_memory PID HEX - in the order of bytes of files or of OpenSSL's numbers
has_in_memory() {
	perl -e '
		my ($pid, $hex) = @ARGV;
		my $want = pack("C*", map(hex, split(/:/, $hex)));
		open(my $mem, "<:raw", "/proc/$pid/mem") or exit 2;
		open(my $maps, "<", "/proc/$pid/maps") or exit 2;
		while (<$maps>) {
			/^([0-9a-f]+)-([0-9a-f]+) r/ or next;
			my ($from, $to) = (hex($1), hex($2));
			next if $to - $from > 1 << 28;
			sysseek($mem, $from, 0) or next;
			defined(sysread($mem, my $all, $to - $from)) or next;
			exit 0 if index($all, $want) >= 0 ||
			    index($all, scalar reverse $want) >= 0;
		}
		exit 1' "$1" "$2"
}
# The process of that name below signet-rad.
process() {
	ps -o pid=,comm= --ppid "$rad_pid" |
	    awk -v name="signet-rad: $1" '{
		pid = $1
		sub(/^ *[0-9]+ /, "")
		if ($0 == substr(name, 1, 15))
			print pid
	    }'
}

# --- what cannot work ---
echo wrong >"$tmp/wrong" && chmod 600 "$tmp/wrong"
rad_set tls_passphrase "\"file:$tmp/wrong\""
ok 'a wrong passphrase: it does not start' stops
ok '... and says whose key it is' grep -q \
    "the web server's key: $key: .*passphrase" "$tmp/rad.log"
rad_set tls_passphrase "\"file:$tmp/nosuch\""
ok 'no passphrase: it does not start' stops
ok '... and says where it looked' grep -q \
    "the web server's key: .*$tmp/nosuch: No such file" "$tmp/rad.log"
rad_set tls_passphrase "\"file:$pki/secrets/agent-ra-tls\""
cp "$pki/tls/ra-tls.pem" "$tmp/kept.pem"
cat "$pki/agents/ra.pem" >"$pki/tls/ra-tls.pem"
ok 'a certificate of another key: it does not start' stops
ok '... and says so' grep -q 'the certificate does not belong to the key' \
    "$tmp/rad.log"
cat "$tmp/kept.pem" >"$pki/tls/ra-tls.pem"

# --- encrypted, as "signet init" makes it ---
ok 'G020: the key is encrypted on disk' grep -q 'BEGIN ENCRYPTED PRIVATE KEY' \
    "$key"
ok 'it starts' rad_start
is 'a page' "$(visit /)" 200
is 'TLS 1.3' "$(shake tls1_3)" 'SHA256 ECDSA'
is 'TLS 1.2' "$(shake tls1_2)" 'SHA256 ECDSA'
not 'a scheme that is not the key'\''s gets no handshake' shake tls1_3 \
    -sigalgs rsa_pss_rsae_sha256
is '... and others go on' "$(visit /)" 200
web=$(process web)
ok 'the process that strangers reach is there' [ -n "$web" ]
secret=$(openssl pkey -in "$key" -passin "file:$pki/secrets/agent-ra-tls" \
    -noout -text | sed -n '/^priv:/,/^pub:/{ /^p/d; p; }' | tr -dc 'a-f0-9:' |
    sed 's/^:*//; s/:*$//; s/^00://')
# Whoever runs this may not be let into other processes' memory.
if has_in_memory "$(process keeper)" "$secret"; then
	not 'the key is not in its memory' has_in_memory "$web" "$secret"
fi

# Handshakes are signed by several threads: none is outside of the sandbox.
confined() {
	grep -c "^$1:.*$2\$" /proc/"$(process keeper)"/task/*/status |
	    grep -c ':1$'
}
threads=$(find "/proc/$(process keeper)/task" -mindepth 1 -maxdepth 1 |
    wc -l)
ok 'it has a thread for each of several handshakes' test "$threads" -ge 2 \
    -a "$threads" -le 16
is '... none of which gets new privileges' "$(confined NoNewPrivs 1)" \
    "$threads"
is '... or opens a socket' "$(confined Seccomp 2)" "$threads"

# --- renewed while it runs, by one of another kind ---
ok 'an RSA key' new_key rsa:2048
openssl pkcs8 -topk8 -in "$tmp/new.key" -out "$key.n" -v2 aes256 \
    -passout "file:$pki/secrets/agent-ra-tls" 2>/dev/null
chmod 600 "$key.n" && mv "$key.n" "$key" && cp "$tmp/new.pem" "$tmp/new2.pem" &&
    mv "$tmp/new2.pem" "$pki/tls/ra-tls.pem"
ok 'the new certificate is in use at once' wait_for grep -q \
    "the web server's new certificate is in use" "$tmp/rad.log"
is 'TLS 1.3 with RSA' "$(shake tls1_3)" 'SHA256 RSA-PSS'
is 'TLS 1.2 with RSA, as of old' "$(shake tls1_2 -sigalgs RSA+SHA256)" \
    'SHA256 RSA'
is '... with another hash' "$(shake tls1_2 -sigalgs RSA+SHA512)" 'SHA512 RSA'
is '... and with PSS' "$(shake tls1_2 -sigalgs rsa_pss_rsae_sha384)" \
    'SHA384 RSA-PSS'
is 'a page' "$(visit /)" 200
echo nonsense >"$pki/tls/ra-tls.pem"
ok 'one that cannot be used is said' wait_for grep -q \
    "the web server's new key" "$tmp/rad.log"
is '... and the old one stays' "$(visit /)" 200
rad_stop

# --- in a token ---
if [ -e "$module" ]; then
	ok 'a key for a token' new_key ec -pkeyopt ec_paramgen_curve:P-256
	openssl pkcs8 -topk8 -nocrypt -in "$tmp/new.key" -out "$tmp/p8.pem"
	ok '... goes there' token_import web tls "$tmp/p8.pem" 01
	rm -f "$tmp/new.key" "$tmp/p8.pem" "$key"
	cp "$tmp/new.pem" "$pki/tls/ra-tls.pem"
	rad_set tls_key '"pkcs11:token=web;object=tls"'
	rad_set pkcs11_module "\"$module\""
	rad_set token_paths "[ \"$tmp/tokens\", \"$tmp/softhsm2.conf\" ]"
	rad_set tls_passphrase "\"file:$tmp/wrong-pin\""
	ok 'a wrong PIN: it does not start' stops
	ok '... and says why' grep -q "the web server's key: .*PIN" \
	    "$tmp/rad.log"
	rad_set tls_passphrase "\"file:$tmp/pin\""
	ok 'it starts' rad_start
	is 'TLS 1.3' "$(shake tls1_3)" 'SHA256 ECDSA'
	is 'a page' "$(visit /)" 200
	not 'only the keeper has the module' grep -q softhsm \
	    "/proc/$(process web)/maps"
	rad_stop
fi
done_testing
