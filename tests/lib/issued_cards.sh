# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Cards as a station would leave them, without one; after installation.sh:
#
#	issued_cards N		items of a batch, each with one certificate
#	card_number I		on the face of the i-th, whose holder is i
: "${tmp:?}" "${pki:?}"

issued_cards() {
	awk -v n="$1" 'BEGIN { print "holder,name,mail,surname"
	    for (i = 1; i <= n; i++)
		printf "%d,Person %d,p%d@example.com,Family\n", i, i, i }' \
	    >"$tmp/cards.csv"
	signet card batch import autumn --layout person-ec \
	    --csv "$tmp/cards.csv" || return 1
	for issued_i in $(seq "$1"); do
		request "p$issued_i" && as o1 signet order new \
		    --profile web-login --csr "$tmp/p$issued_i.csr" \
		    --holder "$issued_i" --field "name=Person $issued_i" \
		    --sign || return 1
	done
	cad && tamper "INSERT INTO card (id, identity, number, batch, n,
		holder, layout, family, state, station, reader, changed_by,
		issued_at)
	    SELECT decode(md5(number), 'hex'), 'piv-serial:' || n, number,
		batch, n, holder, 'person-ec', 'piv', 'issued', 'desk',
		'reader', 'desk', now() FROM card_item;
	    INSERT INTO card_key (card, slot, alg, spki, key_digest, order_id,
		n, written_at)
	    SELECT c.id, 'authentication', 'ec:P-256',
		decode(repeat('00', 91), 'hex'), x.key_digest, x.order_id,
		x.n, now() FROM card c JOIN cert x ON x.holder = c.holder
		AND x.profile = 'web-login';
	    UPDATE card_item SET state = 'issued'"
}

card_number() {
	sql "SELECT number FROM card_item WHERE n = $1"
}
