#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holders in the hands of an operator: registered, found, changed.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
field() {
	signet holder show "$1" --json | jq -r "$2"
}

exits 2 'a holder has a name' signet holder new 4711
exits 2 'and a clean one' signet holder new 4711 --name "$(printf 'A\033B')"
said '--name'
exits 0 'registered' signet holder new 4711 --name 'Alice Holm' \
    --mail alice@example.com --note 'two mailboxes'
exits 0 'the same once more is well' signet holder new 4711 \
    --name 'Alice Holm' --mail alice@example.com --note 'two mailboxes'
exits 5 'other data for the number are not' signet holder new 4711 \
    --name 'Bo Ek'
said 'signet holder show 4711'
says 'Alice Holm' signet holder find ALICE@example.com
exits 4 'nobody' signet holder find nobody@example.com

exits 2 'nothing to change' signet holder edit 4711
said 'give --name'
exits 2 'a name is not taken away' signet holder edit 4711 --name ''
exits 4 'nobody to change' signet holder edit 4712 --name 'Bo Ek'
exits 0 'another name, and no note' signet holder edit 4711 \
    --name 'Alice Berg' --note ''
said 'certificates stay as they are'
is 'the name is the new one' "$(field 4711 .name)" 'Alice Berg'
is 'the address is the old one' "$(field 4711 .mail)" alice@example.com
is 'the note is gone' "$(field 4711 '.note // "none"')" none
ok 'the audit chain has both names' sh -c "signet audit show --json |
    grep -c 'Alice Berg\\|Alice Holm' | grep -qx 3"
ok 'the audit proves it' proven
done_testing
