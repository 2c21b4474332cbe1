#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Script that somebody has written into every field, seen by a real Chromium:
# it does not run, and nothing is asked of the content policy that it refuses.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/web/browser.sh"
install_pki
sink_start
rad_configure
rad_set apply '[ "mail-dual" ]'
rad_mail "$sink_url"
ok 'signet-rad starts' rad_start
ok 'an officer has a security key' bind o1 o1

# As long as a name may be.
script='"></textarea></title><script>window.ran=1</script>'
image="'\"><img src=x onerror=window.ran=1>"
request alice -subj "/CN=$(printf '%s' "$script" | sed 's,/,\\/,g')"
browse a /enrol/mail-dual >/dev/null
is 'somebody applies' "$(browse a /enrol/mail-dual \
    --data-urlencode "csrf=$(token)" -d mail=alice@example.org \
    --data-urlencode "field.name=$script" \
    --data-urlencode "field.given=$image" \
    --data-urlencode "field.surname=$script" \
    --data-urlencode "field.org=$image" -d field.orgid=NTRSE-1 \
    -d field.country=SE --data-urlencode "note=$script$image" \
    --data-urlencode "csr@$tmp/alice.csr")" 200
ok 'a mail comes' mailed 'TO:<alice@example.org>' 1
confirm=$(last_mail 'TO:<alice@example.org>' | grep -oE '/confirm/[0-9a-f]{40}')
browse a "$confirm" >/dev/null
is 'the address is confirmed' "$(browse a "$confirm" \
    --data-urlencode "csrf=$(token)")" 303
status=$(header Location)
app=$(sql "SELECT encode(id, 'hex') FROM application")
ok 'an officer orders' as o1 signet order new --profile mail-dual \
    --csr "$tmp/alice.csr" --holder alice --holder-name "$script" \
    --field country=SE --field "org=$image" --field orgid=NTRSE-1 \
    --field "given=$image" --field "surname=$script" \
    --field "name=$script" --field mail=alice@example.org \
    --comment "$script$image" --sign --yes
id=$(last_order)
cad
cert_of "$id" >"$tmp/alice.pem"
e=$(printf %s "$script$image" | jq -sRr @uri)
printf '%s\n' "$status" '/search?mail=alice@example.org' "/search?mail=$e" \
    "/status/$e" "/$e" "/?lang=$e" >"$tmp/public"
printf '/officer%s\n' '' "/queue?text=$e" "/application/$app" "/order/$id" \
    "/cert/people/$(serial_of "$id")" '/certs?text=alice@example.org' \
    "/certs?text=$e" "/audit?text=$e" /codes >"$tmp/officer"
web_trust "$pki/ca/root.pem"
drive script.mjs "$rad" "$rad_cert"
rad_stop
done_testing
