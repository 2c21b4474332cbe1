#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Batches: people from a CSV file, requests from a directory; every mistake in
# its place, and nothing stored while there is one.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

orders() {
	sql 'SELECT count(*) FROM orders'
}
import() {
	signet order import -p mail-sign --csv "$tmp/$1" </dev/null
}
make_requests "$tmp/b" 40 ec:P-256
cp "$tmp/b/people.csv" "$tmp/b/good.csv"
before=$(orders)

# Every mistake is said, each with its place.
{
	sed -n 1,2p "$tmp/b/people.csv"
	echo 'p2,Person,2,Person 2,no address,Ex,NTRSE-5560000001,SE,000002.csr'
	echo ',Person,3,Person 3,p3@example.org,Ex,NTRSE-5560000001,SE,000003.csr'
	echo 'p4,Person,4,Person 4,p4@example.org,Ex,NTRSE-5560000001,SE,none.csr'
	echo 'p5,P"5,5,Person 5,p5@example.org,Ex,NTRSE-5560000001,SE,000005.csr'
	echo 'p6,P,6,Person 6,p6@example.org,Ex,NTRSE-5560000001,SE,000001.csr'
	echo 'p7,P,7'
	printf 'p8,\351,8,Person 8,p8@example.org,Ex,NTRSE-5560000001,SE,000008.csr\n'
} >"$tmp/b/bad.csv"
exits 2 'a file with mistakes is refused' import b/bad.csv
said 'bad.csv: line 3, column 22: field "mail": is not a mail address'
said 'bad.csv: line 4, column 1: no holder'
said 'bad.csv: line 5, column 60: '
said 'bad.csv: line 6, column 5: a quote inside a cell'
said 'bad.csv: line 7, column 55: the same request as line 2'
said 'bad.csv: line 8: 3 cells where the header has 9'
said 'bad.csv: line 9, column 4: not clean UTF-8'
said '7 of 8 are bad; nothing was stored'
is 'nothing was' "$(orders)" "$before"
sed 1s/mail/email/ "$tmp/b/people.csv" >"$tmp/b/head.csv"
exits 2 'a column has to be a field' import b/head.csv
said 'line 1, column 27: profile mail-sign has no field "email"'
sed 1s/holder/who/ "$tmp/b/people.csv" >"$tmp/b/head.csv"
exits 2 'a holder has to be there' import b/head.csv
said 'no column "holder"'
: >"$tmp/b/empty.csv"
exits 2 'an empty file is said' import b/empty.csv
exits 4 'a file that is not there' import b/none.csv
exits 2 'a profile is needed' signet order import --csv "$tmp/b/good.csv"
exits 2 'a directory needs one, too' signet order import "$tmp/b"
exits 2 'something to import is needed' signet order import -p mail-sign
exits 2 'a directory without what the profile wants' \
    signet order import -p tls-server "$tmp/b"
is 'still nothing was stored' "$(orders)" "$before"

# Good ones: one order.
ok 'a good file is one order' import b/good.csv
said 'mail-sign, 40 items'
said 'needs officer and officer; has nobody'
id=$(last_order)
is 'one' "$(orders)" $((before + 1))
is 'with forty items' \
    "$(sql "SELECT count(*) FROM item WHERE order_id = decode('$id', 'hex')")" 40
is 'whose requests are there' \
    "$(sql "SELECT count(*) FROM request WHERE order_id = decode('$id', 'hex')")" 40
ok 'the people were registered' signet holder show p000040
said 'p000040@example.org'
says '1. p000001' signet order show "$id" --items 1
said '... and 39 more items'
ok 'one officer' as o1 signet order approve "$id" --yes
is 'is not enough' "$(order_state "$id")" pending
ok 'two are' as o2 signet order approve "$id" --yes
ok 'the CA makes them' cad
is 'all of them' "$(order_state "$id")" 'done'
is 'forty certificates' "$(signet cert list --profile mail-sign --json |
    wc -l)" 40
ok 'an item is found by its address' \
    signet cert find p000017@example.org

# With mistakes left out.
exits 0 'what is good can be stored' \
    signet order import -p mail-sign --csv "$tmp/b/bad.csv" --skip-bad
said '7 of 8 are bad and left out'
said 'mail-sign, 1 item'

# Exported and imported elsewhere: the same.
ok 'a batch is exported' signet order export "$id" -o "$tmp/batch.pem"
is 'with its requests' "$(grep -c BEGIN "$tmp/batch.pem")" 41
n=$(orders)
ok 'and is the same when it comes back' signet order import "$tmp/batch.pem"
said 'is there already'
is 'not another' "$(orders)" "$n"
sed '/END CMS/q' "$tmp/batch.pem" >"$tmp/bare.pem"
exits 2 'not without its requests' signet order import "$tmp/bare.pem"
said 'the request of item 1 is not in the file'

# A directory of requests, the fields from them; singly, too.
mkdir "$tmp/hosts"
for h in a b c; do
	request "$h" -addext "subjectAltName=DNS:$h.example.org"
	mv "$tmp/$h.csr" "$tmp/hosts"
done
ok 'a directory is one order' \
    signet order import -p tls-server "$tmp/hosts" --comment 'new hosts'
id=$(last_order)
says 'b.example.org' signet order show "$id"
said 'new hosts'
n=$(orders)
ok 'or an order for each' \
    as o1 signet order import -p tls-server --single "$tmp/hosts" --sign
is 'three' "$(orders)" $((n + 3))
is 'signed' "$(signet order list --state ready --json | wc -l)" 3

# Requests that come later.
printf 'holder,name,given,surname,mail,org,orgid,country,csr\nq1,Q 1,Q,1,q1@example.org,Ex,NTRSE-5560000001,SE,\n' \
    >"$tmp/later.csv"
ok 'a row without a request waits for it' import later.csv
says 'waiting' signet order show "$(last_order)"
done_testing
