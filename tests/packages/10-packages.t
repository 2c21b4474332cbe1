#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian packages, in a fresh root of this Debian: they are built, go in, are
# upgraded, carry a whole installation whose daemons run under users of their
# own, and leave nothing when they are purged before that.
. "${srcdir:-.}/tests/integration/tap.sh"

# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# From where this machine has its own packages.
# shellcheck disable=SC2016 # apt-get's variables
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets \
    --format '$(CODENAME) $(LABEL) $(REPO_URI)' 'Identifier: Packages' |
    sed -n "s/^$suite Debian //p" | head -n 1)}
root=$tmp/root
all="signet-common signet-cli signet-ca signet-ocsp signet-crl signet-ra
    signet-station"
users="signet-backup signet-cad signet-ocspd signet-crld signet-rad signet-station"
if [ "$(id -u)" -ne 0 ]; then
	echo "1..0 # SKIP only root can make a root"
	exit 0
fi

# inside COMMAND... - in the fresh root, with processes of its own, which end
# with it
cat >"$tmp/inside" <<'EOF_INSIDE'
#!/bin/sh
# ROOT COMMAND...
exec unshare --mount --pid --fork --kill-child --mount-proc sh -c '
    root=$1
    shift
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/dev/shm"
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive "$@"' - "$@"
EOF_INSIDE
inside() {
	sh "$tmp/inside" "$root" "$@"
}
# The same without a network but its own machine: ports are nobody else's.
inside_alone() {
	unshare --net sh -c 'ip link set lo up && exec sh "$@"' - \
	    "$tmp/inside" "$root" "$@"
}
# build VERSION - the packages of this tree into $tmp/debs/VERSION
build() (
	rm -rf "$tmp/tree" && mkdir -p "$tmp/tree" "$tmp/debs/$1" &&
	    cd "$srcdir" && git -c safe.directory='*' ls-files -z |
	    tar --null -cf - -T - | tar -xf - -C "$tmp/tree" &&
	    cd "$tmp/tree" || exit 1
	[ "$1" = 0.1.0 ] || sed -i "1s/(.*)/($1)/" debian/changelog
	DEB_BUILD_OPTIONS="noautodbgsym parallel=$(nproc)" \
	    dpkg-buildpackage -b -us -uc -d >"$tmp/build.log" 2>&1 || {
		tail -n 30 "$tmp/build.log"
		exit 1
	}
	mv "$tmp"/*.deb "$tmp/debs/$1"
)
# The same files with another number: nothing has to be compiled again.
renumber() (
	mkdir -p "$tmp/debs/$1" && cd "$tmp/debs/0.1.0" || exit 1
	for deb in *.deb; do
		rm -rf "$tmp/deb" && dpkg-deb -R "$deb" "$tmp/deb" &&
		    sed -i "s/^Version: .*/Version: $1/
		    s/(= 0\\.1\\.0)/(= $1)/g" "$tmp/deb/DEBIAN/control" &&
		    dpkg-deb --root-owner-group -b "$tmp/deb" \
		    "$tmp/debs/$1" >/dev/null || exit 1
	done
)
# install VERSION
install() {
	rm -rf "$root/debs" && cp -r "$tmp/debs/$1" "$root/debs" &&
	    inside sh -c 'apt-get -q -y --no-install-recommends \
	    -o Dpkg::Use-Pty=0 install /debs/*.deb'
}
version_of() {
	inside dpkg-query -W -f '${Version}' "$1"
}
# What is there of us, of files, users and services.
traces() {
	(cd "$root" && find etc usr lib var run -name '*signet*' \
	    ! -path 'var/log/*' ! -path 'var/cache/*' ! -path 'usr/lib/debug*' \
	    ! -path 'var/lib/dpkg/info/*' 2>/dev/null)
	grep '^signet' "$root/etc/passwd" "$root/etc/group"
	inside dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' 'signet*' 2>/dev/null |
	    grep -v '^signet[a-z-]* un'
}

# ---- building ----
ok 'the packages are built' build 0.1.0
is 'one for each role' "$(cd "$tmp/debs/0.1.0" && echo *.deb |
    sed 's/_[^ ]*//g')" "$(printf '%s\n' $all | sort | tr '\n' ' ' |
    sed 's/ $//')"
ok 'a newer version' renumber 0.1.0+1
for p in $all; do
	ok "$p has no secret and nothing that others may write" sh -c '
	    ! dpkg-deb -c "$1"/"$2"_*.deb | grep -E "^-.{7}w|\.key$|secret"' - \
	    "$tmp/debs/0.1.0" "$p"
