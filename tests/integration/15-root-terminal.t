#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Custodians at a terminal: each types their own passphrase, some are not here,
# some mistype, and no passphrase is ever seen.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/root.sh
. "$srcdir/tests/lib/root.sh"
cd "$tmp" || exit 1

# types 'LINES' COMMAND... - the lines are typed
types() {
	tap_lines=$1
	shift
	printf '%s\n' "$tap_lines" | "$srcdir/tests/lib/typed" "$@"
}
quiet() {
	not '...and no passphrase is shown' grep -q 'secret' "$tmp/out"
}
init="signet-root init --dir D $profiles --key ec:P-256 --subject C=SE
    --subject O=Example --subject CN=Root --threshold 2 --custodian ann
    --custodian bo --custodian cy"

exits 3 'without a yes no root is made' types 'no' $init
said 'not confirmed; nothing was done'
exits 3 'a short passphrase is refused' types 'yes
short
short' $init
said 'shorter than 8 characters'
exits 2 'Control-C ends it' types 'yes
secret of ann
^C' $init
said 'cancelled'
not '...and there is no root' test -e D/root.pem

ok 'custodians choose passphrases, one of them at the second try' types 'yes
secret of ann
secret of ann
secret of bo
another secret
secret of bo
secret of bo
secret of cy
secret of cy' $init
said 'They differ.'
quiet
ok 'two of them sign a CRL, one after a wrong try' types 'secret wrong
secret of ann

secret of cy' signet-root crl --dir D
said 'wrong passphrase'
said 'bo is not here'
said 'cy confirms'
quiet
exits 3 'one alone does not' types 'secret of ann

' signet-root crl --dir D
said '2 custodians are needed, 1 unlocked a share'
exits 3 'after three wrong tries the next one is asked' types 'secret 1
secret 2
secret 3

' signet-root crl --dir D
exits 2 'Control-C ends it there, too' types '^C' signet-root crl --dir D
said 'cancelled'
ok 'all is proven' signet-root replay --dir D
done_testing
