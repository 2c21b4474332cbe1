# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Officers at the pages of a registration authority; after rad.sh:
#
#	bind WHO PERSON [options]	a security key for the person, bound by
#					two security officers: $tmp/WHO.auth
#	form_order			the digest of the order in $tmp/body
#	post WHO PATH [curl's]		a form with the token of $tmp/body
#	post_hidden WHO PATH		likewise, with what the page has filled in
#	touch_it WHO PATH [DIGEST]	post the page's order, signed with
#					$tmp/WHO.auth; key=, origin= say otherwise
#	shows TEXT			the page in $tmp/body has it
#	lacks TEXT			it has not
#	upload WHO PATH FILE [curl's]	a list, with the token of $tmp/body
: "${tmp:?}" "${rad_host:?}"

bind() {
	bind_who=$1 bind_person=$2
	shift 2
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
	    -out "$tmp/$bind_who.auth" 2>/dev/null &&
	authenticator register "$tmp/$bind_who.auth" "$rad_host" "$rad_cert" \
	    >"$tmp/$bind_who.json" &&
	as s1 signet credential new "$tmp/$bind_who.json" \
	    --person "$bind_person" --origin "$rad_cert" --yes "$@" &&
	bind_id=$(last_order) &&
	as s2 signet order approve --yes "$bind_id" && cad &&
	[ "$(order_state "$bind_id")" = "done" ]
}

form_order() {
	sed -n 's/.*SHA-256 <code>\([0-9a-f]\{64\}\)<.*/\1/p' "$tmp/body" |
	    head -n 1
}

# NAME=VALUE of each hidden field that the page has filled; values may have
# characters escaped.
form_hidden() {
	sed -n 's/.*<input type="hidden" name="\([^"]*\)" value="\([^"]*\)".*/\1=\2/p' \
	    "$tmp/body" | grep -v '^csrf=' |
	    sed 's/&#43;/+/g; s/&#x2B;/+/g; s/&#x2F;/\//g; s/&#47;/\//g;
	    s/&#x3D;/=/g; s/&#61;/=/g'
}

form_blob() {
	form_hidden | sed -n 's/^blob=//p' | head -n 1
}

form_act() {
	sed -n 's/.*<form method="post" action="\([^"]*\)".*/\1/p' \
	    "$tmp/body" | sed 's/&amp;/\&/g' | head -n 1
}

post() {
	post_who=$1 post_path=$2
	shift 2
	browse_as "$post_who" "$post_path" -H "Origin: $rad_cert" \
	    --data-urlencode "csrf=$(token)" "$@"
}

post_hidden() {
	form_hidden >"$tmp/hidden"
	set -- "$1" "$2"
	while read -r line; do
		set -- "$@" --data-urlencode "$line"
	done <"$tmp/hidden"
	post "$@"
}

touch_it() {
	touch_key "${key:-$tmp/$1.auth}" "$rad_host" "${origin:-$rad_cert}" \
	    "${3:-$(form_order)}" >"$tmp/touched"
	form_hidden >>"$tmp/touched"
	touch_who=$1 touch_path=$2
	set --
	while read -r touch_line; do
		set -- "$@" --data-urlencode "$touch_line"
	done <"$tmp/touched"
	post "$touch_who" "$touch_path" "$@"
}

shows() {
	grep -qF -e "$1" "$tmp/body"
}

lacks() {
	! shows "$1"
}

upload() {
	upload_who=$1 upload_path=$2 upload_file=$3
	shift 3
	browse_as "$upload_who" "$upload_path" -H "Origin: $rad_cert" \
	    -F "csrf=$(token)" -F "csv=@$upload_file" "$@"
}
