#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# signet calendar: what ends and is due, and when; as a table, as JSON, and as
# a calendar that another program reads.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

now() {
	travel 0
}
# entry KIND [FILTER] - of the JSON that the last command printed
entry() {
	jq -r "select(.kind == \"$1\") | ${2:-.what}" "$tmp/json"
}
# asked STATUS 'what' [options] - its JSON is for entry
asked() {
	asked_status=$1 asked_what=$2
	shift 2
	signet calendar "$@" --json >"$tmp/json" 2>"$tmp/err"
	is "$asked_what" $? "$asked_status"
}
# days until FILE's certificate ends
in_days() {
	echo $((($(date -d "$(openssl x509 -in "$1" -noout -enddate |
	    cut -d= -f2)" +%s) - $(date +%s)) / 86400))
}
# Debian's, whatever stands before it in the path.
ical() {
	/usr/bin/python3 "$srcdir/tests/lib/ical_check.py" "$1"
}

exits 2 'a time before now is none' signet calendar --within -1
said '--within'
exits 2 'and no program lives so long' signet calendar --within 40000
said '--within: from 0 to 36500 days'
exits 7 'without settings there is nothing to look at' \
    signet calendar --config "$tmp/none.conf"
exits 6 'nor without a store' env SIGNET_CONFIG="$pki/signet.conf" PGPORT=1 \
    sh -c 'sed "s/port=[0-9]*/port=1/" "$1/signet.conf" >"$1/away.conf" &&
    echo "patience = \"0s\";" >>"$1/away.conf" &&
    signet calendar --config "$1/away.conf"' - "$pki"

cad
asked 0 'nothing is overdue in a new installation' --within 20000
cp "$tmp/json" "$tmp/all"
is 'it is sorted' "$(jq -r .at "$tmp/all" | LC_ALL=C sort -c && echo yes)" yes
is 'each generation of a CA is there' "$(entry ca .key | sort | tr '\n' ' ')" \
    'people services '
is 'when it ends is what the certificate says' \
    "$(entry ca 'select(.key == "people") | .at')" \
    "$(date -u -d "$(openssl x509 -in "$pki/ca/people.pem" -noout -enddate |
    cut -d= -f2)" +%Y-%m-%dT%H:%M:%SZ)"
is 'and until when it issues for the full time' \
    "$(entry ca-roll 'select(.key == "people") | .from')" \
    "$(signet ca show people --json | jq -r .roll_by)"
is 'the root is there' "$(entry root .key)" root
is 'its list' "$(entry root-crl .at)" \
    "$(date -u -d "$(openssl crl -inform DER -in "$pki/ca/root.crl" -noout \
    -nextupdate | cut -d= -f2)" +%Y-%m-%dT%H:%M:%SZ)"
is 'lists on line' "$(entry crl .key | sort | tr '\n' ' ')" \
    'people/0 services/0 '
is 'agents of this machine' "$(entry agent .what | wc -l)" 3
is 'the web server' "$(entry web-server .state)" coming
is 'officers' "$(entry officer .what | grep -c 'CN=O')" 2
is 'nobody is told twice' \
    "$(jq -r '.kind + .key' "$tmp/all" | sort | uniq -d)" ''
is 'nothing is asked about backups' "$(entry backup)" ''

# ---- within, and weeks ----
asked 0 'less time, fewer entries' --within 30
is 'nothing later' "$(jq -r 'select(.days_left >= 30) | .what' "$tmp/json")" ''
as o1 order_tls www --sign >/dev/null 2>&1
cad
asked 0 'certificates of holders are counted' --within 400
is 'by week, and the one of the registration is not among them' \
    "$(entry certificates .count)" 1
asked 0 'or each is shown' --within 400 --each
ok 'with holder and profile' sh -c 'jq -r .what "$1" |
    grep -q "^tls-server of www ("' - "$tmp/json"
is 'and no week' "$(entry certificates)" ''

# ---- local time ----
says 'UTC' signet calendar
not 'local time is not said twice' grep -q LOCAL "$tmp/out"
TZ=Asia/Tokyo
export TZ
says 'LOCAL' signet calendar
says ' +0900  ' signet calendar
unset TZ

# ---- due, overdue ----
left=$(in_days "$pki/agents/ra.pem")
travel $((left - 1))
signet calendar --json >"$tmp/json" 2>/dev/null
is 'near its end it is due' "$(entry agent 'select(.what ==
    "the agent of signet-rad") | .state')" due
travel $((left + 1))
exits 7 'what has gone by is overdue' signet calendar --within 0
said 'overdue'
said 'the agent of signet-rad'
now
exits 0 'what is due is no failure' signet calendar
travel $(($(date -d "$(openssl crl -inform DER -in "$pki/ca/root.crl" -noout \
    -nextupdate | cut -d= -f2)" +%s) / 86400 - $(date +%s) / 86400 - 3))
asked 7 'lists that nobody made anew are overdue'
is 'the list of the root is due' "$(entry root-crl .state)" due
now
sed 's/^roll_before.*//' "$pki/signet.conf" >"$pki/due.conf"
echo 'roll_before = "7000d";' >>"$pki/due.conf"
exits 0 'what is due is shown however far away its end is' \
    signet calendar --config "$pki/due.conf" --within 1
said 'signet ca roll people'
exits 7 'which --strict takes for a failure' \
    signet calendar --config "$pki/due.conf" --strict
said 'due'
mv "$pki/agents/ra.pem" "$tmp/ra.pem"
exits 0 'what is not there is said' signet calendar
said 'not looked at: the agent of signet-rad'
exits 7 'which --strict takes for a failure, too' signet calendar --strict
mv "$tmp/ra.pem" "$pki/agents/ra.pem"

# ---- backups ----
sed 's/^backup_every.*//' "$pki/signet.conf" >"$pki/backup.conf"
echo 'backup_every = "1d";' >>"$pki/backup.conf"
exits 7 'where backups are to be made, the first one is overdue' \
    signet calendar --config "$pki/backup.conf"
said 'the first backup'
says 'no backup was ever made' signet doctor --offline \
    --config "$pki/backup.conf"
noted() {
	sql "SELECT audit_append(ARRAY[convert_to('act=backup' || chr(10) ||
	    'at=$1' || chr(10) || 'index=00' || chr(10), 'UTF8')])" >/dev/null
}
noted "$(date -u -d '30 hours ago' +%Y-%m-%dT%H:%M:%SZ)"
exits 7 'and an old one' signet calendar --config "$pki/backup.conf"
said 'the next backup'
says 'the last backup is of' signet doctor --offline \
    --config "$pki/backup.conf"
