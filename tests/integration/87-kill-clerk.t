#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The station's clerk is killed at every step of two cards.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/kills.sh"
kills_of clerk
kills_end
done_testing
