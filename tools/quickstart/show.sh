# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: what it is good for, with stock clients.
: "${state:?}"

# request NAME - a key and a request, as a person's own program makes them
request() {
	openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" \
	    -subj "/CN=$1" 2>/dev/null
}

# issue NAME GIVEN SURNAME ID
issue() {
	[ ! -e "$1.pem" ] || return 0
	rm -f "$1.key" "$1.csr"
	request "$1" || die "openssl makes no request"
	run signet issue --profile mail-dual --csr "$1.csr" --holder "$4" \
	    --holder-name "$2 $3" --field name="$2 $3" --field given="$2" \
	    --field surname="$3" --field mail="$1@example.org" \
	    --field country=DE --field org="Example Organisation" \
	    --field orgid=NTRDE-HRB12345 --out "$1.pem" ||
	    die "no certificate for $1"
}

fields_of() {
	printf '%s\n' "name=$2 $3" "given=$2" "surname=$3" \
	    "mail=$1@example.org" country=DE "org=Example Organisation" \
	    orgid=NTRDE-HRB12345
}

# A client of the pages: what it sends does not show in the list of processes.
ra_curl() {
	curl -sS --max-time 30 --cacert "$inst/ca/root.pem" \
	    --resolve "ra.localhost:$ra_port:127.0.0.1" "$@"
}

# make_code NAME GIVEN SURNAME ID - an officer makes a one-time code for that
# person: it goes to a file, as it would go to a letter
make_code() {
	fields_of "$1" "$2" "$3" >"$1.fields"
	set -- "$1" "$4" "$2 $3"
	name=$1 id=$2 whole=$3
	set -- signet order new --code --profile mail-dual --holder "$id" \
	    --holder-name "$whole"
	while IFS= read -r field; do
		set -- "$@" --field "$field"
	done <"$name.fields"
	(umask 077 && run "$@" --sign --yes >"$name.letter" 2>&1) || {
		cat "$name.letter" >&2
		return 1
	}
	head -n 1 "$name.letter"
	code=$(grep -oE '([0-9A-Z]{5}-){3}[0-9A-Z]{5}' "$name.letter" |
	    head -n 1)
	(umask 077 && printf 'machine ra.localhost login %s password %s\n' \
	    "$id" "$code" >"$name.netrc")
	[ -n "$code" ]
}

# enrol NAME GIVEN SURNAME ID - with that code, by any client of EST (RFC 7030)
enrol() {
	[ ! -s "$1.pem" ] || return 0
	[ -s "$1.netrc" ] || make_code "$@" ||
	    die "no one-time code for $1"
	[ -s "$1.csr" ] || request "$1" || die "openssl makes no request"
	openssl req -in "$1.csr" -outform DER | openssl base64 >"$1.b64"
	for _ in 1 2 3; do
		run ra_curl --netrc-file "$1.netrc" -o "$1.p7" \
		    -w '%{http_code}\n' --data-binary "@$1.b64" \
		    -H 'Content-Type: application/pkcs10' \
		    "https://ra.localhost:$ra_port/.well-known/est/simpleenroll" \
		    >"$1.out"
		sed 's/^\$ ra_curl/$ curl --cacert root.pem/' "$1.out"
		[ "$(tail -n 1 "$1.out")" = 202 ] || break
		sleep 2
	done
	base64 -d "$1.p7" 2>/dev/null |
	    openssl pkcs7 -inform DER -print_certs 2>/dev/null |
	    openssl x509 -out "$1.pem" 2>/dev/null || {
		cat "$1.p7" >&2
		rm -f "$1.pem"
		die "no certificate for $1" "see $state/log/signet-rad.log"
	}
}

token_in() {
	sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' "$1" | head -n 1
}

# page NAME PATH [curl's] - as a browser of that person does
page() {
	name=$1 path=$2
	shift 2
	ra_curl -b "$name.jar" -c "$name.jar" -o "$name.page" \
	    -w '%{http_code} %{redirect_url}\n' \
	    "$@" "https://ra.localhost:$ra_port$path"
}

# apply NAME GIVEN SURNAME - by the form: it waits for an officer in the end
apply() {
	[ ! -s "$1.status" ] || return 0
	[ -s "$1.csr" ] || request "$1" || die "openssl makes no request"
	page "$1" /enrol/mail-dual >/dev/null
	fields_of "$1" "$2" "$3" | sed '/^mail=/d; s/^/field./' >"$1.fields"
	who=$1
	set -- "mail=$1@example.org" "note=please, for my new desk"
	set -- --data-urlencode "csrf=$(token_in "$who.page")" \
	    --data-urlencode "$1" --data-urlencode "$2" \
	    --data-urlencode "csr@$who.csr"
	while IFS= read -r field; do
		set -- "$@" --data-urlencode "$field"
	done <"$who.fields"
	case $(page "$who" /enrol/mail-dual "$@") in
	200*)	;;
	*)	die "the form was not taken" "look at $state/people/$who.page" ;;
	esac
	echo "$who has filled in the form at" \
	    "https://ra.localhost:$ra_port/enrol/mail-dual"
	wait_for mail_link "<$who@example.org>" confirm || die \
	    "no mail to $who" "see $state/log/signet-rad.log, signet notice status"
	link=$(mail_link "<$who@example.org>" confirm)
	echo "and found a link in a mail (in $state/mail)"
	path=/confirm/${link##*/}
	page "$who" "$path" >/dev/null
	page "$who" "$path" --data-urlencode "csrf=$(token_in "$who.page")" \
	    >"$who.out"
	sed -n 's/^303 //p' "$who.out" >"$who.status"
	[ -s "$who.status" ] || die "the address was not confirmed" \
	    "look at $state/people/$who.page"
	echo "it waits for an officer; how it stands: $(cat "$who.status")"
}

