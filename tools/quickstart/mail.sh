# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: a mail server that keeps what it is sent, in
# $state/mail/*.eml, and sends nothing on.
: "${state:?}"

mail_start() {
	background_runs mail smtp_sink && return
	command -v python3 >/dev/null || die \
	    "there is no python3, which plays the mail server" \
	    "apt-get install python3"
	# The clone may be where that user cannot look.
	mkdir -p "$sink/mail" && rm -f "$sink/port" &&
	    cp "$top/tests/lib/smtp_sink.py" "$sink" && stage_place "$sink" &&
	    chmod 700 "$sink/mail" && ln -sfn "$sink/mail" "$state/mail" ||
	    die "cannot write in $sink"
	on_stage "in_background mail" python3 "$sink/smtp_sink.py" \
	    "$sink" --port "$smtp_port"
	wait_for test -s "$sink/port" || {
		tail -n 5 "$state/log/mail.log" >&2
		die "the mail server does not start: is port $smtp_port taken?"
	}
	echo "a mail server takes mail at 127.0.0.1:$smtp_port and keeps it in $state/mail"
}

mail_stop() {
	background_stop mail smtp_sink "mail server"
}

mail_status() {
	if background_runs mail smtp_sink; then
		echo "mail server   running, process $(background_pid mail) of" \
		    "$(stat -c %U "/proc/$(background_pid mail)"), keeps mail in $state/mail"
	else
		echo "mail server   not running"
	fi
}

# mail_link TO KIND - the address in the last mail to that one
mail_link() {
	python3 -c 'import email, email.policy, re, sys
found = ""
for name in sys.argv[3:]:
    text = open(name, "rb").read().split(b"\r\n", 2)
    if sys.argv[1].encode() not in text[0] + text[1]:
        continue
    m = email.message_from_bytes(text[2], policy=email.policy.default)
    link = re.search("https://\\S+/%s/[0-9a-f]+" % sys.argv[2],
                     m.get_content())
    found = link.group(0) if link else found
print(found)
sys.exit(0 if found else 1)' "$1" "$2" "$sink"/mail/*.eml
}
