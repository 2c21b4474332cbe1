# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Publication to a private slapd; after tap.sh, installation.sh and slapd.sh:
#
#	publish_configure [target...]	crld.conf and directories.conf in $pki;
#					each target a line "NAME URL [settings]"
#	crld				signet-crld does what there is to do; its
#					log in $tmp/crld.log
#	certify NAME PROFILE HOLDER "Given Sur" MAIL...
#					$tmp/NAME.pem, by order, approval and cad
#	status VERB NAME [options]	cert revoke, hold, release of it, and cad
#	entry HOLDER [ATTR...]		what anybody finds of the holder
#	offers HOLDER NAME...		its certificates are these, in this order
#	no_entry HOLDER
: "${pki:?}" "${tmp:?}" "${ldap_base:?}"

publish_target() {
	printf '\t%s{ name = "%s"; url = "%s"; base = "%s"; %s }\n' \
	    "$publish_comma" "$1" "$2" "${publish_base:-$ldap_base}" "${3:-}"
	publish_comma=,
}

publish_configure() {
	publish_comma=
	{
		echo 'targets = ('
		for publish_line; do
			# shellcheck disable=SC2046 # name, URL and settings
			publish_target $(echo "$publish_line" |
			    cut -d ' ' -f 1,2) "$(echo "$publish_line" |
			    cut -s -d ' ' -f 3-)"
		done
		echo ');'
		echo "${publish_more:-}"
	} >"$pki/directories.conf"
	sed -i -e '/^directories/d' -e '/^metrics_listen/d' \
	    -e 's/^listen.*/listen = [ ];/' "$pki/crld.conf"
	cat >>"$pki/crld.conf" <<-CONF
	metrics_listen = "";
	directories = "$pki/directories.conf";
	CONF
}

crld() {
	timeout 60 signet-crld -d --once -c "$pki/crld.conf" \
	    >"$tmp/crld.log" 2>&1 || { cat "$tmp/crld.log"; return 1; }
}

certify() {
	certify_name=$1 certify_profile=$2 certify_holder=$3 certify_cn=$4
	shift 4
	[ -e "$tmp/$certify_name.csr" ] || request "$certify_name" || return 1
	for certify_mail; do
		set -- "$@" --field "mail=$certify_mail"
		shift
	done
	as o1 signet order new --profile "$certify_profile" \
	    --csr "$tmp/$certify_name.csr" --holder "$certify_holder" \
	    --holder-name "$certify_cn" --field country=SE \
	    --field "org=Example AB" --field orgid=NTRSE-5560000001 \
	    --field "surname=${certify_cn##* }" \
	    --field "given=${certify_cn%% *}" --field "name=$certify_cn" \
	    "$@" --sign --yes && cad && cert_of "$(last_order)" \
	    >"$tmp/$certify_name.pem"
}

status() {
	status_verb=$1 status_name=$2
	shift 2
	as o1 signet cert "$status_verb" "$(serial_in \
	    "$tmp/$status_name.pem")" "$@" --wait 0s --yes; cad
}

entry() {
	entry_holder=$1
	shift
	found "uid=$entry_holder,ou=people,$ldap_base" base '(objectClass=*)' \
	    "$@"
}

offers() {
	offers_holder=$1
	shift
	entry "$offers_holder" 'userCertificate;binary' |
	    sed -n 's/^userCertificate;binary:: //p' >"$tmp/offered"
	for offers_name; do
		openssl x509 -in "$tmp/$offers_name.pem" -outform DER |
		    base64 -w 0
		echo
	done | cmp - "$tmp/offered"
}

no_entry() {
	entry "$1" 1.1 | grep -q 'No such object'
}
