#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root approves orders: it shows them in words, signs them, and writes down
# which.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/root.sh
. "$srcdir/tests/lib/root.sh"
cd "$tmp" || exit 1

ok 'a root is made' new_root D
approve() { signet-root approve --dir D --yes $two "$@"; }
for who in Alice Bob Carol; do
	root_order make "$who.der" "$who" 3600
done
pem() {
	echo '-----BEGIN CMS-----'
	base64 -w 64 "$1"
	echo '-----END CMS-----'
}

exits 2 'no order is no ceremony' signet-root approve --dir D --yes $two -o x
printf 'not an order' >bad
exits 2 'what is not an order is refused' approve bad -o x
not '...and nothing comes out' test -e x
root_order make late.der Late 5
exits 3 'an order that has expired is refused' approve late.der -o x
said 'the order has expired'
not 'without a yes nothing is signed' sh -c '
    signet-root approve --dir D '"$two"' Alice.der -o x </dev/null'
said 'Alice'
not '...and nothing comes out' test -e x

ok 'an order is approved' approve Alice.der -o alice.approved
said 'security-officer'
ok '...by the root' sh -c '
    root_order check alice.approved D/root.pem | grep -qx "root approved for Alice"'
not 'another root did not approve it' sh -c '
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout /dev/null -subj /CN=other -out other.pem 2>/dev/null &&
    root_order check alice.approved other.pem'
mkdir many
ok 'several are approved at once' approve Bob.der Carol.der -o many/
ok '...each under its name' sh -c '
    root_order check many/Bob.der D/root.pem | grep -q Bob &&
    root_order check many/Carol.der D/root.pem | grep -q Carol'
{ pem Alice.der; pem Bob.der; } >two.pem
ok 'PEM is approved as well' approve two.pem -o two.approved
is '...and stays what it was' "$(grep -c 'BEGIN CMS' two.approved)" 2
sed -n '/^-----BEGIN/,/^-----END/p;/^-----END/q' two.approved | sed '/CMS/d' | base64 -d >one.der
ok '...with the approval inside' sh -c '
    root_order check one.der D/root.pem | grep -qx "root approved for Alice"'
cat >approve.conf <<C
verb = "approve";
orders = [ "Alice.der", "Bob.der" ];
output = "fromfile";
C
mkdir fromfile
ok 'a ceremony file names them' signet-root approve --dir D --yes $two \
    --ceremony approve.conf
ok '...and where they go' root_order check fromfile/Bob.der D/root.pem
ok 'the transcript knows the digest' sh -c '
    cut -d" " -f3 D/transcript | while read -r b; do echo "$b" | base64 -d; done |
	grep -qE "^order.1=[0-9a-f]{64}$"'
ok 'all of it is proven' signet-root replay --dir D
done_testing
