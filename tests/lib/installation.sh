# SPDX-License-Identifier: Apache-2.0
# A real installation, made by "signet init", for tests of the whole suite.
# After tests/integration/tap.sh:
#
#	. "$srcdir/tests/lib/installation.sh"
#	install_pki [init's options]	PostgreSQL and an installation in $pki
#	as o1 signet order approve ...	with the key of an officer
#	request NAME [openssl's]	$tmp/NAME.key and $tmp/NAME.csr
#	order_tls NAME [options]	an order for NAME.example.org, its request
#	last_order [n]			id of the latest order (n before it)
#	order_state ID, order_reason ID	what became of it
#	cert_of ID, serial_of ID	its certificate (PEM), its number
#	cad				signet-cad does what there is to do; its
#					log in $tmp/log
#	audited TEXT			an audit entry since the last cad has it
#	proven				export and verify; report in $tmp/proof
#	tamper SQL			as a superuser for whom no trigger and
#					no foreign key is there
#
# Keys are EC P-256 unless $root_key, $ca_key and $key say other kinds.
# Officers: s1 and s2 are security officers, o1 and o2 officers.

pki=$tmp/pki
arc=2.25.48630738149683718521173944708743016276	# doc/oids.md

install_pki() {
	if [ -z "$*${pki_url:-}${root_key:-}${ca_key:-}${key:-}" ]; then
		pki_usual
	else
		[ -n "$tap_pg" ] || start_pg
		pki_make "$@"
	fi
	SIGNET_CONFIG=$pki/signet.conf
	export SIGNET_CONFIG
	mark
}

pki_make() {
	signet init --dir "$pki" --data "$srcdir" --organization "Example AB" \
	    --country SE --database "$conninfo user=postgres" \
	    --url "${pki_url:-http://pki.example.org}" --root-key "${root_key:-ec:P-256}" \
	    --ca-key "${ca_key:-ec:P-256}" --key "${key:-ec:P-256}" \
	    --security-officer "s1:Sara One" --security-officer "s2:Sten Two" \
	    --officer "o1:Olga One" --officer "o2:Otto Two" \
	    --yes "$@" </dev/null >"$tmp/init.log" 2>&1 && return
	sed 's/^/# /' "$tmp/init.log"
	echo 'Bail out! signet init failed'
	exit 1
}

