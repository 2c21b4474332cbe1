#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# The bureau's guide, from a table of holders to cards in the post: each of its
# commands does what the guide says, with readers and cards that are programs
# (G044, N029).
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/guide.sh"
install_pki
cat >>"$pki/signet.conf" <<CONF
officer_key = "officers/o1.key";
officer_cert = "officers/o1.pem";
officer_passphrase = "file:$pki/secrets/officer-o1";
CONF
ok 'there are two readers' readers_begin 2
ca_start
export pki conninfo
guide_env

# What hands do: insert READER [OPTION...] FILE, pull READER.
cat >"$guide/bin/insert" <<'SH'
#!/bin/sh
reader=$1
shift
echo "$*" >"$T/place-$reader.new" &&
    mv "$T/place-$reader.new" "$T/place-$reader"
SH
cat >"$guide/bin/pull" <<'SH'
#!/bin/sh
rm "$T/place-$1" && sleep 1
SH
# When a card is spoiled they do the rest.
cat >"$guide/bin/when_spoiled" <<'SH'
#!/bin/sh
spoiled() {
	psql -X -At -d "$conninfo user=postgres" \
	    -c "SELECT count(*) FROM signet.card WHERE state = 'spoiled'"
}
{
	n=0
	while [ "$(spoiled)" = 0 ] && [ $n -lt 300 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	"$@"
} >/dev/null 2>&1 &
SH
chmod 755 "$guide/bin/insert" "$guide/bin/pull" "$guide/bin/when_spoiled"
guide_read "$srcdir/doc/guide/bureau.md"
guide_run
ca_stop
ok 'an auditor who believes nothing finds it in order' proven
done_testing
