#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From nothing to a thousand certificates in the hands of other programs: a
# root held by three custodians of whom two are needed, two issuing CAs, one
# batch that two officers approve, and what OpenSSL, GnuTLS and NSS say of
# each certificate, of the lists, of the order and of the audit.
#
# SIGNET_BATCH=N for another size, SIGNET_BATCH_KEY=rsa:2048 for other keys.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
cd "$tmp" || exit 1
batch=${SIGNET_BATCH:-1000}
revoked=25
email=1.3.6.1.5.5.7.3.4

# --- what others say of one certificate or of many ---------------------------

# openssl_takes DIR [option]... - one process; the names of those refused, and
# how many it took.
openssl_takes() {
	takes_dir=$1
	shift
	openssl verify -x509_strict -purpose smimesign -CAfile root.pem \
	    -untrusted people.pem "$@" "$takes_dir"/*.pem >took 2>refused
	sed -n 's/^error \(.*\): verification failed$/\1/p' refused
	echo "$(grep -c ': OK$' took) taken"
}

# The root alone is trusted; GnuTLS gets the chain as a server would send it.
gnutls_takes() {
	takes_dir=$1
	shift
	for f in "$takes_dir"/*.pem; do
		cat "$f" people.pem | certtool --verify --verify-profile medium \
		    --verify-purpose "$email" --load-ca-certificate root.pem \
		    "$@" >"$f.gnutls" 2>&1 && echo taken && continue
		echo "error $f"
	done | awk '/^taken/ { ok++; next } { print $2 }
	    END { print ok + 0 " taken" }'
}

# Usage 4 is a signer of mail.  The database has the root, which is trusted,
# and the people CA, which is not.
nss_takes() {
	takes_dir=$1
	for f in "$takes_dir"/*.pem; do
		if vfychain -d sql:nss -u 4 -a "$f" >"$f.nss" 2>&1; then
			echo taken
		else
			echo "error $f"
		fi
	done | awk '/^taken/ { ok++; next } { print $2 }
	    END { print ok + 0 " taken" }'
}

# Both programs that take one certificate at a time, at the same time.
all_take() {
	what=$1
	shift
	gnutls_takes "$what" "$@" >"$what.gnutls" &
	gnutls_pid=$!
	nss_takes "$what" >"$what.nss"
	wait "$gnutls_pid"
}

# Every certificate of the bundle by its serial number, into LEAVES/HEX.pem.
split_bundle() {
	mkdir "$2" && cert_lines "$1" >"$2.lines" &&
	awk -v dir="$2" -F '\t' 'FNR == NR { if ($2 ~ /People CA$/)
		file[FNR] = dir "/" $NF ".pem"; next }
	    /-BEGIN CERTIFICATE-/ { i++ }
	    i in file { print >file[i] }
	    /-END CERTIFICATE-/ && i in file { close(file[i]) }' \
	    "$2.lines" "$1"
}

# --- the root, the CAs, the officers -----------------------------------------

for n in 1 2 3; do
	(umask 077 && openssl rand -hex 16 >"custodian$n")
done
# G036: the owner's own CA, with nobody else's help.
root_key=rsa:3072 ca_key=rsa:3072
install_pki --custodian "c1=file:$tmp/custodian1" \
    --custodian "c2=file:$tmp/custodian2" \
    --custodian "c3=file:$tmp/custodian3" --threshold 2
cp "$pki/ca/root.pem" root.pem
for ca in people services; do
	sed -n '1,/-END/p' "$pki/ca/$ca.pem" >"$ca.pem"
done

ok 'S072, S073: a root and two issuing CAs below it' \
    openssl verify -x509_strict -CAfile root.pem people.pem services.pem
not 'E054: one custodian cannot use the root' signet-root crl \
    --dir "$pki/root" --yes --custodian "c3=file:$tmp/custodian3"
ok '... any two can' signet-root crl --dir "$pki/root" --yes \
    --custodian "c2=file:$tmp/custodian2" \
    --custodian "c3=file:$tmp/custodian3"
ok 'E124, E197: the ceremonies can be replayed without the key' \
    signet-root replay --dir "$pki/root"
openssl crl -inform DER -in "$(find "$pki/root/crl" -name '*.crl' | sort |
    tail -n 1)" -out root.crl

# --- the batch ---------------------------------------------------------------

ok "S025: $batch persons make a key and a request each" \
    make_requests "$tmp/requests" "$batch" "${SIGNET_BATCH_KEY:-ec:P-256}"
start signet-cad -d -c "$pki/cad.conf"
ok 'an officer hands in the batch and signs it' as o1 signet order import \
    --profile mail-dual --csv requests/people.csv --sign --yes
id=$(last_order)
is 'E192: one officer is not enough' "$(order_state "$id")" pending
as o1 signet order approve "$id" --yes >out 2>&1
is '... and counts once' "$(order_state "$id")" pending
is '... so nobody has a certificate' "$(sql "SELECT count(*) FROM cert")" \
    "$certs_mark"
ok 'a second officer signs it' as o2 signet order approve "$id" --yes
issued() {
	[ "$(order_state "$id")" = "done" ]
}
ok 'the batch is issued' wait_for issued

ok 'the audit bundle is exported' signet audit export bundle
ok '... and alone proves everything' signet audit verify bundle \
    --root root.pem
ok 'its certificates are taken apart' split_bundle bundle/certs.pem leaf
find leaf -name '*.pem' | sort >leaf.list
is "there are $batch" "$(wc -l <leaf.list)" "$batch"

# --- the order, for anybody with CMS -----------------------------------------

ok 'S001: the order is exported' signet order export "$id" --out order.pem
ok '... openssl cms verifies it' openssl cms -verify -inform PEM \
    -in order.pem -CAfile root.pem -purpose any -signer signers.pem \
    -out order.der
is '... with the signatures of both officers' "$(cert_lines signers.pem |
    sed 's/.*CN=\([^,]*\)	C=.*/\1/' | sort | tr '\n' ' ')" \
    "Olga One Otto Two "
digest=$(openssl dgst -sha256 -r order.der | cut -c 1-64)
is '... and the audit names its digest with each certificate' "$(cut -d ' ' \
    -f 3 bundle/entries.txt | base64 -di | grep -c "^order=$digest")" \
    "$((batch + 3))"
sed 's/^\(MII*.*\)$/\1/' order.pem | awk 'NR == 9 {
    $0 = substr($0, 2) substr($0, 1, 1) } { print }' >changed.pem
