# shellcheck shell=sh disable=SC2034 # for the scripts
# SPDX-License-Identifier: Apache-2.0
# A mail server for tests (tests/lib/smtp_sink.py).  After tap.sh:
#
#	sink_start [options]	$sink_url
#	sink_mode WORDS		how it behaves from now on
#	mails TEXT		how many it took that have the text
#	mailed TEXT N		so many are there, or will be
#	last_mail TEXT		the newest such mail, decoded, on standard output
: "${tmp:?}" "${srcdir:?}"

sink_start() {
	mkdir -p "$tmp/sink/mail"
	python3 "$srcdir/tests/lib/smtp_sink.py" "$tmp/sink" "$@" \
	    >"$tmp/sink.log" 2>&1 &
	pids="$pids $!"
	wait_for test -s "$tmp/sink/port" &&
	    sink_url=smtp://127.0.0.1:$(cat "$tmp/sink/port")
}

sink_mode() {
	echo "$*" >"$tmp/sink/mode"
}

mails() {
	grep -lF -e "$1" "$tmp"/sink/mail/*.eml 2>/dev/null | wc -l
}

mails_are() {
	[ "$(mails "$1")" -eq "$2" ]
}

mailed() {
	wait_for mails_are "$1" "$2"
}

last_mail() {
	sink_mail=$(grep -lF -e "$1" "$tmp"/sink/mail/*.eml |
	    sort -t / -k 99 -V | tail -n 1)
	python3 -c 'import email, email.policy, sys
text = open(sys.argv[1], "rb").read().split(b"\r\n", 2)[2]
m = email.message_from_bytes(text, policy=email.policy.default)
for name in m: print(name + ":", m[name])
print(); print(m.get_content())' "$sink_mail"
}
