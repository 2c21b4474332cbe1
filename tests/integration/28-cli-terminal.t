#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where output goes: to a terminal of some width, to one that is dumb, into a
# pipe that closes early, onto a full disk, nowhere.  Nothing is lost in
# silence, nothing is painted where it cannot be.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
: "${pki:?}"
esc=$(printf '\033')
for i in 1 2 3; do
	case $i in
	1) name='王小明 李雷 韩梅梅 张三' ;;
	2) name='Åse Östergård, with a name that goes on and on' ;;
	3) name=$(printf 'E\314\201mile A\314\210rger') ;;
	esac
	signet holder new "h$i" --name "$name" >>"$tmp/log" 2>&1
done

# ---- nowhere ----
# What is opened next must not be what is printed to: a socket of the store.
for command in 'holder list' 'audit show' 'order list --json' help --version \
    '--complete bash' 'audit heads'; do
	# shellcheck disable=SC2086
	exits 6 "signet $command needs somewhere to print" sh -c \
	    "signet $command >&-"
	said 'write standard output: '
done
exits 0 'without the others a command does' sh -c \
    "signet holder edit h1 --note seen 2>&- <&-"
is '... and does what it should' "$(signet holder show h1 --json |
    jq -r .note)" seen
exits 6 'nor is a list written into what is not there' sh -c \
    "signet crl export people >&-"
exits 6 'the station says the same' sh -c "signet-station --version >&-"
exits 6 '... and the root' sh -c "signet-root help >&-"
exits 0 'a daemon without any starts as well' sh -c \
    "signet-cad -t -c '$pki/cad.conf' >&- 2>&- <&-"

# ---- a full disk ----
for command in 'holder list' 'holder show h1' 'order list --json' help \
    'help order new' --version '--complete zsh' --describe 'top --json' \
    'crl export people'; do
	# shellcheck disable=SC2086
	exits 6 "signet $command says that the disk is full" sh -c \
	    "signet $command >/dev/full"
	said 'standard output: '
	not '... and not that all is well' grep -q Success "$tmp/out"
done

for daemon in signet-cad signet-crld signet-ocspd signet-rad; do
	exits 1 "$daemon says so, too" sh -c "$daemon --help >/dev/full"
	said 'help: write standard output: No space left'
done

# ---- a pipe that closes ----
ended() {
	bash -c "$1 2>'$tmp/noise' | head -n 1 >'$tmp/first'; echo \${PIPESTATUS[0]}"
}
i=0
while [ "$i" -lt 20 ]; do
	echo "INSERT INTO holder (id, name) SELECT 'n$i-' || g, repeat('x', 50)
	    FROM generate_series(1, 100) g;"
	i=$((i + 1))
done >"$tmp/many.sql"
sql "$(cat "$tmp/many.sql")" >>"$tmp/log" 2>&1
for command in 'signet holder list' 'signet holder list --json'; do
	is "$command into head ends by the signal" "$(ended "$command")" 141
	is '... without a word' "$(cat "$tmp/noise")" ''
	ok '... after its first line' test -s "$tmp/first"
done

# ---- a terminal ----
# terminal COLUMNS COMMAND - what it shows there
terminal() {
	SHELL=/bin/sh script -qec "stty cols $1; $2" /dev/null </dev/null |
	    tr -d '\r'
}
cat >"$tmp/fits.py" <<'PY'
import sys, unicodedata
def width(s):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in s)
lines = [l.rstrip('\n') for l in sys.stdin if l.strip()]
head = next(l for l in lines if l.startswith('ID'))
at = head.index('MAIL')
for l in lines[lines.index(head) + 1:]:
    if not l[0] in 'hn':
        continue
    used, i = 0, 0
    while used < at and i < len(l):
        used += width(l[i]); i += 1
    if width(l) > int(sys.argv[1]) or used != at or l[i - 1] != ' ':
        print(repr(l))
PY
LC_ALL=C
export LC_ALL
for columns in 40 80 200; do
	terminal "$columns" 'signet holder list' >"$tmp/shown"
	ok "in $columns columns there is a list" grep -q '^h1 ' "$tmp/shown"
	is '... whose lines fit, and stand in line' "$(LC_ALL=C.UTF-8 \
	    python3 "$tmp/fits.py" "$columns" <"$tmp/shown")" ''
done
is 'a pipe has all of it' "$(signet holder list | grep -c 'goes on and on')" 1
not 'nothing is painted in a pipe' sh -c "signet top | grep -q '$esc'"
# ---- a pager ----
paged() {
	SHELL=/bin/sh script -qec "stty cols 80; $1" /dev/null | tr -d '\r'
}
is 'a list on a terminal has fifty rows' "$(paged 'signet holder list' |
    grep -cE '[0-9]{4}(-[0-9]{2}){2}$')" 50
is 'one that is read with a pager has all' "$(paged \
    'PAGER="sed s/^/:/" signet holder list' | grep -c '^:[hn][0-9]')" 2003
is '... as wide as the terminal' "$(paged 'PAGER="sed s/^/:/" signet holder list' |
    awk '/^:n/ && length > 85' | wc -l)" 0
is '... unless fewer are asked for' "$(paged \
    'PAGER="sed s/^/:/" signet holder list -n 2' | grep -cE '^:.*(-[0-9]{2}){2}$')" 2
is 'who stops reading is not told so' "$(paged \
    'PAGER="head -n 1" signet holder list' | wc -l)" 1
is 'a page of help is read with it, too' "$(paged \
    'PAGER="sed s/^/:/" signet help' | grep -c '^:Usage')" 1
is 'a pipe has none' "$(paged 'PAGER="sed s/^/:/" signet holder list | cat' |
    grep -c '^:')" 0
is 'JSON has none' "$(paged 'PAGER="sed s/^/:/" signet holder list --json' |
    grep -c '^:')" 0

top() {
	{ sleep 1; printf q; } | SHELL=/bin/sh timeout 30 script -qec \
	    "$1 signet top" "$tmp/typescript" >"$tmp/out" 2>&1
}
ok 'a terminal that is dumb' top 'TERM=dumb'
not '... is not painted on' grep -q "$esc" "$tmp/typescript"
ok '... and has the page once' test "$(grep -c '^LIST OF' "$tmp/typescript")" -eq 1
ok 'one that has no name' top 'TERM='
not '... is none either' grep -q "$esc" "$tmp/typescript"
ok 'another is' top 'TERM=xterm'
ok '... painted on' grep -q "$esc" "$tmp/typescript"
done_testing
