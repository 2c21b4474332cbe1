#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Certificates per second: batches and single orders, P-256, fsync and audit on.
#
# BENCH_ITEMS items (20000) and half as many single orders, each with its own
# key, against "openssl ca -batch -infiles" on the same requests.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
items=${BENCH_ITEMS:-20000}
sample=2000
bench_start

# The peer: as many extensions, an index of its own, no durability.
openssl_ca() {
	feed pem "$tmp/d" "$sample"
	mkdir "$tmp/ca"
	: >"$tmp/ca/index.txt"
	cat >"$tmp/ca/conf" <<-CONF
	[ca]
	default_ca = c
	[c]
	new_certs_dir = $tmp/ca
	database = $tmp/ca/index.txt
	rand_serial = yes
	certificate = $tmp/d/people.pem
	private_key = $tmp/d/people.key
	default_md = sha256
	default_days = 730
	unique_subject = no
	policy = p
	x509_extensions = x
	[p]
	commonName = supplied
	[x]
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	keyUsage = critical, digitalSignature, keyAgreement
	extendedKeyUsage = emailProtection, clientAuth
	certificatePolicies = 2.23.140.1.5.3.2
	subjectAltName = email:p@example.org
	crlDistributionPoints = URI:http://pki.example/people.crl
	authorityInfoAccess = OCSP;URI:http://pki.example/ocsp
	CONF
	s=$(date +%s.%N)
	openssl ca -batch -notext -config "$tmp/ca/conf" \
	    -infiles "$tmp"/d/pem/*.pem >"$tmp/ca/out" 2>&1 ||
	    { tail -n 3 "$tmp/ca/out" >&2; exit 1; }
	awk -v n="$sample" -v s="$s" -v e="$(date +%s.%N)" \
	    'BEGIN { printf "%.0f", n / (e - s) }'
}

# openssl speed's last line: sign and verify per second.
speed=$(openssl speed -seconds 1 ecdsap256 2>/dev/null | tail -n 1)
signs=$(echo "$speed" | awk '{ printf "%.0f", $(NF - 1) }')
verifies=$(echo "$speed" | awk '{ printf "%.0f", $NF }')
syncs=$(dd if=/dev/zero of="$tmp/sync" bs=512 count=1000 oflag=dsync 2>&1 |
    awk '/copied/ { for (i = 1; i < NF; i++) if ($(i + 1) == "s,")
	printf "%.0f", 1000 / $i }')

feed requests "$tmp/d" "$items" || exit 1
peer=$(openssl_ca) || exit 1
feed batch "$tmp/d" "$conninfo" "$items" || exit 1
cad_run "$items_left"
batch=$(rate_of)
signer=0 workers=0
for p in $(ps -o pid= --ppid "$cad"); do
	t=$(cpu "$p")
	if [ "$(awk -v a="$t" -v b="$signer" 'BEGIN { print (a > b) }')" = 1 ]; then
		workers=$(awk -v a="$workers" -v b="$signer" 'BEGIN { print a + b }')
		signer=$t
	else
		workers=$(awk -v a="$workers" -v b="$t" 'BEGIN { print a + b }')
	fi
done
backends=0
for p in $(sql "SELECT pid FROM pg_stat_activity WHERE usename = 'signet_ca'"); do
	backends=$(awk -v a="$backends" -v b="$(cpu "$p")" 'BEGIN { print a + b }')
done
cad_stop

single_items=$((items / 2))
mark=$(sql "SELECT max(seq) FROM orders")
feed requests "$tmp/d" "$single_items" || exit 1
feed single "$tmp/d" "$conninfo" "$single_items" || exit 1
cad_run "$items_left"
single=$(rate_of "$mark")
cad_stop

row "batch items issued" "$batch" /s "openssl ca -batch -infiles" "$peer"
row "single orders issued" "$single" /s "openssl ca -batch -infiles" "$peer"
row "batch items issued" "$batch" /s "limit: one core's signatures" "$signs"
per() {
	awk -v t="$1" -v n="$items" 'BEGIN { printf "%.0f", t * 1e6 / n }'
}
row "CPU of the signer per certificate" "$(per "$signer")" us
row "CPU of the workers per certificate" "$(per "$workers")" us
row "CPU of their backends per certificate" "$(per "$backends")" us
row "P-256 verifications of one core" "$verifies" /s
row "synced writes of 512 bytes" "$syncs" /s
