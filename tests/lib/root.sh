# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the tests of signet-root share, beside tap.sh.
: "${srcdir:?}" "${tmp:?}"

profiles="--profiles $srcdir/etc/profiles"

passphrases() {
	for who in "$@"; do
		echo "the passphrase of $who" >"$who.pass"
		chmod 600 "$who.pass"
	done
}

# A request of a new key: NAME.key, NAME.csr
csr() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -subj "/CN=Example $1 CA" -out "$1.csr" \
	    2>/dev/null
}

# A root in DIR: ann, bo and cy, two of whom are needed.
two="--custodian ann=file:ann.pass --custodian cy=file:cy.pass"
new_root() {
	passphrases ann bo cy
	signet-root init --dir "$1" $profiles --yes --key ec:P-256 \
	    --subject C=SE --subject O=Example --subject 'CN=Example Root CA' \
	    --threshold 2 $two --custodian bo=file:bo.pass
}