done
# has PACKAGE PATH... - which are patterns of the shell's
has() (
	dpkg-deb --fsys-tarfile "$tmp/debs/0.1.0/$1"_*.deb | tar -tf - |
	    sed 's,^\./,,; s,\.gz$,,' >"$tmp/list"
	shift
	set -f
	for path; do
		grep -qxF "$path" "$tmp/list" || {
			echo "no $path"
			exit 1
		}
	done
)
man=usr/share/man
# shellcheck disable=SC2046 # a list of names
ok 'each command has its page beside it' has signet-cli $(cd "$srcdir/man" &&
    ls signet.1 signet-[a-rt-z]*.1 | sed "s,^,$man/man1/,") \
    $man/man5/signet.conf.5
ok 'each daemon has its own' has signet-ca $man/man8/signet-cad.8 \
    $man/man5/signet-cad.conf.5 $man/man8/signet-root.8
ok 'and who makes cards' has signet-station $man/man1/signet-station.1 \
    usr/share/bash-completion/completions/signet-station
ok 'bash, fish and zsh complete commands' has signet-cli \
    usr/share/bash-completion/completions/signet \
    usr/share/fish/vendor_completions.d/signet.fish \
    usr/share/zsh/vendor-completions/_signet
ok '... and those of the root' has signet-ca \
    usr/share/bash-completion/completions/signet-root \
    usr/share/fish/vendor_completions.d/signet-root.fish \
    usr/share/zsh/vendor-completions/_signet-root
units=$(pkg-config --variable=systemdsystemunitdir systemd)
ok 'backups have their timer where the command is' has signet-cli \
    "${units#/}/signet-backup.timer" "${units#/}/signet-backup.service"
ok 'a dashboard and rules for alerts are there' has signet-common \
    usr/share/signet/watch/signet-dashboard.json \
    usr/share/signet/watch/signet-alerts.yml

# ---- a fresh Debian ----
ok "a fresh root of Debian $suite" debootstrap --variant=minbase \
    --include=ca-certificates "$suite" "$root" "$mirror"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
