# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Mistakes for signet doctor; after installation.sh:
#
#	healthy [options]		nothing is found but what $known names
#	finds CHECK TEXT [options]	it names that mistake, says TEXT, and has
#					effect and fix for it
#	keep FILE, back			and as it was
#	station_configured		$pki/station.conf is there, for a station
: "${tmp:?}" "${pki:?}"
# Nobody is at work here unless a test has it so, and what the machine is like
# that the test runs on is not ours.
known='cad-silent\|swap-clear\|time-unkept'
mkdir -p "$tmp/kept"

doctor() {
	signet doctor --offline --json "$@" >"$tmp/found" 2>"$tmp/said"
}

healthy() {
	doctor "$@"
	grep -v "\"check\":\"\($known\)\"" "$tmp/found" >"$tmp/out"
	[ ! -s "$tmp/out" ]
	tap_result $? "nothing is found where nothing is wrong"
}

finds() {
	tap_check=$1 tap_text=$2
	shift 2
	doctor "$@"
	cp "$tmp/found" "$tmp/out"
	jq -es --arg check "$tap_check" --arg text "$tap_text" 'any(.[];
	    .check == $check and (.cause | contains($text)) and
	    (.effect | length > 10) and (.fix | length > 4))' \
	    "$tmp/found" >/dev/null
	tap_result $? "finds $tap_check: $tap_text"
}

keep() {
	cp -a "$1" "$tmp/kept/file" && tap_kept=$1
}

back() {
	rm -rf "$tap_kept" && cp -a "$tmp/kept/file" "$tap_kept"
}

station_configured() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$tmp/seal.key" -out "$tmp/seal.pem" -subj /CN=seal 2>/dev/null
	chmod 600 "$tmp/seal.key"
	cat >"$pki/station.conf" <<-E
		database = "$conninfo user=signet_station";
		agent_key = "$pki/agents/station.key";
		agent_cert = "$pki/agents/station.pem";
		agent_passphrase = "file:$pki/secrets/agent-station";
		seal_key = "$tmp/seal.key";
		seal_cert = "$tmp/seal.pem";
		escrow = "$tmp/seal.pem";
		mailing_house = "$tmp/seal.pem";
	E
}
