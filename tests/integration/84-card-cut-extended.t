#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A card is pulled before and after each command of its making, through the real
# pcscd, eight readers side by side: each is finished.  A card with a vendor's
# extensions, and words of its own for what it refuses.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/cards.sh"

ok 'there are eight readers' readers_begin 8
card_put 0 "$tmp/whole" -x -k C -l "$tmp/commands"
ok 'a card is made' card_maker make "$(reader_name 0)"
said 'done'
n=$(wc -l <"$tmp/commands")
ok "it took some commands ($n)" [ "$n" -gt 40 ]
ok 'a card that is cut at any of them is finished all the same' \
    cards_cut "$n" -x -k C
done_testing
