#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shells complete commands and options: bash, fish and zsh, each asked itself.
. "${srcdir:-.}/tests/integration/tap.sh"
from=$SIGNET_BUILD/cli/completion
for program in signet signet-root signet-station; do
	ok "bash can read what completes $program" bash -n "$from/$program"
	ok '... fish, too' fish --no-config -n "$from/$program.fish"
	ok '... and zsh' zsh -f -n "$from/_$program"
done
exits 2 'for another shell there is nothing' signet --complete tcsh
mkdir "$tmp/home"
: >"$tmp/home/request.pem"
HOME=$tmp/home
export HOME
cd "$HOME" || exit 1

# ---- bash ----
# What it would put after the words that are typed.
cat >"$tmp/ask.bash" <<'ASK'
. "$1/$2"
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
"_${2//-/_}"
printf '%s\n' "${COMPREPLY[@]}"
ASK
offers() { bash --norc "$tmp/ask.bash" "$from" "$@"; }
is 'bash offers commands' "$(offers signet cert sh)" show
is '... options' "$(offers signet cert revoke --re)" --reason
is '... of the root' "$(offers signet-root cert)" certify
is '... and leaves the value of one to itself' "$(offers signet issue --csr '')" ''

# ---- fish ----
offers() {
	fish --no-config -c "source $from/${1%% *}.fish; complete -C '$1'" |
	    tr '\t' '|'
}
is 'fish offers commands, and what they do' "$(offers 'signet cert sh')" \
    'show|show a certificate and its history'
is '... of a group what it has' "$(offers 'signet cre')" \
    'credential|list, show, new, unbind'
is '... options that stand before' "$(offers 'signet --json ca l' |
    cut -d '|' -f 1)" list
is '... and after' "$(offers 'signet cert revoke --hold' |
    cut -d '|' -f 1)" --holder
is '... no option of another command' "$(offers 'signet cert show --hold')" ''
is '... help' "$(offers 'signet help order ap' | cut -d '|' -f 1)" approve
is '... a file where one is asked for' "$(offers 'signet issue --csr re')" \
    request.pem
is '... and none where there is none' "$(offers 'signet issue --holder re')" ''
is '... of the station' "$(offers 'signet-station lo' | cut -d '|' -f 1)" look

# ---- zsh ----
# At a terminal of its own, since only there it completes.
cat >"$tmp/ask.zsh" <<'ASK'
zmodload zsh/zpty
zpty shell "TERM=dumb PS1='wait ' zsh -f -i"
zpty -w shell "fpath=($1 \$fpath); autoload -U compinit; compinit -D -u;" \
    "setopt nobeep; bindkey '^I' complete-word; PS1='rea''dy '"
zpty -r shell out '*ready *' || exit 1
zpty -n -w shell "$2"$'\t'
zpty -r shell out "*$3*" && print -r -- found
zpty -d shell
ASK
completes() {
	is "zsh makes \"$2\" of \"$1\"" "$(timeout 60 zsh -f "$tmp/ask.zsh" \
	    "$from" "$1" "$2")" found
}
completes 'signet cert sh' 'signet cert show '
completes 'signet cert revoke --re' '--reason '
completes 'signet help order ap' 'order approve '
completes 'signet issue --csr re' 'request.pem '
completes 'signet-root cross' 'cross-certify '
completes 'signet-station lo' 'look '
done_testing