not '... a changed one it does not verify' openssl cms -verify -inform PEM \
    -in changed.pem -CAfile root.pem -purpose any -out changed.der

# --- what is in them ---------------------------------------------------------

awk '{ print length($NF) / 2, $NF }' FS='\t' leaf.lines >serials
is 'G014: serial numbers are unique' "$(sort -u serials | wc -l)" \
    "$(wc -l <serials)"
is '... positive, below 2^159' "$(awk '$1 > 20 || $1 == 20 &&
    $2 !~ /^[0-7]/ || $2 ~ /^-/' serials)" ""
# 160 random bits without the sign: fewer than 19 octets is chance no more.
is '... and long' "$(awk '$1 < 19' serials)" ""

# What the rows of the file, the requests and the profile say, written as
# OpenSSL prints it; the certificates must say exactly that.
key_usage='Digital Signature, Key Agreement'
case ${SIGNET_BATCH_KEY:-} in
rsa*) key_usage='Digital Signature, Key Encipherment' ;;
esac
aki=$(openssl x509 -in people.pem -noout -ext subjectKeyIdentifier |
    sed -n 's/^ *\([0-9A-F:]*\)$/\1/p')
cert_lines requests/*.csr >requests.lines
tail -n +2 requests/people.csv | tr , '\t' | paste - requests.lines |
    awk -F '\t' -v OFS='\t' -v aki="$aki" -v ku="$key_usage" '{
	print "C=" $8 ",O=" $6 ",organizationIdentifier=" $7 ",SN=" $3 \
	    ",GN=" $2 ",CN=" $4, "C=SE,O=Example AB,CN=Example AB People CA",
	    "v3", 730 * 86400 - 1, "RSA-SHA256", $11,
	    "authorityKeyIdentifier=" aki, "subjectKeyIdentifier=" $12,
	    "keyUsage!=" ku, "certificatePolicies=Policy: 2.23.140.1.5.3.2",
	    "subjectAltName=email:" $5, "extendedKeyUsage=E-mail " \
	    "Protection, TLS Web Client Authentication",
	    "crlDistributionPoints=Full Name: " \
	    "URI:http://pki.example.org/crl/people.crl",
	    "authorityInfoAccess=OCSP - URI:http://pki.example.org/ocsp " \
	    "CA Issuers - URI:http://pki.example.org/ca/people.cer" }' |
    sort >expected
grep -F 'CN=Example AB People CA	' leaf.lines | sed 's/	[^	]*$//' | sort >found
is "G015, E044, S029, S087: each holds what its order and its profile say" \
    "$(comm -3 expected found | head -n 4)" ""
is '... all of them' "$(comm -12 expected found | wc -l)" "$batch"

# --- what others make of them ------------------------------------------------

mkdir nss
ok 'NSS gets the root and the people CA' sh -c '
    certutil -N -d sql:nss --empty-password &&
    certutil -A -d sql:nss -n root -t CT,C,C -i root.pem &&
    certutil -A -d sql:nss -n people -t ,, -i people.pem'
is "G004, S008: OpenSSL takes all $batch, being strict" \
    "$(openssl_takes leaf)" "$batch taken"
all_take leaf
is "... GnuTLS takes all $batch" "$(cat leaf.gnutls)" "$batch taken"
is "... NSS takes all $batch" "$(cat leaf.nss)" "$batch taken"

# So that taking them means something: one whose signature is not right.
mkdir wrong
openssl x509 -in "$(head -n 1 leaf.list)" -outform DER -out wrong.der
{
	head -c -8 wrong.der
	printf 'tampered'
} | openssl x509 -inform DER -out wrong/1.pem
all_take wrong
is 'a changed one OpenSSL refuses' "$(openssl_takes wrong | tail -n 1)" \
    '0 taken'
is '... GnuTLS, too' "$(tail -n 1 wrong.gnutls)" '0 taken'
is '... and NSS' "$(tail -n 1 wrong.nss)" '0 taken'

# --- revocation --------------------------------------------------------------

awk -v n="$revoked" -v all="$batch" 'NR % int(all / n) == 0 && k++ < n' \
    leaf.list | sort >revoked.list
# shellcheck disable=SC2046 # a list of serial numbers
ok "E017: $revoked are revoked in one order" as o2 signet revoke \
    $(sed 's/.*\/\(.*\).pem/\1/' revoked.list) --reason keyCompromise \
    --yes --wait 30s
the_list() {
	rm -f people.crl people.der
	signet crl export people --out people.crl &&
	    openssl crl -in people.crl -outform DER -out people.der &&
	    [ "$(openssl crl -in people.crl -noout -text |
	    grep -c 'Serial Number')" -eq "$revoked" ]
}
ok 'E113, S026: they are on a list' wait_for the_list
is '... and no others' "$(openssl crl -in people.crl -noout -text |
    sed -n 's/.*Serial Number: *\(.*\)/leaf\/\1.pem/p' | sort |
    comm -3 - revoked.list)" ""
is '... each with the reason' "$(openssl crl -in people.crl -noout -text |
    grep -c 'Key Compromise')" "$revoked"
ok '... of number 2 or higher' sh -c 'n=$(openssl crl -in people.crl \
    -noout -crlnumber | sed "s/.*0x//"); [ "$((0x$n))" -ge 2 ]'
not '... without issuingDistributionPoint, which mail programs refuse' sh -c '
    openssl crl -in people.crl -noout -text | grep -q Issuing.Distribution'

says 'verify OK' openssl crl -in people.crl -CAfile people.pem -noout
says 'Verified. The certificate is trusted' certtool --verify-crl \
    --load-ca-certificate people.pem --infile people.crl
ok 'NSS takes the list' crlutil -I -d sql:nss -i people.der -t 1
says 'people' crlutil -L -d sql:nss

{
	cat revoked.list
	echo "$((batch - revoked)) taken"
} >with_list
is 'OpenSSL refuses those on the list, and takes the others' \
    "$(openssl_takes leaf -crl_check -CRLfile people.crl)" \
    "$(cat with_list)"
cat people.crl root.crl >both.crl
is '... also with the list of the root' "$(openssl_takes leaf \
    -crl_check_all -CRLfile both.crl | tail -n 1)" \
    "$((batch - revoked)) taken"
# Each of them takes its time: the revoked, and as many others twice.
mkdir some
comm -23 leaf.list revoked.list | head -n "$((2 * revoked))" >others.list
sort others.list revoked.list | xargs cp -t some
{
	sed 's/^leaf/some/' revoked.list
	echo "$(wc -l <others.list) taken"
} >with_list
all_take some --load-crl people.crl
is '... so does GnuTLS' "$(cat some.gnutls)" "$(cat with_list)"
is '... so does NSS' "$(cat some.nss)" "$(cat with_list)"
is '... because they are revoked' "$(cat some/*.nss |
    grep -c "ERROR -8180: Peer's Certificate has been revoked")" "$revoked"

# --- the audit ---------------------------------------------------------------

sleep 1
ok 'E119: the audit is exported again' signet audit export after
mkdir elsewhere && cp -r after root.pem elsewhere
stop "$last"
pg_stop "$tmp/pg"
ok '... and verified where there is no store and no setting' env -i \
    PATH="$PATH" signet audit verify elsewhere/after \
    --root elsewhere/root.pem
is '... it knows the revoked' "$(grep -c ' revoked ' after/status.txt)" \
    "$revoked"
sed "s/ revoked / good /" after/status.txt >elsewhere/after/status.txt
not '... and finds a status that nobody ordered' env -i PATH="$PATH" \
    signet audit verify elsewhere/after --root elsewhere/root.pem

done_testing