said 'one is due every 1d'
noted "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
exits 0 'after one all is well' signet calendar --config "$pki/backup.conf"
signet doctor --offline --config "$pki/backup.conf" >"$tmp/out" 2>&1
not 'and so says the doctor' grep -q backup-old "$tmp/out"

# ---- iCalendar ----
exits 2 'a place where nothing can be written' signet calendar \
    --ical "$tmp/none/x.ics" --within x
exits 4 'or is not there' signet calendar --ical "$tmp/none/x.ics"
exits 0 'a calendar' signet calendar --within 20000 --ical "$tmp/one.ics"
said 'entries are in'
ok 'another program reads it' ical "$tmp/one.ics"
cp "$tmp/out" "$tmp/one"
signet calendar --within 20000 --json >"$tmp/all"
is 'it has every entry' "$(wc -l <"$tmp/one")" "$(wc -l <"$tmp/all")"
is 'at the same times' "$(cut -f 2 "$tmp/one" | grep T |
    sed 's/+00:00/Z/' | sort)" \
    "$(jq -r 'select(.kind != "certificates") | .at' "$tmp/all" | sort)"
is 'a week is seven days from a Monday on' "$(awk -F '\t' '$4 != 0 {
    print $4, $2 }' "$tmp/one" | head -n 1 | while read -r n day; do
    echo "$n $(date -d "$day" +%u)"; done)" '7 1'
ok 'with reminders' awk -F '\t' '$3 == "root-crl" { n = $5 }
    END { exit n != 2 }' "$tmp/one"
signet calendar --within 20000 --ical - >"$tmp/two.ics"
is 'UIDs are the same in the next export' \
    "$(ical "$tmp/two.ics" | cut -f 1,3 | sort)" "$(cut -f 1,3 "$tmp/one" | sort)"
sql "UPDATE crl SET next_update = next_update + interval '1 hour'"
signet calendar --within 20000 --ical - >"$tmp/three.ics"
is 'also of a list that was made anew' \
    "$(ical "$tmp/three.ics" | awk -F '\t' '$3 == "crl" { print $1 }' | sort)" \
    "$(awk -F '\t' '$3 == "crl" { print $1 }' "$tmp/one" | sort)"
not 'which has moved' cmp -s "$tmp/two.ics" "$tmp/three.ics"
exits 0 'the file is written again' signet calendar --ical "$tmp/one.ics" --json
is 'and programs hear of it' "$(jq -r .entries "$tmp/out")" \
    "$(ical "$tmp/one.ics" | wc -l)"
done_testing
