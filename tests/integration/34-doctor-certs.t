#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# signet doctor: mistakes with keys and certificates, each found with its
# effect and its fix.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/doctor.sh"
PG_FSYNC=on
install_pki
prlimit --pid=$$ --core=0:
healthy

# in_days FILE - until it ends
in_days() {
	echo $((($(date -d "$(openssl x509 -in "$1" -noout -enddate |
	    cut -d= -f2)" +%s) - $(date +%s)) / 86400))
}

# ---- time ----
left=$(in_days "$pki/agents/ra.pem")
travel $((left - 2))
finds cert-expiring 'certificate of the agent of signet-rad'
travel $((left + 2))
finds cert-expired 'certificate of the agent of signet-rad'
travel -400
finds cert-early 'CA people'
travel 5000
finds cert-expired 'certificate of CA people'
travel $(($(date -d "$(openssl crl -inform DER -in "$pki/ca/root.crl" -noout \
    -nextupdate | cut -d= -f2)" +%s) / 86400 - $(date +%s) / 86400 - 3))
finds root-crl 'expires in less than 30 days'
travel $((SIGNET_CLOCK_OFFSET / 86400 + 5))
finds root-crl 'has expired'
travel 0
cp "$pki/agents/station.pem" "$tmp/station.pem"
station_configured
travel $(($(in_days "$pki/agents/station.pem") + 2))
finds cert-expired 'certificate of the agent of signet-station'
travel 0
rm "$pki/station.conf"

# A signer of OCSP that nobody renewed.
mkdir -p "$pki/state/ocspd/signers"
cp "$pki/agents/ra.pem" "$pki/state/ocspd/signers/people.pem"
travel $((left + 2))
finds cert-expired 'certificate of an OCSP signer'
travel 0
rm "$pki/state/ocspd/signers/people.pem"
healthy

# ---- what does not fit ----
keep "$pki/agents/ra.pem"
cp "$pki/agents/ocsp.pem" "$pki/agents/ra.pem"
finds key-mismatch 'of the agent of signet-rad do not match'
finds role-missing 'has role ocsp-agent, not ra-agent'
back
keep "$pki/secrets/agent-ra"
echo wrong >"$pki/secrets/agent-ra"
finds key-unusable 'key of the agent of signet-rad'
back
keep "$pki/agents/ra.pem"
openssl x509 -in "$pki/agents/ra.pem" -out "$tmp/alone.pem"
cp "$tmp/alone.pem" "$pki/agents/ra.pem"
finds chain-broken 'certificate of the agent of signet-rad'
echo nonsense >"$pki/agents/ra.pem"
finds cert-unreadable 'certificate of the agent of signet-rad'
back
keep "$pki/rad.conf"
sed -i 's|^url = .*|url = "https://other.example.org:8443";|' "$pki/rad.conf"
finds tls-name 'is not for other.example.org'
back
keep "$pki/ca/root.crl"
rm "$pki/ca/root.crl"
finds root-crl 'root.crl: No such file'
echo nonsense >"$pki/ca/root.crl"
finds root-crl 'is no revocation list'
back
keep "$pki/ca/root.pem"
cp "$tmp/seal.pem" "$pki/ca/root.pem"
finds trust 'people'
finds chain-broken 'certificate of CA people'
back
healthy
done_testing
