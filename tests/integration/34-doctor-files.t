#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# signet doctor: mistakes in settings and files, one after another, each found
# with its effect and its fix, and not when it is mended.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/doctor.sh"
PG_FSYNC=on
install_pki
prlimit --pid=$$ --core=0:

exits 2 'a share of room that is none is refused' signet doctor --min-free 101
exits 7 'without settings there is nothing to look at' \
    signet doctor --config "$tmp/none.conf"
healthy
exits 0 'and that is success' signet doctor --offline
said '0 problems'

# ---- settings ----
keep "$pki/crld.conf"
echo 'intervall = 3;' >>"$pki/crld.conf"
finds settings 'unknown setting "intervall"'
back
exits 0 'mended, it is well' signet doctor --offline
chmod 666 "$pki/crld.conf"
finds settings-mode 'crld.conf has mode 0666'
exits 7 'a problem is a failure' signet doctor --offline
said 'effect: others can'
said 'fix:    chmod go-w'
back
keep "$pki/profiles/tls-server"
echo 'nonsense = ' >>"$pki/profiles/tls-server"
finds profiles tls-server
back
keep "$pki/rad.conf"
echo "brand = \"$tmp/brand\";" >>"$pki/rad.conf"
finds brand 'brand: No such file'
mkdir -m 777 "$tmp/brand" && chmod 777 "$tmp/brand"
finds brand 'only its owner may change'
back

# ---- who may read and write ----
key=$pki/agents/ra.key
keep "$key"
chmod 644 "$key"
finds secret-mode 'ra.key has mode 0644'
if [ "$(id -u)" -eq 0 ]; then
	chmod 600 "$key" && chown nobody "$key"
	finds secret-owner 'ra.key belongs to user'
fi
back
keep "$pki/secrets/ca-people"
chmod 604 "$pki/secrets/ca-people"
finds secret-mode 'ca-people has mode 0604'
back
healthy

# ---- what is not there ----
mv "$pki/ca/people.key" "$tmp/people.key"
finds file-missing 'people.key: No such file'
mv "$tmp/people.key" "$pki/ca/people.key"
mv "$pki/state/crld" "$tmp/crld"
finds state-missing 'state/crld: No such file'
mv "$tmp/crld" "$pki/state/crld"
if [ "$(id -u)" -eq 0 ]; then
	keep "$pki/cad.conf"
	echo 'user = "nobody";' >>"$pki/cad.conf"
	finds state-owner 'state/cad belongs to user 0'
	back
fi
mv "$pki/state/cad/ledger" "$tmp/ledger"
finds ledger-missing 'has no ledger'
mv "$tmp/ledger" "$pki/state/cad/ledger"
finds disk-full '% left' --min-free 100
sh -c 'prlimit --pid=$$ --core=4096: && signet doctor --offline --json
    true' >"$tmp/found" 2>"$tmp/said"
ok 'finds core-dumps: those of whoever starts the programs' \
    grep -q '"check":"core-dumps".*4096 bytes' "$tmp/found"

# ---- the machine ----
# says_so PROGRAM ANSWER - a program of systemd's that answers so
mkdir -p "$tmp/bin"
says_so() {
	printf '#!/bin/sh\necho "%s"\n' "$2" >"$tmp/bin/$1"
	chmod 755 "$tmp/bin/$1"
}
with() {
	PATH=$tmp/bin:$PATH signet doctor --offline --json "$@" \
	    >"$tmp/found" 2>"$tmp/said"
}
doctor_with() {
	doctor() { with "$@"; }
	finds "$@"
	doctor() { signet doctor --offline --json "$@" >"$tmp/found" \
	    2>"$tmp/said"; }
}
says_so timedatectl no
doctor_with time-unkept 'NTP is not synchronised'
says_so timedatectl yes
says_so systemctl disabled
doctor_with unit-disabled 'signet-rad.service is disabled'
says_so systemctl masked
doctor_with unit-disabled 'signet-cad.service is masked'
says_so systemctl enabled
with
not 'a unit that is enabled is no mistake' \
    grep -q 'unit-disabled\|time-unkept' "$tmp/found"
rm "$tmp/bin"/*
printf 'Filename Type Size Used Priority\n/dev/zram9 partition 9 0 -2\n' \
    >"$tmp/zram"
sed 's/zram9/vdz9/' "$tmp/zram" >"$tmp/swaps"
if unshare -m true 2>/dev/null; then
	doctor() {
		unshare -m sh -c 'mount --bind "$1" /proc/swaps &&
		    signet doctor --offline --json' - "$swaps" \
		    >"$tmp/found" 2>"$tmp/said"
	}
	swaps=$tmp/swaps
	finds swap-clear 'swap on /dev/vdz9 is not encrypted'
	swaps=$tmp/zram
	doctor
	not '... and in memory it is none' grep -q swap-clear "$tmp/found"
	doctor() { with "$@"; }
fi

# ---- what crosses a network in clear ----
keep "$pki/crld.conf"
sed -i '/^database = /d' "$pki/crld.conf"
echo 'database = "host=192.0.2.7,127.0.0.1 dbname=signet sslmode=require";' \
    >>"$pki/crld.conf"
finds plain-store "crld.conf: the store's server 192.0.2.7"
sed -i 's/sslmode=require/sslmode=verify-full/' "$pki/crld.conf"
doctor
not '... and whose certificate is looked at is none' \
    grep -q plain-store "$tmp/found"
back
keep "$pki/rad.conf"
echo 'mail_server = "smtp://192.0.2.7"; mail_from = "ra@example.org";
    mail_clear = true;' >>"$pki/rad.conf"
finds plain-mail 'smtp://192.0.2.7 in clear'
sed -i 's|smtp://192.0.2.7|smtp://127.0.0.1|' "$pki/rad.conf"
doctor
not '... and to a server here it may' grep -q plain-mail "$tmp/found"
back
keep "$pki/directories.conf"
echo 'targets = ( { name = "main"; url = "ldap://192.0.2.7:389";
    base = "dc=example,dc=com"; } );' >"$pki/directories.conf"
finds plain-directory 'directory main is spoken to in clear'
back

healthy
exits 0 'a warning is none' signet doctor --offline --min-free 99
exits 7 'unless that is asked for' \
    signet doctor --offline --min-free 99 --strict
done_testing
