#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root program has nothing to do with a network: it links no library for
# one, imports no function that could reach one, and a whole ceremony makes no
# system call for one.  (With a token's process it speaks over a socketpair,
# which leads nowhere else.)
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/root.sh
. "$srcdir/tests/lib/root.sh"
cd "$tmp" || exit 1
program=$(command -v signet-root)

ldd "$program" | awk '{ print $1 }' >libraries
not 'no library of store, directory, HTTP, TLS or resolver is linked' \
    grep -E 'libpq|libldap|liblber|libcurl|libmicrohttpd|libssl|libresolv|libgnutls|libnss|libpcsc' \
    libraries
nm -D --undefined-only "$program" | awk '{ print $2 }' | sed 's/@.*//' >imports
not 'no function of a network is imported' grep -xE \
    'socket|connect|bind|listen|accept|accept4|sendto|recvfrom|getaddrinfo|gethostbyname|getnameinfo|res_query' \
    imports

if ! strace -o /dev/null true 2>/dev/null; then
	echo '# no strace here'
	done_testing
fi
# The sanitizers' search for leaks cannot be traced.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS
passphrases ann bo cy
csr people
traced() {
	strace -f -qq -e trace=%network -o "$tmp/calls" -A "$@"
}
: >calls
ok 'strace sees a socket' traced python3 -c 'import socket; socket.socket()'
not '...and writes it down' sh -c '[ "$(grep -c "socket(" calls)" -eq 0 ]'
: >calls
ok 'init' traced signet-root init --dir D $profiles --yes --key ec:P-256 \
    --subject C=SE --subject O=Example --subject 'CN=Example Root CA' \
    --threshold 2 $two --custodian bo=file:bo.pass
ok 'certify' traced signet-root certify --dir D $profiles --yes $two \
    --csr people.csr --name people
ok 'revoke' traced signet-root revoke --dir D --yes $two --target people \
    --reason superseded
ok 'crl' traced signet-root crl --dir D --yes $two
ok 'roll' traced signet-root roll --dir D $profiles --yes $two \
    --name root-g2 --key ec:P-256 --threshold 2 \
    --new-custodian ann=file:ann.pass --new-custodian cy=file:cy.pass
ok 'retire' traced signet-root retire --dir D --yes $two --generation 1
ok 'show' traced signet-root show --dir D
ok 'replay' traced signet-root replay --dir D
is 'a whole life made no system call of a network' \
    "$(grep -cE '\(' calls)" 0

# And where it may write: strace shows what it opens for writing.
: >opened
strace -f -qq -e trace=open,openat,creat,rename,renameat,renameat2,mkdir,unlink \
    -o opened signet-root crl --dir D --yes $two >out 2>&1
ok 'it writes below its directory only' sh -c '
    ! grep -E "O_(WRONLY|RDWR|CREAT)" opened |
    grep -vE "\"D/|/dev/(tty|null)"'
done_testing
