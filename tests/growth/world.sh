# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# An installation on many hosts, with all that tests of it need; before anything
# else, since hosts.sh starts the script again:
#
#	. "${srcdir:-.}/tests/growth/world.sh"
#
#	world_up			everything below, ready
#	store_up [synchronous]		db1 the primary, db2 and db3 replicas
#	cas_up, responders_up, authorities_up, publishers_up, directories_up
#					ca1 ca2; oc1 oc2 oc3; ra1 ra2; pub1
#					pub2; dir1 the provider, dir2 dir3
#	run NAME			start its daemon; pid_of NAME
#	halt NAME [signal]		and end it
#	db_sql NAME SQL			as the superuser of that server
#	promote NAME
#	fence NAME			the server's host is gone: killed and off
#					the network
#	ask NAME SERIAL [option]	what that responder says
#	host_well NAME			its /healthz has what the world asks of it
#
# synchronous: a commit is acknowledged when a replica has applied it.
# shellcheck source=tests/lib/hosts.sh
. "${srcdir:-.}/tests/lib/hosts.sh"
# shellcheck source=tests/integration/tap.sh
. "$srcdir/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
export pki
: "${tmp:?}" "${srcdir:?}" "${pki:?}"
# shellcheck source=tests/lib/slapd.sh
. "$srcdir/tests/lib/slapd.sh"

world_dbs="10.91.0.11,10.91.0.12,10.91.0.13"
world_primary="host=$world_dbs port=5432 dbname=signet target_session_attrs=read-write"

db_dir() {
	case $1 in
	db1)	echo "$tmp/pg" ;;
	*)	echo "$tmp/$1" ;;
	esac
}

db_sql() {
	psql -X -q -At -v ON_ERROR_STOP=1 -h "$(db_dir "$1")" -d "${3:-signet}" \
	    -c "SET search_path = signet" -c "$2"
}

# A function of pg.sh on a host.
db_do() {
	db_do_host=$1
	shift
	# shellcheck disable=SC2016 # there
	on "$db_do_host" env "PG_UNDER=${db_under:-}" sh -c '
	    . "$srcdir/tests/lib/pg.sh"; "$@"' - "$@"
}

