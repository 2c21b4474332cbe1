#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make configure and Makefile.in from a checkout.
set -e
cd "$(dirname "$0")"
mkdir -p build-aux m4
autoreconf --install --force
