# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A registration authority that is owned: its key, its role in the store, and
# what officers' browsers have sent it.  After tests/lib/installation.sh:
#
#	owned_ra			there is an RA, and its key is ours
#	enrol NAME PROFILE ID "CN"	a certificate: $tmp/NAME.key, NAME.pem
#	bind NAME PERSON [options]	a security key, $tmp/NAME.auth, bound by
#					two; its order $tmp/NAME.bind, its digest
#					$bind_hex
#	half NAME PERSON		the same, signed by s1 alone
#	an_order [NAME]			an order for a certificate; its id in $id;
#					with the request of that name, if any
#	attack 'what' 'why not' [NAME]	an_order, sealed as the variables of
#					usual() say
#	strike				the CA meets all that was made so far, and
#					refuses it for these reasons
#	seal ID, as_ra SQL, ra_put ID FILE
: "${tmp:?}" "${pki:?}"
origin=https://ra.example.org:8444

enrol() {
	request "$1" &&
	as s1 signet order new --sign --profile "$2" --csr "$tmp/$1.csr" \
	    --holder "$3" --holder-name "$4" -f id="$3" -f name="$4" \
	    -f org="Example AB" --yes >/dev/null &&
	enrolled=$(last_order) &&
	as s2 signet order approve --yes "$enrolled" >/dev/null &&
	cad && cert_of "$enrolled" >"$tmp/$1.pem"
}

owned_ra() {
	enrol ra ra-agent ra-9 "RA nine" && request same && usual
}

half() {
	[ -e "$tmp/$1.auth" ] || authenticator key P-256 "$tmp/$1.auth" ||
	    return 1
	authenticator register "$tmp/$1.auth" ra.example.org "$origin" \
	    >"$tmp/$1.json" || return 1
	half_name=$1 half_person=$2
	shift 2
	as s1 signet credential new "$tmp/$half_name.json" \
	    --person "$half_person" --origin "$origin" --yes "$@" &&
	bind_id=$(last_order) && blob_get "$bind_id" "$tmp/$half_name.bind"
}

# shellcheck disable=SC2034
bind() {
	half "$@" && as s2 signet order approve --yes "$bind_id" >/dev/null &&
	cad && [ "$(order_state "$bind_id")" = 'done' ] &&
	blob_get "$bind_id" "$tmp/$1.bind" &&
	bind_hex=$(authenticator digest "$tmp/$1.bind")
}

# What the next assertion is, unless something else is said in front of it.
usual() {
	auth=$tmp/one.auth rp=ra.example.org at=$origin flags=05 counter=7
	officer=$pki/officers/o1.pem bound=$tmp/one.bind challenge=
	client=- extra='' replay=
}

# The order, with the RA's signature and the assertion, into the store.
seal() {
	blob_get "$1" "$tmp/blob" || return 1
	if [ -n "$replay" ]; then
		authenticator replay "$tmp/blob" "$tmp/sealed" "$replay" \
		    "$officer" "$tmp/ra.key" "$tmp/ra.pem" \
		    "$pki/ca/services.pem" && ra_put "$1" "$tmp/sealed"
		return
	fi
	authenticator seal "$tmp/blob" "$tmp/sealed" "$auth" "$rp" "$at" \
	    "${challenge:-$(authenticator digest "$tmp/blob")}" "$flags" "$officer" "$bound" "$tmp/ra.key" \
	    "$tmp/ra.pem" "$pki/ca/services.pem" "$counter" "$client" \
	    "$extra" && ra_put "$1" "$tmp/sealed"
}

as_ra() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d signet -U signet_ra \
	    -c "SET search_path = signet" -c "$1" 2>&1
}

ra_put() {
	as_ra "UPDATE orders SET state = 'ready', approvals = 2,
	    blob = decode('$(base64 -w 0 "$2")', 'base64')
	    WHERE id = decode('$1', 'hex')"
}

an_order() {
	order_name=${1:-same}
	order_csr=$tmp/$order_name.csr
	[ -e "$order_csr" ] || order_csr=$tmp/same.csr
	signet order new --profile tls-server --csr "$order_csr" \
	    --holder "$order_name" --holder-name "$order_name" \
	    --field "dns=$order_name.example.org" --yes </dev/null \
	    >"$tmp/order.out" 2>&1 && id=$(last_order)
}

an_attack() {
	an_order "${1:-}" && seal "$id"
}

# Of an order that is there already: attack_on ID 'what' 'why not'
attack_on() {
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$tmp/attacks"
	usual
}

attack() {
	ok "$1" an_attack "${3:-}"
	attack_on "$id" "$1" "$2"
}

strike() {
	cad
	tab=$(printf '\t')
	while IFS=$tab read -r id what why; do
		refused "$what" "$id" "$why"
	done <"$tmp/attacks"
	: >"$tmp/attacks"
}