# The same installation is asked for by dozens of scripts, and each passphrase
# in it costs time on purpose.  So the first script that wants it keeps a copy
# next to the programs that made it; the others take that over.
pki_usual() {
	usual=$(cat "$srcdir"/etc/profiles/* "$srcdir"/db/*.sql \
	    "$srcdir/tests/lib/installation.sh" "$(command -v signet)" \
	    "$(command -v signet-cad)" \
	    "$(command -v signet-root)" | cksum | cut -d ' ' -f 1)
	usual=$SIGNET_BUILD/tests/usual.$usual
	mkdir -p "$SIGNET_BUILD/tests"
	exec 9>"$SIGNET_BUILD/tests/usual.lock" && flock 9
	if [ -e "$usual/whole" ]; then
		exec 9>&-
		pki_restore
		return
	fi
	[ -n "$tap_pg" ] || start_pg 9>&-
	pki_make
	rm -rf "$SIGNET_BUILD"/tests/usual.[0-9]*
	mkdir -m 700 "$usual" && cp -a "$pki" "$usual/pki" &&
	    pg_dumpall --roles-only >"$usual/roles.sql" &&
	    pg_dump --create --dbname=signet >"$usual/signet.sql" &&
	    pg_stop "$tmp/pg" && cp -a "$tmp/pg/data" "$usual/data" &&
	    pg_again "$tmp/pg" 9>&- &&
	    echo "$tmp" >"$usual/tmp" && touch "$usual/whole"
	exec 9>&-
}

# There it is in one directory, here in another.  (What the root was given
# stays as it was: its record has the digests.)  Who has a server of another
# kind already is given the tables.
pki_restore() {
	usual_tmp=$(cat "$usual/tmp")
	cp -a "$usual/pki" "$pki" &&
	    sed -i "s,$usual_tmp,$tmp,g" "$pki"/*.conf "$pki"/founding/*.conf ||
	    usual_fails
	if [ -z "$tap_pg" ]; then
		PG_FROM=$usual/data
		start_pg
		unset PG_FROM
		return
	fi
	sed '/ROLE postgres/d' "$usual/roles.sql" "$usual/signet.sql" |
	    psql -X -q -v ON_ERROR_STOP=1 >"$tmp/init.log" 2>&1 || usual_fails
}

usual_fails() {
	[ ! -e "$tmp/init.log" ] || sed 's/^/# /' "$tmp/init.log"
	echo 'Bail out! the usual installation cannot be taken over'
	exit 1
}

# Where audit and certificates stand before what is about to happen.
mark() {
	audit_mark=$(sql "SELECT coalesce(max(seq), 0) FROM audit")
	certs_mark=$(sql "SELECT count(*) FROM cert")
}

# Somebody else's key and certificate may lie in officers/ as well.
as() {
	as_who=$1
	shift
	as_pass=$pki/secrets/officer-$as_who
	[ -e "$as_pass" ] || as_pass=$pki/secrets/officer-${as_who%[a-z]}
	"$@" --key "$pki/officers/$as_who.key" \
	    --cert "$pki/officers/$as_who.pem" --passphrase "file:$as_pass" \
	    </dev/null
}

# request NAME [options of openssl req]
request() {
	request_name=$1
	shift
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$tmp/$request_name.key" -out "$tmp/$request_name.csr" \
	    -subj "/CN=$request_name" "$@" 2>/dev/null
}

# An order for a TLS certificate with the request of that name; more options
# follow: order_tls www --sign --key ...
order_tls() {
	order_name=$1
	shift
	[ -e "$tmp/$order_name.csr" ] || request "$order_name" || return 1
	signet order new --profile tls-server --csr "$tmp/$order_name.csr" \
	    --holder "$order_name" --holder-name "$order_name" \
	    --field "dns=$order_name.example.org" --yes "$@" </dev/null
}

last_order() {
	sql "SELECT encode(id, 'hex') FROM orders
	    ORDER BY seq DESC OFFSET ${1:-0} LIMIT 1"
}

order_state() {
	sql "SELECT state FROM orders WHERE id = decode('$1', 'hex')"
}

# Why not, of the order or of its item.
order_reason() {
	sql "SELECT concat_ws(' / ', reason, (SELECT string_agg(reason, ' / ')
	    FROM item WHERE order_id = o.id)) FROM orders o
	    WHERE id = decode('$1', 'hex')"
}

cad() {
	mark
	: >"$tmp/log"
	timeout 60 signet-cad -d --once -c "$pki/cad.conf" >"$tmp/log" 2>&1
}

# An entry of the audit chain since the last cad has all of these texts.
audited() {
	audited_sql="SELECT count(*) > 0 FROM audit WHERE seq > $audit_mark"
	for audited_text; do
		audited_sql="$audited_sql AND position(convert_to(
		    '$audited_text', 'UTF8') IN body) > 0"
	done
	[ "$(sql "$audited_sql")" = t ]
}

proven() {
	rm -rf "$tmp/bundle"
	signet audit export "$tmp/bundle" >"$tmp/proof" 2>&1 &&
	signet audit verify "$tmp/bundle" --root "$pki/ca/root.pem" \
	    --profiles "$pki/profiles" "$@" >"$tmp/proof" 2>&1
}

# unproven 'what' 'finding' [options of audit verify] - the auditor finds it, and says what it is.
unproven() {
	unproven_what=$1 unproven_why=$2
	shift 2
	proven "$@"
	is "$unproven_what" $? 3
	says "$unproven_why" cat "$tmp/proof"
}

tamper() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d signet \
	    -c "SET session_replication_role = replica" \
	    -c "SET search_path = signet" -c "$1"
}

# Its certificate, PEM.
cert_of() {
	sql "SELECT encode(der, 'base64') FROM cert
	    WHERE order_id = decode('$1', 'hex')" | base64 -d |
	    openssl x509 -inform DER
}

serial_of() {
	sql "SELECT encode(serial, 'hex') FROM cert
	    WHERE order_id = decode('$1', 'hex')"
}

# The signed order as it is in the store, to a file, and back.
blob_get() {
	sql "SELECT encode(blob, 'base64') FROM orders
	    WHERE id = decode('$1', 'hex')" | base64 -d >"$2"
}

blob_put() {
	tamper "UPDATE orders SET blob = decode('$(base64 -w 0 "$2")', 'base64')
	    WHERE id = decode('$1', 'hex')"
}

# The order inside of a blob of one order.
blob_order() {
	openssl asn1parse -inform DER -in "$1" | sed -n \
	    's/^ *\([0-9]*\):d=5 .*OCTET STRING.*/\1/p' >"$tmp/offset" &&
	openssl asn1parse -inform DER -in "$1" -noout -out "$2" \
	    -strparse "$(head -n 1 "$tmp/offset")"
}

# sign_as BLOB KEY CERT [option]... - sign its order as anybody, without signet
sign_as() {
	sign_blob=$1 sign_key=$2 sign_cert=$3
	shift 3
	blob_order "$sign_blob" "$sign_blob.order" >/dev/null &&
	openssl cms -sign -cades -binary -nodetach -nosmimecap -md sha256 \
	    -econtent_type "$arc.1.1" -in "$sign_blob.order" -outform DER \
	    -out "$sign_blob" -signer "$sign_cert" -inkey "$sign_key" "$@"
}

# sign_too BLOB KEY CERT - the same, next to who has signed already
sign_too() {
	openssl cms -resign -cades -binary -nodetach -nosmimecap -md sha256 \
	    -inform DER -in "$1" -outform DER -out "$1.new" -signer "$3" \
	    -inkey "$2" && mv "$1.new" "$1"
}

# Whatever the store says: this order may be carried out.
make_ready() {
	tamper "UPDATE orders SET state = 'ready', reason = NULL,
	    open_items = items, waiting_items = 0
	    WHERE id = decode('$1', 'hex');
	    UPDATE item SET state = 'open', reason = NULL
	    WHERE order_id = decode('$1', 'hex')"
}

# The officer's certificate is revoked with an order of a security officer.
revoke_officer() {
	as s1 signet cert revoke "$(serial_in "$pki/officers/$1.pem")" \
	    --reason privilegeWithdrawn --wait 20s --yes
}

serial_in() {
	openssl x509 -in "$1" -noout -serial | sed 's/.*=//' |
	    tr '[:upper:]' '[:lower:]'
}

# refused 'what was done' ID 'why' - after cad: nothing came out of it, and
# row, log and audit chain say why.
refused() {
	refused_id=$(printf '%.8s' "$2")
	is "$1: no certificate" \
	    "$(sql "SELECT count(*) FROM cert")" "$certs_mark"
	is '... the order is refused' "$(order_state "$2")" refused
	says "$3" order_reason "$2"
	ok '... and so says the log' grep -q "$refused_id.*$3" "$tmp/log"
	ok '... and the audit chain' audited "act=refuse" "id=$2" "$3"
}
