#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# An installation set up by somebody who answers questions at a terminal.
. "${srcdir:-.}/tests/integration/tap.sh"
start_pg
cd "$tmp" || exit 1
psql -X -q -d postgres -c 'CREATE ROLE weak LOGIN'

# types 'LINES' COMMAND... - the lines are typed
types() {
	tap_lines=$1
	shift
	printf '%s\n' "$tap_lines" | "$srcdir/tests/lib/typed" "$@"
}
init="signet init --dir pki --data $srcdir --root-key ec:P-256
    --ca-key ec:P-256 --key ec:P-256"

exits 130 'Control-C leaves all as it is' types 'Example AB
^C' $init
not '... and nothing is there' test -e pki/init.conf
exits 2 'answers that end early are an error' sh -c "printf 'Example AB\n' |
    '$srcdir/tests/lib/typed' sh -c '
	printf \"Example AB\\n\" >one; exec $(echo $init) <one'"
not '... and nothing is there' test -e pki/init.conf

ok 'wrong answers are explained and asked for again' types "
Example AB
Sweden
SE
https://pki.example.org
http://pki.example.org
host=$tmp/nowhere user=postgres
$conninfo user=weak
$conninfo user=postgres
ann
bo

9
2
s1
s1:Sara One
s1:Sten Two
s2:Sten Two:s2@example.org
s2:Otto Two
o1:Olga One

passphrase of ann
passphrase of ann
passphrase of bo
passphrase of bo
passphrase of ann
passphrase of bo
passphrase of ann
passphrase of bo
passphrase of ann
passphrase of bo
passphrase of ann
passphrase of bo" $init
said 'not two capital letters'
said 'does not begin with http://'
said 'connect'
said 'database user weak may not make databases and roles'
said 'two persons have the id s1'
said 'two persons have the id s2'
not 'no passphrase is shown' grep -q 'passphrase of ann' "$tmp/out"
ok 'the installation is there' test -s pki/officers/s2.pem
ok '... with the officer' test -s pki/officers/o1.pem
ok '... whose root two custodians open' grep -q 'threshold = 2' pki/init.conf
done_testing
