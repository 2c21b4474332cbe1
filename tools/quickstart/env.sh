# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: $state/env, for a shell to read.
: "${state:?}"

# env_put NAME VALUE
env_put() {
	printf '%s=%s\nexport %s\n' "$1" "$(word "$2")" "$1"
}

env_text() {
	echo "# Made by quickstart.  Read it into a shell:  . $(word "$state/env")"
	printf 'PATH=%s:$PATH\nexport PATH\n' \
	    "$(word "$prefix/bin:$prefix/sbin")"
	printf 'MANPATH=%s:${MANPATH:-}\nexport MANPATH\n' \
	    "$(word "$prefix/share/man")"
	env_put SIGNET_CONFIG "$SIGNET_CONFIG"
	env_put SIGNET_STATE "$state"
	env_put DATABASE_URL "postgresql://postgres@/signet?host=$(printf %s \
	    "$store" | sed 's/%/%25/g; s/ /%20/g; s|/|%2F|g')"
	echo '# certificates of the authorities'
	env_put ROOT_CERT "$inst/ca/root.pem"
	env_put PEOPLE_CA_CERT "$inst/ca/people.pem"
	env_put SERVICES_CA_CERT "$inst/ca/services.pem"
	echo '# where the world asks and reads; lists and certificates of people'
	env_put OCSP_URL "http://127.0.0.1:$ocsp_port/ocsp"
	env_put CRL_URL "http://127.0.0.1:$crl_port/crl/people.crl"
	env_put AIA_URL "http://127.0.0.1:$crl_port/ca/people.cer"
	if has_slapd; then
		env_put LDAP_URL "ldap://127.0.0.1:$ldap_port"
		env_put LDAP_BASE "$base"
	fi
	echo '# the registration authority: pages, and two protocols'
	env_put RA_URL "https://ra.localhost:$ra_port"
	env_put EST_URL "https://ra.localhost:$ra_port/.well-known/est"
	env_put RA_OFFICER_URL "https://ra.localhost:$ra_cert_port/officer"
	env_put CMP_URL "https://ra.localhost:$ra_port/.well-known/cmp"
	if [ -e "$inst/secrets/cmp-devices" ]; then
		env_put CMP_REFERENCE devices
		env_put CMP_SECRET_FILE "$inst/secrets/cmp-devices"
	fi
	if has_readers; then
		echo '# card readers, with cards in them'
		env_put PCSC_SOCKET "$pcsc_socket"
		env_put PCSCLITE_CSOCK_NAME "$pcsc_socket"
	fi
	echo '# for the browsers of officers'
	env_put OFFICER1_P12 "$state/officers/ro1.p12"
	env_put OFFICER2_P12 "$state/officers/ro2.p12"
	env_put P12_PASSWORD_FILE "$state/officers/password"
}

write_env() {
	env_text >"$state/env.new" && mv "$state/env.new" "$state/env" ||
	    die "cannot write $state/env"
}
