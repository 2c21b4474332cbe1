#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is written about signet is what it does: each command and option is in
# the manual and in the completion, each setting in signet.conf(5).
. "${srcdir:-.}/tests/integration/tap.sh"

commands() {
	signet help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\( [a-z][a-z]*\)\{0,2\}\)  .*/\1/p'
}
# "limit/n": the option and its letter
options() {
	# shellcheck disable=SC2086
	signet $1 --help | sed -n '/^Options:/,/^$/{
	    s,^  -\(.\)\, --\([a-z-]*\).*,\2/\1,p
	    s,^      --\([a-z-]*\).*,\1/,p
	}'
}
has_option() {
	grep -qE -e "(Fl|,) -${2%/*}( |\$)" "$1" || {
		[ -n "${2#*/}" ] && grep -q -e "Fl ${2#*/}\>" "$1"
	}
}
page_of() {
	case $1 in
	issue | revoke) echo "$srcdir/man/signet-issue.1" ;;
	*) echo "$srcdir/man/signet-${1%% *}.1" ;;
	esac
}

is 'there are commands' "$(commands | grep -c .)" "$(signet help |
    sed -n '/^Commands:/,/^$/p' | grep -c '^  [a-z]')"
commands >"$tmp/commands"
while read -r command; do
	page=$(page_of "$command")
	ok "$command has a page" grep -q "signet $command" "$page"
	missing=
	for option in $(options "$command"); do
		has_option "$page" "$option" ||
		    missing="$missing --${option%/*}"
	done
	is "$command has its options there" "$missing" ''
done <"$tmp/commands"

exits 0 'help is no error' signet help order new
exits 2 'nothing is a usage error' signet
exits 2 'nor is a wrong command' signet ordr list
said 'did you mean'
exits 0 'a version' signet --version

signet --complete bash >"$tmp/completion"
ok 'the completion is bash' bash -n "$tmp/completion"
while read -r command; do
	ok "$command is completed" grep -q "${command##* }" "$tmp/completion"
done <"$tmp/commands"
signet-station --complete bash >"$tmp/completion"
ok "so is the station's" bash -n "$tmp/completion"
for command in run enrol look check readers; do
	ok "signet-station $command is completed" grep -q "\"$command\")" \
	    "$tmp/completion"
done

# doc/formats.md has a row for each command that prints JSON, or says that it
# prints none, and for no other; and each row is compared with what is printed.
page=$srcdir/doc/formats.md
suites='signet signet-root signet-station'
is 'these programs have commands' "$(cd "$srcdir" && grep -rl 'cmd_run(&suite' \
    --include='*.c' . | sed 's,.*/,,; s,\.c$,,' | sort | tr '\n' ' ')" "$suites "
for program in $suites; do
	"$program" help | sed -n "/^Commands:/,/^\$/s/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p" |
	while read -r command; do
		# shellcheck disable=SC2086
		"$program" $command --help </dev/null |
		    grep -q '^      --json ' && echo "$program $command"
	done
done | sort >"$tmp/with-json"
ok 'each signet has JSON' [ "$(grep -c '^signet ' "$tmp/with-json")" -eq \
    "$(wc -l <"$tmp/commands")" ]
ok '... and of the others some' grep -q '^signet-root show$' "$tmp/with-json"
sed -n '/^## JSON/,$s/^| `\(signet[^`]*\)` | .*/\1/p' "$page" >"$tmp/rows"
# A row belongs to the longest name of a command that it begins with.
awk 'NR == FNR { known[$0]; next }
    { for (name = $0; name != "" && !(name in known);)
	if (!sub(/ [^ ]*$/, "", name)) name = ""
      print name }' "$tmp/with-json" "$tmp/rows" | sort -u >"$tmp/have-rows"
is 'each command with --json has its row on the page, and no other' \
    "$(diff "$tmp/have-rows" "$tmp/with-json")" ''
sed -n '/^Each of these needs/,/^These hand out/s/^| `\(signet[^`]*\)` | .*/\1/p' \
    "$page" >"$tmp/elsewhere"
ok 'some rows are compared by other tests' test -s "$tmp/elsewhere"
while read -r row; do
	ok "$row is compared with what it prints" grep -rqF "as_page '$row'" \
	    "$srcdir/tests/integration" "$srcdir/tests/interop"
done <"$tmp/elsewhere"

for name in $(sed -n '/conf_item CLI_CONF/,/^};/s/.*struct cli_conf, \([a-z_]*\),.*/\1/p' \
    "$srcdir/cli/context.c"); do
	ok "setting $name is in signet.conf(5)" \
	    grep -q "^\.It Ic $name" "$srcdir/man/signet.conf.5"
done
done_testing
