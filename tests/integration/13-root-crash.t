#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-root killed at each of its points: what was there stays, or all that
# the ceremony makes is there; never something between.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/root.sh
. "$srcdir/tests/lib/root.sh"
cd "$tmp" || exit 1

ok 'a root is made' new_root good
csr people
csr other
certify() { signet-root certify --dir D $profiles --yes $two "$@"; }
roll() {
	signet-root roll --dir D $profiles --yes $two --name root-g2 \
	    --key ec:P-256 --threshold 2 \
	    --new-custodian ann=file:ann.pass --new-custodian bo=file:bo.pass
}

# points COMMAND... - the points that it passes, with how often
points() {
	rm -rf D
	[ "$1" = new_root ] || cp -a good D
	: >passed
	SIGNET_FAULT_LIST="$tmp/passed" "$@" >/dev/null 2>&1
	sort passed | uniq -c | awk '{
		for (i = 1; i <= $1; i++) print $2 ":" i }'
}

# killed POINT COMMAND... - it is
killed() {
	rm -rf D
	[ "$2" = new_root ] || cp -a good D
	SIGNET_FAULT=$1
	shift
	export SIGNET_FAULT
	"$@" >out 2>&1
	code=$?
	unset SIGNET_FAULT
	[ "$code" -eq 137 ]
}

# The journal is what decides.
whole() {
	if [ -e D/journal ]; then
		signet-root show --dir D && return 1
		signet-root resume --dir D || return 1
	else
		signet-root resume --dir D || return 1
	fi
	signet-root replay --dir D
}

if [ -z "$(points certify --csr people.csr --name people | grep root)" ]; then
	echo '# this build has no fault points: --enable-faults'
	done_testing
fi

for point in $(points certify --csr people.csr --name people | some_points); do
	ok "certify is killed at $point" killed "$point" certify \
	    --csr people.csr --name people
	ok '...and the directory is whole' whole
	if [ -e D/issued/0002-people.pem ]; then
		exits 5 '...with the certificate, which is not made twice' \
		    certify --csr people.csr --name people
	else
		ok '...without it, and then it is made' certify \
		    --csr people.csr --name people
	fi
	ok '...and all is proven' signet-root replay --dir D
done

some='root-(begun|signed|journal|applied|change:(1|7)$)'
for point in $(points roll | grep -E "$some" | some_points); do
	ok "roll is killed at $point" killed "$point" roll
	ok '...and the directory is whole' whole
	if [ -e D/old/1/root.key ]; then
		ok '...with the new key' signet-root crl --dir D --yes \
		    --custodian ann=file:ann.pass --custodian bo=file:bo.pass
	else
		ok '...with the old key' signet-root crl --dir D --yes $two
	fi
	ok '...and all is proven' signet-root replay --dir D
done

for point in $(points new_root D | grep -E "$some" | some_points); do
	ok "init is killed at $point" killed "$point" new_root D
	ok '...and it can go on' signet-root resume --dir D
	[ -e D/root.pem ] || ok '...from the start' new_root D
	ok '...and all is proven' signet-root replay --dir D
done
done_testing