store_up() {
	export PG_FSYNC=off
	install_pki
	cat >>"$tmp/pg/data/postgresql.conf" <<-CONF
	listen_addresses = '*'
	unix_socket_permissions = 0777
	synchronous_commit = on
	wal_sender_timeout = 5s
	wal_receiver_timeout = 5s
	wal_retrieve_retry_interval = 500ms
	hot_standby = on
	wal_log_hints = on
	wal_keep_size = 512MB
	full_page_writes = on
	max_connections = 200
	CONF
	echo "host all,replication all 10.91.0.0/24 trust" \
	    >>"$tmp/pg/data/pg_hba.conf"
	pg_stop "$tmp/pg"
	db_do db1 pg_again "$tmp/pg" &&
	replica_up db2 && replica_up db3 && follows db2 db1 &&
	    follows db3 db1 || return 1
	[ "${1:-}" != synchronous ] || synchronous db1 db2 db3
	sed -i "s|host='[^']*' port='5432'|host='$world_dbs' port='5432' target_session_attrs='read-write'|" \
	    "$pki"/*.conf
	conninfo=$world_primary
}

replica_up() {
	PGHOST=10.91.0.11 db_do "$1" pg_replica_start "$tmp/$1"
}

# synchronous PRIMARY REPLICA... - any one of these has to have it; none: no
synchronous() {
	synchronous_at=$1 synchronous_names=
	shift
	[ $# -eq 0 ] || synchronous_names="ANY 1 ($(echo "$*" | tr ' ' ','))"
	db_sql "$synchronous_at" "ALTER SYSTEM SET synchronous_commit =
	    remote_apply" postgres &&
	db_sql "$synchronous_at" "ALTER SYSTEM SET synchronous_standby_names =
	    '$synchronous_names'" postgres &&
	db_reload "$synchronous_at"
}

db_reload() {
	db_sql "$1" 'SELECT pg_reload_conf()' postgres >/dev/null
}

# follows NAME PRIMARY
follows() {
	follows_conninfo="host=$(host_ip "$2") user=postgres application_name=$1"
	db_sql "$1" "ALTER SYSTEM SET primary_conninfo = '$follows_conninfo'" \
	    postgres && db_reload "$1"
}

promote() {
	db_do "$1" pg_replica_promote "$(db_dir "$1")"
}

fence() {
	pg_kill "$(db_dir "$1")"
	cut_off "$1"
}

# ---- daemons: NAME.conf and NAME/ in $tmp -----------------------------------------

# of KIND FILE NAME - its settings, with a directory of its own for what it keeps
world_conf() {
	mkdir -m 700 "$tmp/$3" &&
	sed -e '/^listen/d' -e '/^metrics_listen/d' -e '/^agent_/d' \
	    -e '/^heads/d' -e "s|^state = .*|state = \"$tmp/$3\";|" \
	    "$pki/$2.conf" >"$tmp/$3.conf"
}

run() {
	case $1 in
	ca*)	run_program=signet-cad ;;
	oc*)	run_program=signet-ocspd ;;
	ra*)	run_program=signet-rad ;;
	pub*)	run_program=signet-crld ;;
	dir*)	run_dir "$1"
		return ;;
	esac
	eval "run_clock=\${clock_$1:-}"
	run_pid=$(host_pid "$1")
	# shellcheck disable=SC2086 # words
	nsenter --target "$run_pid" --net -- env ${run_clock:+LD_PRELOAD=$faketime
	    FAKETIME=$run_clock FAKETIME_DONT_FAKE_MONOTONIC=1} "$run_program" -d -c "$tmp/$1.conf" >>"$tmp/$1.log" 2>&1 &
	pids="$pids $!"
	eval "daemon_$1=$!"
}

pid_of() {
	eval "echo \"\$daemon_$1\""
}

halt() {
	kill "-${2:-TERM}" "$(pid_of "$1")" 2>/dev/null
	wait "$(pid_of "$1")" 2>/dev/null
}

cas_up() {
	for ca in ca1 ca2; do
		world_conf cad cad "$ca"
		sed -i -e "s/^instance = .*/instance = \"$ca\";/" \
		    -e 's/^group = .*/group = 20;/' "$tmp/$ca.conf"
		cat >>"$tmp/$ca.conf" <<-CONF
		poll = "1s";
		takeover = "10s";
		metrics = "$tmp/$ca.prom";
		CONF
		run "$ca"
	done
	wait_for ca_began ca1 && wait_for ca_began ca2
}

ca_began() {
	[ "$(sql "SELECT count(*) > 0 FROM audit WHERE position(convert_to(
	    'instance=$1', 'UTF8') IN body) > 0")" = t ]
}

