#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pcscd is killed at every step of two cards.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/kills.sh"
kills_of pcscd
kills_end
done_testing
