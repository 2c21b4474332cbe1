# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Private SoftHSM tokens for integration tests, after tests/integration/tap.sh:
#
#	tokens_begin			no tokens yet; PIN in the file $tmp/pin
#	token_make LABEL		a token
#	token_import LABEL NAME PEM ID	a private key into it
#	token_tool LABEL ARGUMENT...	pkcs11-tool, logged in
#	token_unplug LABEL, token_plug LABEL	it vanishes, it is back
: "${tmp:?}" "${pki:=}"
module=/usr/lib/softhsm/libsofthsm2.so
[ -e "$module" ] || module=/usr/lib64/pkcs11/libsofthsm2.so

tokens_begin() {
	mkdir -p "$tmp/tokens" "$tmp/unplugged"
	cat >"$tmp/softhsm2.conf" <<-CONF
	directories.tokendir = $tmp/tokens
	objectstore.backend = file
	log.level = ERROR
	CONF
	SOFTHSM2_CONF=$tmp/softhsm2.conf PKCS11_MODULE_PATH=$module
	export SOFTHSM2_CONF PKCS11_MODULE_PATH
	(umask 077 && echo 1234 >"$tmp/pin" && echo 9999 >"$tmp/wrong-pin")
}

token_make() {
	ls "$tmp/tokens" >"$tmp/before"
	softhsm2-util --init-token --free --label "$1" --pin 1234 \
	    --so-pin 12345678 >/dev/null || return 1
	ls "$tmp/tokens" | comm -13 "$tmp/before" - >"$tmp/token-$1"
}

token_import() {
	softhsm2-util --import "$3" --token "$1" --label "$2" --id "$4" \
	    --pin 1234 >/dev/null
}

token_tool() {
	token_label=$1
	shift
	pkcs11-tool --module "$module" --token-label "$token_label" --login \
	    --pin 1234 "$@"
}

token_unplug() {
	mv "$tmp/tokens/$(cat "$tmp/token-$1")" "$tmp/unplugged/"
}

token_plug() {
	mv "$tmp/unplugged/$(cat "$tmp/token-$1")" "$tmp/tokens/"
}

# cad_tokens - the daemon's settings for all that
cad_tokens() {
	cat >>"$pki/cad.conf" <<-CONF
	pkcs11_module = "$module";
	token_paths = [ "$tmp/tokens", "$tmp/softhsm2.conf" ];
	CONF
}

# ca_into_token CA LABEL - the CA's key moves from its file into a token
ca_into_token() {
	openssl pkey -in "$pki/ca/$1.key" -out "$tmp/plain.pem" \
	    -passin "file:$pki/secrets/ca-$1" &&
	token_import "$2" "$1" "$tmp/plain.pem" 01 &&
	rm "$tmp/plain.pem" "$pki/ca/$1.key" &&
	ca_key_is "$1" "pkcs11:token=$2;object=$1" "$tmp/pin"
}

# ca_key_is CA URI PIN-FILE
ca_key_is() {
	awk -v ca="$1" -v uri="$2" -v pin="$3" '
	    /name *= *"/ { mine = index($0, "\"" ca "\"") }
	    mine && /^[ \t]*key *=/ { sub(/=.*/, "= \"" uri "\";") }
	    mine && /^[ \t]*passphrase *=/ {
		sub(/=.*/, "= \"file:" pin "\";")
	    }
	    { print }' "$pki/cad.conf" >"$tmp/cad.new" &&
	mv "$tmp/cad.new" "$pki/cad.conf"
}