# Each looks at a replica first; and the primary will do.
responders_up() {
	for oc in oc1 oc2 oc3; do
		case $oc in
		oc1)	oc_hosts=10.91.0.12,10.91.0.13,10.91.0.11 ;;
		oc2)	oc_hosts=10.91.0.13,10.91.0.12,10.91.0.11 ;;
		oc3)	oc_hosts=10.91.0.11,10.91.0.12,10.91.0.13 ;;
		esac
		world_conf ocspd ocspd "$oc"
		mkdir -p "$tmp/$oc/signers" &&
		cp "$tmp"/ocspd/signers/* "$tmp/$oc/signers/"
		sed -i "s|^database = .*|database = \"host=$oc_hosts port=5432 dbname=signet user=signet_ocsp target_session_attrs=prefer-standby\";|" \
		    "$tmp/$oc.conf"
		cat >>"$tmp/$oc.conf" <<-CONF
		listen = [ "$(host_ip "$oc"):8081" ];
		max_lag = "2s";
		freshness = "2s";
		CONF
		run "$oc"
	done
	wait_for host_well oc1 && wait_for host_well oc2 && wait_for host_well oc3
}

authorities_up() {
	for ra in ra1 ra2; do
		world_conf rad rad "$ra"
		sed -i -e '/^url/d' -e '/^tls_/d' -e "s|^pages = .*|pages = \"$srcdir/ra\";|" \
		    "$tmp/$ra.conf"
		cat >>"$tmp/$ra.conf" <<-CONF
		listen = "$(host_ip "$ra"):8443";
		listen_cert = "$(host_ip "$ra"):8444";
		url = "https://ra.example.org:8443";
		url_cert = "https://ra.example.org:8444";
		tls_key = "$tmp/web.key";
		tls_cert = "$tmp/web.pem";
		agent_key = "$tmp/ra.key";
		agent_cert = "$tmp/ra.pem";
		per_address = 0;
		CONF
		run "$ra"
	done
	wait_for host_well ra1 && wait_for host_well ra2
}

publishers_up() {
	cat >"$pki/directories.conf" <<-CONF
	targets = ({ name = "main"; url = "ldaps://$(host_ip dir1)";
	    base = "$ldap_base"; tls_ca = "$tmp/directories.pem";
	    tls_cert = "$pki/agents/crl.pem"; tls_key = "$pki/agents/crl.key";
	    tls_passphrase = "file:$pki/secrets/agent-crl"; });
	CONF
	for pub in pub1 pub2; do
		world_conf crld crld "$pub"
		sed -i "s|^directory = .*|directory = \"$tmp/$pub.www\";|" \
		    "$tmp/$pub.conf"
		echo "listen = [ \"$(host_ip "$pub"):8080\" ];" >>"$tmp/$pub.conf"
		run "$pub"
	done
	wait_for list_of pub1 services && wait_for list_of pub2 services
}

list_of() {
	curl -sSf --max-time 5 -o "$tmp/list" \
	    "http://$(host_ip "$1"):8080/crl/$2.crl"
}

# Where an operator looks, on the host itself.
host_well() {
	case $1 in
	oc*)	healthy_port=9642 healthy_parts='store
signer services
list services' ;;
	ra*)	healthy_port=9643 healthy_parts=web ;;
	esac
	on "$1" curl -s --max-time 5 -o "$tmp/health.$1" \
	    "http://127.0.0.1:$healthy_port/healthz" &&
	echo "$healthy_parts" | while read -r healthy_part; do
		grep -q "^ok $healthy_part" "$tmp/health.$1" || return 1
	done
}

# ---- directories ------------------------------------------------------------------

run_dir() {
	run_pid=$(host_pid "$1")
	run_ldapi=ldapi://$(printf '%s' "$tmp/$1/ldapi" | sed 's|/|%2F|g')
	nsenter --target "$run_pid" --net -- slapd -d 0 -F "$tmp/$1/conf" -h \
	    "$run_ldapi ldap://$(host_ip "$1") ldaps://$(host_ip "$1")" \
	    >>"$tmp/$1.log" 2>&1 &
	pids="$pids $!"
	eval "daemon_$1=$!"
}

dir_answers() {
	ldapsearch -x -LLL -o nettimeout=3 -H "ldap://$(host_ip "$1")" \
	    -s base -b '' 1.1
}

# dir_key NAME [option of req]... - a key, and a certificate or a request
dir_key() {
	dir_key=$1
	shift
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$tmp/$dir_key.key" -subj "/CN=$dir_key" "$@" 2>/dev/null
}

# The machines of directories have an authority of their own, as in many houses.
directories_up() {
	dir_key directories -x509 -days 2 -out "$tmp/directories.pem" || return 1
	cat "$pki/ca/root.pem" "$tmp/directories.pem" >"$tmp/slapd.roots"
	for dir in dir1 dir2 dir3; do
		mkdir -p "$tmp/$dir"
		echo "subjectAltName=IP:$(host_ip "$dir")" >"$tmp/$dir/ext"
		dir_key "$dir" -out "$tmp/$dir/slapd.csr" &&
		mv "$tmp/$dir.key" "$tmp/$dir/slapd.key" &&
		openssl x509 -req -in "$tmp/$dir/slapd.csr" -days 2 \
		    -CA "$tmp/directories.pem" -CAkey "$tmp/directories.key" \
		    -CAcreateserial -extfile "$tmp/$dir/ext" \
		    -out "$tmp/$dir/slapd.pem" 2>/dev/null || return 1
		dir_configure "$dir" >>"$tmp/$dir.log" 2>&1 || return 1
		run "$dir"
	done
	wait_for dir_answers dir1 && wait_for dir_answers dir2 &&
	    wait_for dir_answers dir3
}

# As doc/scaling.md says for consumers.
dir_configure() {
	mkdir -p "$tmp/$1/conf" "$tmp/$1/data"
	cp "$tmp/slapd.roots" "$tmp/$1/root.pem"
	sed -e "s|/var/lib/ldap|$tmp/$1/data|" -e "s|/etc/ldap/signet|$tmp/$1|" \
	    -e "s|/run/slapd|$tmp/$1|" "$srcdir/ldap-schema/slapd.ldif" |
	if [ "$1" = dir1 ]; then
		sed -e '/^olcModuleLoad/a\
olcModuleLoad: syncprov' -e '/^olcSuffix/a\
olcRootDN: cn=replication,dc=example,dc=com\
olcRootPW: replication'
		cat <<-LDIF

		dn: olcOverlay=syncprov,olcDatabase={1}mdb,cn=config
		objectClass: olcOverlayConfig
		objectClass: olcSyncProvConfig
		olcOverlay: syncprov
		olcSpCheckpoint: 100 1
		LDIF
	else
		sed "/^olcSuffix/a\\
olcSyncrepl: rid=00${1#dir} provider=ldaps://$(host_ip dir1) tls_cacert=$tmp/directories.pem bindmethod=simple binddn=\"cn=replication,dc=example,dc=com\" credentials=replication searchbase=\"dc=example,dc=com\" type=refreshAndPersist retry=\"1 +\" keepalive=5:3:2 network-timeout=3\\
olcUpdateRef: ldaps://$(host_ip dir1)\\
olcRootDN: cn=replication,dc=example,dc=com\\
olcRootPW: replication"
	fi >"$tmp/$1/slapd.ldif"
	slapadd -n 0 -F "$tmp/$1/conf" -l "$tmp/$1/slapd.ldif"
}

# What a directory holds, in an order of its own.
dir_holds() {
	ldapsearch -x -LLL -o ldif-wrap=no -o nettimeout=5 -D \
	    cn=replication,dc=example,dc=com -w replication \
	    -H "ldap://$(host_ip "$1")" -b "$ldap_base" 2>&1 | sort
}

# ---- all of it --------------------------------------------------------------------

world_hosts() {
	switch_start
	world_n=11
	for world_host in db1 db2 db3 ca1 ca2 oc1 oc2 oc3 ra1 ra2 pub1 pub2 \
	    dir1 dir2 dir3; do
		host_add "$world_host" "$world_n" || return 1
		world_n=$((world_n + 1))
	done
}

# What the daemons need of certificates, while there is one CA and one store.
world_certificates() {
	# shellcheck source=tests/lib/ocspd.sh
	. "$srcdir/tests/lib/ocspd.sh"
	# shellcheck source=tests/lib/enrol.sh
	. "$srcdir/tests/lib/enrol.sh"
	ocsp_allow_ec
	device_profile
	cad && ocsp_signer services && rad_certificates
}

# world_up [synchronous] - hosts, store and certificates
world_up() {
	ok 'hosts have a network' world_hosts
	ok 'a store has two replicas' store_up "${1:-}"
	ok 'daemons have certificates' world_certificates
}

# In this order, since publishers want a directory.
world_run() {
	cas_up && responders_up && authorities_up && directories_up &&
	    publishers_up
}
