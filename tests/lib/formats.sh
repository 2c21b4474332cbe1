# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What commands print with --json; after installation.sh and station.sh:
#
#	formats_fill		an installation with something of each kind
#	formats_keys 'COMMAND'	the names in its JSON, one per line; words in
#				capitals stand for what formats_fill has made
#	formats_names FILE	the names in that JSON, likewise
#	formats_said 'COMMAND'	those that doc/formats.md gives it
#	as_page 'COMMAND' words...
#				a test: with --json these words print, into
#				$tmp/json, what doc/formats.md says of COMMAND
: "${tmp:?}" "${srcdir:?}" "${pki:=}"

formats_fill() {
	cat >>"$pki/signet.conf" <<-CONF
	officer_key = "officers/o1.key";
	officer_cert = "officers/o1.pem";
	officer_passphrase = "file:$pki/secrets/officer-o1";
	CONF
	order_tls www --sign --comment seen >/dev/null &&
	    cad && formats_serial=$(serial_of "$(last_order)") &&
	    formats_order=$(last_order)
	signet cert revoke "$formats_serial" --reason keyCompromise --yes \
	    --wait 1s >/dev/null 2>&1
	order_tls www2 >/dev/null && cad &&
	    signet audit export "$tmp/bundle" >/dev/null 2>&1 &&
	    signet crl export people --format der -o "$tmp/people.crl" \
		>/dev/null &&
	    openssl x509 -in "$pki/ca/people.pem" -noout -pubkey |
	    openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1 \
		>"$tmp/digests" &&
	    signet blocklist make -o "$tmp/list" "$tmp/digests" \
		>"$tmp/out" 2>&1 &&
	    openssl ocsp -issuer "$pki/ca/services.pem" -serial 0x1234 \
		-reqout "$tmp/asked.req" >/dev/null &&
	    card_batch one person-ec 2 >/dev/null &&
	    formats_acts
}

# What commands that act are given.
formats_acts() {
	printf 'holder,name,given,surname,mail,country,org,orgid\n%s\n' \
	    "4712,A B,A,B,a@example.org,SE,Example AB,NTRSE-5560000000" \
	    >"$tmp/people.csv"
	echo a-passphrase-of-some-length >"$tmp/passphrase"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/unseal.key" \
	    -out "$tmp/recipient.pem" -subj /CN=Backup -days 30 \
	    -addext keyUsage=critical,keyEncipherment 2>/dev/null
	chmod 600 "$tmp/unseal.key" "$tmp/passphrase"
	order_tls second --sign >/dev/null && cad &&
	    formats_second=$(serial_of "$(last_order)") &&
	    request third && request fourth && request fifth &&
	    order_tls waits >/dev/null && formats_pending=$(last_order) &&
	    order_tls rejected >/dev/null && formats_latest=$(last_order)
}

formats_command() {
	echo "$1" | sed -e "s,BUNDLE,$tmp/bundle," -e "s,ROOTDIR,$pki/root," \
	    -e "s,ROOT,$pki/ca/root.pem," -e "s,CSV,$tmp/one.csv," \
	    -e "s,CSR,$tmp/www.csr," -e "s,CRL\$,$tmp/people.crl," \
	    -e "s,BATCH,one," -e "s,SERIAL,$formats_serial," \
	    -e "s,ORDER,$formats_order," -e "s,HOLDER,www," \
	    -e "s,NEWCA,newca," -e "s,NEWLIST,$tmp/newlist," \
	    -e "s,NEW,$tmp/new," -e "s,SECOND,$formats_second," \
	    -e "s,BACKUPS,$tmp/backups," -e "s,RECIPIENT,$tmp/recipient.pem," \
	    -e "s,SAVED,$(find "$tmp/backups" -maxdepth 1 -name '2*Z' \
	    2>/dev/null)," -e "s,UNSEAL,$tmp/unseal.key," \
	    -e "s,PASSPHRASE,$tmp/passphrase," -e "s,CALENDAR,$tmp/x.ics," \
	    -e "s,LAYOUT,$pki/cards/person-ec," \
	    -e "s,THIRD,$tmp/third.csr," -e "s,FOURTH,$tmp/fourth.csr," \
	    -e "s,FIFTH,$tmp/fifth.csr," -e "s,PEOPLE,$tmp/people.csv," \
	    -e "s,ASKED,$tmp/asked.req," -e "s,DIGESTS,$tmp/digests," \
	    -e "s,PENDING,$formats_pending," -e "s,LATEST,$formats_latest," \
	    -e "s,PROFILE,$pki/profiles/mail-dual," -e "s,LIST,$tmp/list,"
}

formats_names() {
	jq -r 'paths | map(if type == "number" then "[]" else . end) |
	    join(".") | gsub("\\.\\[\\]"; "[]")' "$1" | awk '!seen[$0]++'
}

formats_said() {
	sed -n "s/^| \`$1\` | \(.*\) |\$/\1/p" "$srcdir/doc/formats.md" |
	    tr -d '\`' | tr ' ' '\n'
}

as_page() {
	formats_row=$1
	shift
	"$@" --json >"$tmp/json" 2>"$tmp/err"
	is "$formats_row prints what the page says" \
	    "$(formats_names "$tmp/json")" "$(formats_said "$formats_row")"
}

formats_keys() {
	# shellcheck disable=SC2046 # words
	set -- $(formats_command "$1")
	formats_program=$1
	shift
	: >"$tmp/json"
	"$formats_program" "$@" --json </dev/null >"$tmp/json"
	formats_names "$tmp/json" >"$tmp/names"
	cat "$tmp/names"
	[ -s "$tmp/names" ]
}
