#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# "openssl ocsp" in the place of signet-ocspd: its answers, which name who signs
# them by name or by key, are read by the canary, and believed if they are the
# CA's.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
cd "$tmp" || exit 1
services_install
# It takes no path before the request of a GET.
sed -i "s|\"$ocsp\"|\"${ocsp%/ocsp}\"|" "$pki/cad.conf"
ocsp=${ocsp%/ocsp}
service_start cad
for name in alice bob; do
	person "$name" mail-dual >/dev/null || echo "# no certificate for $name"
done
revoke bob --reason keyCompromise >/dev/null

# delegate NAME CA [extension] - who answers for the CA, if it says so
delegate() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -subj '/O=Example AB/CN=Answers' -out "$1.csr" \
	    2>/dev/null
	printf '%s\n' "${3:-keyUsage = digitalSignature}" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$pki/ca/$2.key" \
	    -passin "file:$pki/secrets/ca-$2" -set_serial 0x7001 -days 2 \
	    -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}
# responder SIGNER [options] - sets answers, its pid
responder() {
	responder_signer=$1
	shift
	openssl ocsp -port "${ocsp##*:}" -index index -CA people.pem \
	    -rsigner "$responder_signer.pem" -rkey "$responder_signer.key" \
	    -ignore_err -nmin 5 "$@" >>"$tmp/log" 2>&1 &
	answers=$!
	pids="$pids $answers"
	wait_for replies
}
replies() {
	openssl ocsp -issuer people.pem -cert alice.pem -url "$ocsp" \
	    -CAfile "$pki/ca/root.pem" -noverify -resp_text >reply 2>&1 &&
	    grep -q '^alice.pem: good' reply
}
canary() {
	signet canary --ca people --sample 10 --json >found.json 2>found.err
	jq -r 'select(.result) | [.result, .ca, .what, .words] | join("|")' \
	    found.json >found
}
told() {
	ok "$1 is said of \"$2\" ($3)" grep -q "^$1|people|$2|.*$3" found
}
row() {
	printf '%s\t%s\t%s\t%s\tunknown\t/CN=%s\n' "$1" "$2" "$3" \
	    "$(serial_in "$4.pem" | tr a-f A-F)" "$4"
}
{
	row V 400101000000Z '' alice
	row R 400101000000Z "$(sql "SELECT to_char(revoked_at AT TIME ZONE
	    'UTC', 'YYMMDDHH24MISS') FROM cert WHERE status = 'revoked'")Z,keyCompromise" bob
} >index
ocsp_signing=$(printf 'extendedKeyUsage = OCSPSigning\nnoCheck = ignored')
delegate nobody people
delegate checked people 'extendedKeyUsage = OCSPSigning'
delegate foreign services "$ocsp_signing"
delegate signer people "$ocsp_signing"

while read -r who why; do
	responder "$who"
	canary
	told WRONG 'ocsp get good' "$why"
	told WRONG 'ocsp post good' "$why"
	told WRONG 'ocsp post revoked' "$why"
	stop "$answers"
done <<-END
	nobody its certificate is not for OCSPSigning
	checked lacks id-pkix-ocsp-nocheck
	foreign its certificate is by another CA
END

responder signer
ok 'the answers name their signer by name' grep -q \
    'Responder Id: .*CN *= *Answers' reply
canary
told ok 'ocsp get good' ''
told ok 'ocsp post good' ''
told ok 'ocsp post revoked' ''
stop "$answers"
responder signer -resp_key_id
ok 'or by key' grep -qE 'Responder Id: [0-9A-F]{40}' reply
canary
told ok 'ocsp get good' ''
told ok 'ocsp post good' ''
told ok 'ocsp post revoked' ''
stop "$answers"

# What it says must be true, too.
sed -i 's/,keyCompromise/,superseded/' index
responder signer
canary
told WRONG 'ocsp post revoked' 'has reason 1 in the store, 4 in the answer'
stop "$answers"
done_testing
