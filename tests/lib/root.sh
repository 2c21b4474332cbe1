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

# ceremony VERB OPTION... - of the root in $root, as are those below
root=$tmp/root
ceremony() {
	ceremony_kind=$1
	shift
	# shellcheck disable=SC2086 # several words each
	signet-root "$ceremony_kind" --dir "$root" $two --yes "$@"
}

# unless_done FILE COMMAND... - as its page says: resume; what has not happened
# is done
unless_done() {
	signet-root resume --dir "$root" || return
	[ -e "$root/$1" ] || {
		shift
		"$@"
	}
}
# proves N FILE... - N ceremonies, these files, and no other key in clear
proves() {
	[ "$(find "$root/out" -name 'parcel-*' | wc -l)" -eq "$1" ] || return
	shift
	for proves_file; do
		[ -s "$root/$proves_file" ] || return
	done
	[ ! -e "$root/journal" ] && signet-root replay --dir "$root"
}
# number_out N - of names: a ceremony that did not happen has had its number
number_out() {
	sed -e "s,/inputs/000$1,/inputs/N," \
	    -e "s,/inputs/000$(($1 + 1)),/inputs/N," \
	    -e "s,/out/\\([a-z]*\\)-000[$1$(($1 + 1))]-,/out/\\1-N-,"
}
