# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Publication to a private slapd; after tap.sh, installation.sh and slapd.sh:
#
#	publish_configure [target...]	crld.conf and directories.conf in $pki;
#					each target a line "NAME URL [settings]"
#	crld				signet-crld does what there is to do, in
#					$crld_seconds (60); its log in $tmp/crld.log
#	certify NAME PROFILE HOLDER "Given Sur" MAIL...
#					$tmp/NAME.pem, by order, approval and cad
#	status VERB NAME [options]	cert revoke, hold, release of it, and cad
#	entry HOLDER [ATTR...]		what anybody finds of the holder
#	offers HOLDER NAME...		its certificates are these, in this order
#	no_entry HOLDER
#	people N			so many holders, fast, without orders
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
			publish_name=${publish_line%% *}
			publish_line="${publish_line#* } "
			publish_target "$publish_name" "${publish_line%% *}" \
			    "${publish_line#* }"
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
	timeout "${crld_seconds:-60}" signet-crld -d --once -c "$pki/crld.conf" \
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

# people N - the store has so many holders more, p0000001 ..., and says so
people() {
	people_columns='ca, serial, order_id, n, profile, holder, subject,
	    key_digest, not_before, not_after, der, issued_at'
	"$SIGNET_BUILD/tests/lib/people" "$pki/ca/people.pem" \
	    "$pki/ca/people.key" "file:$pki/secrets/ca-people" "$1" |
	    psql -X -q -d signet -v ON_ERROR_STOP=1 \
	    -c "COPY signet.cert ($people_columns) FROM stdin" &&
	sql "INSERT INTO outbox (topic, ca, serial) SELECT 'cert', ca, serial
	    FROM cert WHERE holder LIKE 'p%'; ANALYZE cert; ANALYZE outbox"
}