is 'nothing of us is there' "$(traces)" ''
ok 'the packages go in' install 0.1.0
for u in $users; do
	is "user $u can neither log in nor has another's group" \
	    "$(inside sh -c "id -Gn $u; getent passwd $u" |
	    sed 's/:.*:/ /' | tr '\n' ' ')" "$u $u /usr/sbin/nologin "
	is "its directory is its own" "$(inside stat -c '%U %a' \
	    "/var/lib/signet/${u#signet-}")" "$u 700"
done
is 'what is published may be read by all' "$(inside stat -c '%U %a' \
    /var/lib/signet/www)" 'signet-crld 755'
for d in cad ocspd crld rad; do
	ok "signet-$d is started at boot" test -L \
	    "$root/etc/systemd/system/multi-user.target.wants/signet-$d.service"
	ok "systemd takes its unit" sh -c '
	    [ -z "$(systemd-analyze verify --man=no --recursive-errors=no \
	    --root="$1" "$2" 2>&1 | grep -F "$2")" ]' - "$root" \
	    "signet-$d.service"
	systemd-analyze security --offline=true --threshold=20 --no-pager \
	    --root="$root" "signet-$d.service" >"$tmp/out" 2>/dev/null
	tap_result $? "signet-$d: exposure at most 2.0 of 10"
	sed -n 's/^[^O]*\(Overall.*[0-9]\) .*/# \1/p' "$tmp/out"
done
not 'nobody makes a backup before it was said for whom' test -e \
    "$root/etc/systemd/system/timers.target.wants/signet-backup.timer"
ok 'programs run' inside signet --version
ok 'an upgrade goes in' install 0.1.0+1
is 'and is the new one' "$(version_of signet-ca)" 0.1.0+1
ok 'removed, they leave nothing but what is to be purged' inside \
    apt-get -q -y remove signet-common
not 'no program is left' test -e "$root/usr/sbin/signet-cad"
ok 'purged' inside dpkg --purge $all
is 'nothing of us is left' "$(traces)" ''

# ---- an installation ----
cat >"$root/usr/local/sbin/try" <<'EOF_TRY'
#!/bin/sh
# A store of this root, an installation, and each daemon as its unit says.
set -eu
mkdir -p /run/postgresql && chown postgres: /run/postgresql
v=$(ls /usr/lib/postgresql)
etc=/etc/postgresql/$v/main
{ echo 'local all all peer map=signet'; cat "$etc/pg_hba.conf"; } >/tmp/hba
cat /tmp/hba >"$etc/pg_hba.conf"

# At first somebody has forgotten one.
grep -v signet_ca /debs/ident >"$etc/pg_ident.conf"
pg_ctlcluster "$v" main start
! signet init --dir /etc/signet --service-users \
    --database 'host=/run/postgresql user=postgres dbname=signet' \
    --organization Example --country SE --url http://pki.example.org \
    --root-key ec:P-256 --ca-key ec:P-256 --key ec:P-256 \
    --security-officer 'so1:Sigrid Ost' --security-officer 'so2:Tom Norr' \
    --officer 'ro1:Olga Vik' </dev/null || exit 1
cat /debs/ident >"$etc/pg_ident.conf"
pg_ctlcluster "$v" main reload
signet init --dir /etc/signet </dev/null

# What is missing later is made by a CA whose keys have been given away.
rm /var/lib/signet/cad/heads.pem
signet init --dir /etc/signet </dev/null
stat -c 'keys of %U' /etc/signet/ca/people.key \
    /var/lib/signet/cad/agent/cad.key
stat -c 'head of %U' /var/lib/signet/cad/heads.pem
sed -i 's/^signet *root *postgres$//' "$etc/pg_ident.conf"
pg_ctlcluster "$v" main reload
unit() {
	sed -n "s/^$2=//p" "$(ls /lib/systemd/system/signet-"$1".service)"
}
for d in cad crld ocspd rad; do
	cred=/run/credentials/signet-$d.service
	mkdir -p "$cred"
	unit $d LoadCredential | while IFS=: read -r name file; do
		cp "$file" "$cred/$name"
	done
	chown -R "$(unit $d User):" "$cred"
	chmod 500 "$cred" && chmod 400 "$cred"/*
	# shellcheck disable=SC2046 # words
	CREDENTIALS_DIRECTORY=$cred setpriv --reuid="$(unit $d User)" \
	    --regid="$(unit $d Group)" --clear-groups --no-new-privs \
	    --inh-caps=-all --bounding-set=-all \
	    $(unit $d ExecStart) >"/tmp/$d.log" 2>&1 &
done
well=
for _ in $(seq 120); do
	well=
	for p in 9641 9642 9643; do
		curl -sf -o /dev/null "http://127.0.0.1:$p/healthz" && well=$well+
	done
	[ "$well" = +++ ] && break
	sleep 0.5
done
echo "well $well"
ps -eo user:20,comm | awk '$2 ~ /^signet-/ { print $1, $2 }' | sort -u |
    sed 's/^/runs as /'
su -s /bin/sh signet-ocspd -c 'cat /etc/signet/ca/people.key' 2>&1 |
    sed 's/^/other: /'
su -s /bin/sh signet-rad -c 'ls /var/lib/signet/cad' 2>&1 | sed 's/^/other: /'
curl -sf -o /tmp/people.crl http://127.0.0.1:8080/crl/people.crl &&
    openssl crl -inform DER -in /tmp/people.crl -CAfile \
    /etc/signet/ca/people.pem -noout -issuer 2>&1 | sed 's/^/list: /'
tail -n 4 /tmp/*.log
EOF_TRY
chmod 755 "$root/usr/local/sbin/try"
ok 'PostgreSQL and a client of HTTP' inside apt-get -q -y \
    --no-install-recommends -o Dpkg::Use-Pty=0 install postgresql curl \
    openssl procps util-linux
ok 'the packages' install 0.1.0
sed -n '/^signet  [a-z]/p' "$srcdir/man/signet-init.1" >"$root/debs/ident"
ok 'an installation is set up, and the daemons run' inside_alone /usr/local/sbin/try
cp "$tmp/out" "$tmp/try"
ok 'all are well' grep -qx 'well +++' "$tmp/try"
for d in cad crld ocspd rad; do
	is "signet-$d is signet-$d" "$(awk -v c="signet-$d" \
	    '/^runs as/ && $4 == c { print $3 }' "$tmp/try" | tr '\n' ' ')" \
	    "signet-$d "
done
is 'signet init was run again, and keys are whose they were' \
    "$(grep -E '^(keys|head) of' "$tmp/try" | sort | uniq -c | tr -s ' \n' ' ')" \
    ' 1 head of signet-cad 2 keys of signet-cad '
is "nobody reads another's keys" "$(grep -c '^other: .*Permission denied' \
    "$tmp/try")" 2
ok 'the list is at its address' grep -q '^list: issuer' "$tmp/try"
inside dpkg --purge $all >"$tmp/purge" 2>&1
ok 'a purge says that it keeps keys and ledger' grep -q \
    'signet: kept /var/lib/signet/cad' "$tmp/purge"
ok 'and keeps them' test -s "$root/var/lib/signet/cad/ledger"
ok 'with their owner' grep -q '^signet-cad:' "$root/etc/passwd"
done_testing
