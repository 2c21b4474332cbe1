#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A card is pulled before and after each command of its making, through the real
# pcscd, eight readers side by side: each is finished.  A strict card, whose
# objects are written in parts.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/cards.sh"

ok 'there are eight readers' readers_begin 8
card_put 0 "$tmp/whole" -k D -t -l "$tmp/commands"
ok 'a card is made' card_maker make "$(reader_name 0)"
said 'done'
n=$(wc -l <"$tmp/commands")
ok "it took some commands ($n)" [ "$n" -gt 40 ]
ok 'a card that is cut at any of them is finished all the same' \
    cards_cut "$n" -k D -t
done_testing
