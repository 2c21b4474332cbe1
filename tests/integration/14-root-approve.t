#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root approves orders: sees them in words, signs them, and writes down
# which.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/root.sh"
cd "$tmp" || exit 1
ok 'a root is made' new_root D
approve() { signet-root approve --dir D --yes $two "$@"; }