serial_of() {
	openssl x509 -in "$1" -noout -serial | sed 's/.*=//'
}

# As it is at its address.
list_has() {
	curl -sf -o people.crl "http://127.0.0.1:$crl_port/crl/people.crl" &&
	    openssl crl -inform DER -in people.crl -noout -text | grep -q "$1"
}

# With the list that the certificate names.
check() {
	run openssl verify -crl_check -crl_download \
	    -CAfile "$inst/ca/root.pem" -untrusted people.pem "$1" 2>&1 |
	    sed '/^C = /d'
}

# ask FILE... - the responder that the first one names
ask() {
	asked=
	for file; do
		asked="$asked -cert $file"
	done
	# shellcheck disable=SC2086 # a list of words
	run openssl ocsp -issuer people.pem -CAfile "$inst/ca/root.pem" \
	    -verify_other people.pem $asked \
	    -url "$(openssl x509 -in "$1" -noout -ocsp_uri)" 2>&1
}

revoked_now() {
	ask bob.pem | grep -q 'bob.pem: revoked'
}

# find_in_directory NAME - as a mail program does, by the address
find_in_directory() {
	run ldapsearch -x -LLL -o ldif-wrap=no \
	    -H "ldap://127.0.0.1:$ldap_port" -b "$base" \
	    "(mail=$1@example.org)" cn mail 'userCertificate;binary' |
	    sed 's/^\(userCertificate;binary:: .\{40\}\).*/\1.../'
}

published() {
	find_in_directory "$1" | grep -q '^userCertificate'
}

directory_is_well() {
	signet publish status | grep -q ' well '
}

not_published() {
	! published "$1"
}

show_people() {
	say "A person enrols with a one-time code, by EST"
	enrol alice Alice Example 4711
	run openssl x509 -in alice.pem -noout -subject -issuer -enddate \
	    -ext subjectAltName,extendedKeyUsage

	say "Another one applies by the form, and confirms the mail address"
	apply carol Carol Example

	say "An officer has a certificate issued from the command line"
	issue bob Bob Example 4712
}

show_revocation() {
	say "It is revoked"
	curl -sf "http://127.0.0.1:$crl_port/ca/people.cer" |
	    openssl x509 -inform DER -out people.pem || die \
	    "no CA certificate at its address" "see $state/log/signet-crld.log"
	serial=$(serial_of bob.pem)
	if ! list_has "$serial" 2>/dev/null; then
		run signet revoke "$serial" --reason keyCompromise --yes --wait 30s ||
		    die "not revoked" "see $state/log/signet-cad.log"
	fi
	wait_for revoked_now || die "the responder does not know it" \
	    "see $state/log/signet-ocspd.log"
	wait_for list_has "$serial" || die "no list with $serial" \
	    "see $state/log/signet-crld.log"
}

show_world() {
	say "The world asks: OCSP"
	ask alice.pem bob.pem

	say "The world reads: the list, from the address in the certificate"
	run curl -s -o people.crl "http://127.0.0.1:$crl_port/crl/people.crl"
	run openssl crl -inform DER -in people.crl -noout -crlnumber \
	    -lastupdate -nextupdate
	check alice.pem
	check bob.pem
}

show_directory() {
	say "A mail program looks for a recipient's certificate: LDAP"
	wait_for published alice || die "alice is not in the directory" \
	    "signet publish status"
	find_in_directory alice
	wait_for not_published bob || die "bob is still in the directory" \
	    "signet publish status"
	echo "(bob is not there any more)"
	run signet publish check
	wait_for directory_is_well
	run signet publish status
}

show_proof() {
	say "Is everything at its public addresses as it is in the store?"
	run signet canary || die "something there is not so" "signet canary"

	say "An auditor checks it all without the store"
	rm -rf "$state/audit"
	run signet audit export "$state/audit" &&
	    run signet audit verify "$state/audit" \
	    --root "$inst/ca/root.pem" --profiles "$inst/profiles"
}

show_it() (
	mkdir -p "$state/people" && chmod 700 "$state/people" &&
	    cd "$state/people" || exit 1
	show_people
	show_revocation
	show_world
	! directory_runs || show_directory
	show_cards
	show_proof
)

published_in() {
	if has_users; then echo "$inst/state/www"; else echo "$inst/www"; fi
}

where_next() {
	say "There it is, after $(($(date +%s) - built)) s, and before that" \
	    "$((installed - began)) s for packages and" \
	    "$((built - installed)) s for the build"
	status
	cat <<-EOF

	Settings     $inst/*.conf
	Published    $(published_in)
	Root         $inst/root (belongs on a machine without network)
	Officers     $state/officers/*.p12 for a browser, the password in
	             $state/officers/password
	People       $state/people
	Mail         $state/mail
	Cards        $state/cards
	Logs         $state/log, $inst/log

	Open in a browser (it has to trust $inst/ca/root.pem):
	    https://ra.localhost:$ra_port/          for everybody
	    https://ra.localhost:$ra_cert_port/officer   with $state/officers/ro1.p12

	Next:
	    . $(word "$state/env")   # PATH, addresses, files
	    signet cert list
	    signet order list
	    signet notice status
	    signet crl show people --entries
	    signet help
	    ./quickstart$given stop    # and ./quickstart$given to go on
	EOF
}
