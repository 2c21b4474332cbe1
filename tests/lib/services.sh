# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# An installation with everything that tells the world of it, on ports of its
# own; after installation.sh:
#
#	services_install [init's options]	what certificates name as addresses
#				are $http/crl, $http/ca, $ocsp
#	service_start NAME...	slapd (first), cad, crld, ocspd; ready when it
#				returns
#	service_stop NAME [signal]
#	service_pid NAME
#	ldap_cdp CA		where the directory has its list
#
#	person NAME PROFILE	an issued certificate: NAME.key, NAME.pem
#	revoke NAME [options]	and the CA has done it
#	answered STATUS NAME	OCSP says so of it
#	listed NAME URL|CA	the list there, or in the directory, has it
#	not_listed NAME URL|CA	there is a list, without it
#	list_in_directory CA	DER
#
# $crl_metrics and $ocsp_metrics are the operator's addresses.
: "${tmp:?}" "${srcdir:?}" "${pki:?}"
# shellcheck source=tests/lib/ports.sh
. "$srcdir/tests/lib/ports.sh"

services_install() {
	# shellcheck disable=SC2046 # numbers
	set -- $(free_ports 4) "$@"
	http=http://127.0.0.1:$1 ocsp=http://127.0.0.1:$2/ocsp
	crl_metrics=http://127.0.0.1:$3 ocsp_metrics=http://127.0.0.1:$4
	shift 4
	# shellcheck disable=SC2034 # for install_pki
	pki_url=$http
	echo "ocsp_url = \"$ocsp\";" >"$tmp/answers.conf"
	# An address in numbers is no name for the RA.
	install_pki --answers "$tmp/answers.conf" --ra-url https://pki.example.org:8443 "$@"
	sed -i 's/crl_reasons = .*/crl_reasons = [ "all" ];/' "$pki/cad.conf"
	for services_ca in root people services; do
		sed -n '1,/-END/p' "$pki/ca/$services_ca.pem" \
		    >"$tmp/$services_ca.pem"
	done
	services_configure
}

# As "signet init" wrote them, on our ports.
services_configure() {
	sed -i "s|^listen = .*|listen = [ \"${http#http://}\" ];|" \
	    "$pki/crld.conf"
	services_at=${ocsp#http://}
	sed -i "s|^listen = .*|listen = [ \"${services_at%/ocsp}\" ];|" \
	    "$pki/ocspd.conf"
	echo "metrics_listen = \"${crl_metrics#http://}\";" >>"$pki/crld.conf"
	echo "metrics_listen = \"${ocsp_metrics#http://}\";" \
	    >>"$pki/ocspd.conf"
}

# From now on, over the socket where the publisher is who runs the test.
publish_to_ldap() {
	! grep -q '^targets' "$pki/directories.conf" || return 0
	cat >"$pki/directories.conf" <<-CONF
	targets = ({ name = "main"; url = "$ldapi"; base = "$ldap_base"; });
	CONF
}

# It says that it is there.
service_ready() {
	case $1 in
	cad)	wait_for cad_ready ;;
	crld)	wait_for curl -sSf -o "$tmp/ready" "$http/crl/people.crl" ;;
	ocspd)	wait_for ocsp_ready people && wait_for ocsp_ready services ;;
	esac
}

cad_ready() {
	[ "$(sql "SELECT count(*) > 2 FROM ca")" = t ]
}

# It has a signer: an answer, even if it is about a number that nobody has.
ocsp_ready() {
	openssl ocsp -issuer "$tmp/$1.pem" -serial 0x7a01 -url "$ocsp" \
	    -CAfile "$pki/ca/root.pem" -timeout 5 2>&1 | grep -q '^0x7a01: '
}

service_start() {
	for service; do
		if [ "$service" = slapd ]; then
			# shellcheck source=tests/lib/slapd.sh
			. "$srcdir/tests/lib/slapd.sh"
			slapd_start "$tmp/slapd"
			# shellcheck disable=SC2034 # see service_pid
			service_slapd=$slapd_pid
			ldap=ldap://127.0.0.1:$ldap_port
			publish_to_ldap
			continue
		fi
		start "signet-$service" -d -c "$pki/$service.conf"
		eval "service_$service=\$last"
		service_ready "$service" && continue
		tail -n 20 "$tmp/log" | sed 's/^/# /'
		echo "Bail out! signet-$service does not start"
		exit 1
	done
}

service_pid() {
	eval "echo \"\$service_$1\""
}

service_stop() {
	kill "-${2:-TERM}" "$(service_pid "$1")" 2>/dev/null
	wait "$(service_pid "$1")" 2>/dev/null
}

ldap_cdp() {
	printf '%s/cn=%s,ou=PKI,%s?certificateRevocationList;binary?base?%s' \
	    "$ldap" "$1" "$ldap_base" '(objectClass=cRLDistributionPoint)'
}

# What a mail profile and a server's profile ask for.
person() {
	openssl req -new -newkey rsa:2048 -nodes -keyout "$tmp/$1.key" \
	    -out "$tmp/$1.csr" -subj / 2>/dev/null || return 1
	person_name=$1 person_profile=$2
	case $2 in
	tls-*)	set -- "dns=$1.example.org" ;;
	*)	set -- country=SE "org=Example AB" given=Alice surname=Holm \
		    "name=Alice Holm" "mail=$1@example.org" ;;
	esac
	case $person_profile in
	mail-*)	set -- "$@" orgid=NTRSE-5560000001 ;;
	esac
	for person_field; do
		set -- "$@" --field "$person_field"
		shift
	done
	as o1 signet issue --profile "$person_profile" \
	    --csr "$tmp/$person_name.csr" --holder "$person_name" \
	    --holder-name "$person_name" --out "$tmp/$person_name.pem" \
	    --no-chain --yes "$@"
}

revoke() {
	revoke_serial=$(serial_in "$tmp/$1.pem")
	shift
	as s1 signet cert revoke "$revoke_serial" --wait 20s --yes "$@"
}

# answered good|revoked NAME - by OCSP, without a nonce
answered() {
	answered_ca=$(openssl x509 -in "$tmp/$2.pem" -noout -issuer |
	    grep -q People && echo people || echo services)
	openssl ocsp -issuer "$tmp/$answered_ca.pem" -cert "$tmp/$2.pem" \
	    -url "$ocsp" -no_nonce -CAfile "$pki/ca/root.pem" -timeout 5 \
	    2>&1 | grep -q "pem: $1\$"
}

# In the list of its CA: by HTTP, or in the directory.
listed() {
	list_text "$2" && grep -qi "$(serial_in "$tmp/$1.pem")" "$tmp/list.txt"
}

not_listed() {
	list_text "$2" && ! grep -qi "$(serial_in "$tmp/$1.pem")" \
	    "$tmp/list.txt"
}

list_text() {
	case $1 in
	http:*)	curl -sSf --max-time 20 -o "$tmp/list.crl" "$1" ;;
	*)	list_in_directory "$1" >"$tmp/list.crl" ;;
	esac && openssl crl -inform DER -in "$tmp/list.crl" -noout -text \
	    >"$tmp/list.txt"
}

list_in_directory() {
	ldapsearch -x -LLL -o ldif-wrap=no -H "$ldap" -s base \
	    -b "cn=$1,ou=PKI,$ldap_base" 'certificateRevocationList;binary' |
	    sed -n 's/^certificateRevocationList;binary:: //p' |
	    base64 -d | grep -a .
}
