# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Sourced by the benches, after common.sh, that want an installation as
# "signet init" makes it and not only feed's tables: bench_install makes one in
# $tmp/pki, with officers whose keys feed has, too.
PATH=$PATH:$SIGNET_BUILD/ca/root
SIGNET_CONFIG=$tmp/pki/signet.conf
export SIGNET_CONFIG

# Feed's own installation gave the tables of its keys; this one is real.
bench_install() {
	rm -rf "$tmp/pki"
	psql -X -q -d postgres -c 'DROP DATABASE signet' || exit 1
	signet init --dir "$tmp/pki" --data "$srcdir" \
	    --organization "Example AB" --country SE \
	    --database "$conninfo user=postgres" --url http://pki.example.org \
	    --root-key ec:P-256 --ca-key ec:P-256 --key ec:P-256 \
	    --security-officer "s1:Sara One" --security-officer "s2:Sten Two" \
	    --officer "o1:Olga One" --officer "o2:Otto Two" --yes \
	    </dev/null >"$tmp/out" 2>&1 || { tail -n 5 "$tmp/out" >&2; exit 1; }
	for i in 1 2; do
		cp "$tmp/pki/officers/o$i.pem" "$tmp/d/officer$i.pem"
		rm -f "$tmp/d/officer$i.key"
		(umask 077 && openssl pkey -in "$tmp/pki/officers/o$i.key" \
		    -passin "file:$tmp/pki/secrets/officer-o$i" \
		    -out "$tmp/d/officer$i.key") || exit 1
	done
}

cad_until() {
	cad_run "$1" "$tmp/pki/cad.conf"
	cad_stop
}
as() {
	who=$1
	shift
	"$@" --key "$tmp/pki/officers/$who.key" \
	    --cert "$tmp/pki/officers/$who.pem" --yes \
	    --passphrase "file:$tmp/pki/secrets/officer-$who"
}

# What it said is in $tmp/out.
timed() {
	"$@" >"$tmp/out" 2>&1 </dev/null || { tail -n 5 "$tmp/out" >&2; exit 1; }
}
# Seconds in $took, of the processors in $own and, by the store, in $store; MiB at
# most in $mib.
measured() {
	store=$(cpu_tree "$(head -n 1 "$tmp/pg/data/postmaster.pid")")
	timed python3 -c 'import os, subprocess, sys, time
began = time.monotonic()
p = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
most = 0
while p.poll() is None:
    with open("/proc/%d/status" % p.pid) as f:
        most = max([most] + [int(l.split()[1]) for l in f
            if l.startswith("RssAnon")])
    time.sleep(0.05)
t = os.times()
with open(sys.argv[1], "w") as f:
    print("%.2f %.2f %d" % (time.monotonic() - began, t.children_user +
        t.children_system, most / 1024), file=f)
sys.exit(p.returncode)' "$tmp/took" "$@"
	# shellcheck disable=SC2034 # for who measures
	read -r took own mib <"$tmp/took"
	store=$(awk -v before="$store" -v after="$(cpu_tree \
	    "$(head -n 1 "$tmp/pg/data/postmaster.pid")")" \
	    'BEGIN { print after - before }')
}
