# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A daemon's process for its own certificates; after installation.sh and
# install_pki:
#
#	agent_conf [CA]...		settings of tests/lib/renewer.c
#	renew				one look; what it says in $tmp/log
#	logged TEXT			it said that
#	signer_orders			how many signers were ordered so far
#	serial FILE			of a certificate
#	travel DAYS			everybody's clock
: "${pki:?}" "${tmp:?}" "${conninfo:?}"
# shellcheck disable=SC2034 # for the scripts
pem=$tmp/signers/people.pem

agent_conf() {
	mkdir -p "$tmp/signers"
	cat >"$tmp/agent.conf" <<-CONF
	database = "$conninfo user=signet_agent";
	root = "$pki/ca/root.pem";
	agent_key = "$pki/agents/ocsp.key";
	agent_cert = "$pki/agents/ocsp.pem";
	agent_passphrase = "file:$pki/secrets/agent-ocsp";
	signers = "$tmp/signers";
	CONF
	for agent_ca in "${@:-people}"; do
		echo "{ name = \"$agent_ca\"; cert = \"$pki/ca/$agent_ca.pem\"; }"
	done | sed '1s/^/cas = ( /; $!s/$/,/; $s/$/ );/' >>"$tmp/agent.conf"
}

renew() {
	: >"$tmp/log"
	timeout 20 renewer -d --once -c "$tmp/agent.conf" >"$tmp/log" 2>&1
}

logged() {
	grep -q -e "$1" "$tmp/log"
}

signer_orders() {
	sql "SELECT count(*) FROM orders WHERE profile = 'ocsp-signer'"
}

serial() {
	openssl x509 -in "$1" -noout -serial
}

