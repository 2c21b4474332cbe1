# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: the installation, by "signet init".
: "${state:?}"

# Three custodians of whom two are needed, and who the officers are.  In
# earnest each custodian types a passphrase that nobody else has.
answers() {
	cat <<-EOF
	organization = "Example Organisation";
	country = "DE";
	url = "http://127.0.0.1:$crl_port";
	crl_listen = "127.0.0.1:$crl_port";
	ocsp_url = "http://127.0.0.1:$ocsp_port/ocsp";
	ocsp_listen = "127.0.0.1:$ocsp_port";
	ra_url = "https://ra.localhost:$ra_port";
	ra_cert_url = "https://ra.localhost:$ra_cert_port";
	ra_listen = "127.0.0.1:$ra_port";
	ra_listen_cert = "127.0.0.1:$ra_cert_port";
	database = "$conninfo";
	custodians = (
		{ name = "custodian-1"; passphrase = "file:$state/custodians/1"; },
		{ name = "custodian-2"; passphrase = "file:$state/custodians/2"; },
		{ name = "custodian-3"; passphrase = "file:$state/custodians/3"; }
	);
	threshold = 2;
	security_officers = (
		{ id = "so1"; name = "First Security Officer"; mail = "so1@example.org"; },
		{ id = "so2"; name = "Second Security Officer"; mail = "so2@example.org"; }
	);
	officers = (
		{ id = "ro1"; name = "First Officer"; mail = "ro1@example.org"; },
		{ id = "ro2"; name = "Second Officer"; mail = "ro2@example.org"; }
	);
	EOF
}

make_installation() {
	if [ -e "$inst/quickstart-done" ]; then
		# These programs may be newer than what made it.
		quiet "bring the schema up to date" \
		    signet db migrate --owner "$conninfo"
		return
	fi
	say "Root ceremony, issuing CAs, founding officers"
	(
		umask 077
		mkdir -p "$state/custodians" && cd "$state/custodians" || exit 1
		for n in 1 2 3; do
			[ -s "$n" ] || openssl rand -hex 16 >"$n" || exit 1
		done
	) || die "cannot write $state/custodians"
	mkdir -p "$inst" || die "cannot write in $home"
	if [ -e "$inst/init.conf" ]; then
		run signet init --dir "$inst"
	else
		{
			answers
			! has_users || printf 'service_users = true;\n%s = "%s";\n' \
			    service_state "$inst/state"
			! has_slapd || printf '%s = "%s";\n' ldap "$ldapi" \
			    ldap_base "$base"
		} >"$state/answers"
		run signet init --dir "$inst" --answers "$state/answers"
	fi || die "the set-up stopped; ./quickstart goes on from there"
	# Who the operator is, so that no command has to say it.
	cat >>"$inst/signet.conf" <<-EOF
	officer_key = "officers/ro1.key";
	officer_cert = "officers/ro1.pem";
	officer_passphrase = "file:$inst/secrets/officer-ro1";
	EOF
	(umask 077 && openssl rand -hex 16 >"$inst/secrets/cmp-devices") ||
	    die "cannot write in $inst/secrets"
	if has_users; then
		cmp_from=credential:cmp-devices
	else
		cmp_from=file:$inst/secrets/cmp-devices
	fi
	echo "metrics_listen = \"127.0.0.1:$crl_metrics\";" \
	    >>"$inst/crld.conf"
	echo "metrics_listen = \"127.0.0.1:$ocsp_metrics\";" \
	    >>"$inst/ocspd.conf"
	cat >>"$inst/rad.conf" <<-EOF
	metrics_listen = "127.0.0.1:$ra_metrics";
	# All who try it out come from this machine.
	people_per_address = 10;
	apply = [ "mail-dual" ];
	mail_server = "smtp://127.0.0.1:$smtp_port";
	mail_clear = true;
	mail_from = "pki@example.org";
	mail_name = "Example Organisation";
	cmp_secrets = (
		{ reference = "devices"; secret = "$cmp_from";
		  profile = "tls-client"; holder = "dns";
		  names = "[a-z0-9-]+\\\\.example\\\\.org"; }
	);
	EOF
	: >"$inst/quickstart-done"
}

# What an officer's browser takes, all with one password, which lies next to
# it.  The keys themselves are nowhere in clear.
make_officers() {
	[ ! -e "$state/officers/whole" ] || return 0
	(
		umask 077
		mkdir -p "$state/officers" && cd "$state/officers" || exit 1
		[ -s password ] || openssl rand -hex 12 >password || exit 1
		for who in ro1 ro2 so1 so2; do
			openssl pkcs12 -export -name "$who" \
			    -in "$inst/officers/$who.pem" \
			    -inkey "$inst/officers/$who.key" \
			    -passin "file:$inst/secrets/officer-$who" \
			    -passout file:password -out "$who.p12" || exit 1
		done
		: >whole
	) || die "cannot make $state/officers"
}
