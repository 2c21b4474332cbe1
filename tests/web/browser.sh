# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Real pages in a real Chromium.  After tests/integration/tap.sh:
#
#	. "$srcdir/tests/web/browser.sh"
#	web_trust ROOT			the browser trusts it
#	security_officers		who sign for staff.mjs; after installation.sh
#	drive FILE [argument]...	run tests/web/FILE under node; its
#					tests are counted with the script's own
#
# What npm brings lies in the build directory, not in the source, and so do
# the screenshots: tests/web/screenshots.
web_dir=$SIGNET_BUILD/tests/web
web_modules=$web_dir/modules.$(cat "$srcdir"/tests/web/package*.json | cksum |
    cut -d ' ' -f 1)

# Once for all scripts of a build directory.
web_install() {
	[ ! -e "$web_modules/whole" ] || return 0
	mkdir -p "$web_modules" && exec 8>"$web_dir/lock" && flock 8 || return 1
	if [ ! -e "$web_modules/whole" ]; then
		cp "$srcdir/tests/web/package.json" \
		    "$srcdir/tests/web/package-lock.json" "$web_modules" &&
		chmod u+w "$web_modules"/*.json &&
		(cd "$web_modules" && npm ci --ignore-scripts --no-audit \
		    --no-fund --no-update-notifier) &&
		touch "$web_modules/whole"
	fi
	web_status=$?
	exec 8>&-
	return "$web_status"
}

# The roots that the browser shall trust, for Chromium and for node, which
# speaks TLS where a client certificate is shown.
web_trust() {
	web_home=$tmp/home
	mkdir -p "$web_home/.pki/nssdb" &&
	certutil -N --empty-password -d "sql:$web_home/.pki/nssdb" &&
	certutil -A -n root -t C,, -i "$1" -d "sql:$web_home/.pki/nssdb" &&
	NODE_EXTRA_CA_CERTS=$1 && export NODE_EXTRA_CA_CERTS
}

# $tmp/both.sh ID: both security officers approve, on a machine of their own.
security_officers() {
	cat >"$tmp/both.sh" <<-E
	for who in s1 s2; do
		signet order approve "\$1" --yes --key "$pki/officers/\$who.key" \\
		    --cert "$pki/officers/\$who.pem" \\
		    --passphrase "file:$pki/secrets/officer-\$who" || exit
	done
	E
}

drive() {
	if ! web_install >"$tmp/npm" 2>&1; then
		sed 's/^/# /' "$tmp/npm"
		echo 'Bail out! npm has not brought playwright-core and axe-core'
		exit 1
	fi
	mkdir -p "$web_dir/screenshots" "$tmp/home"
	web_file=$1
	shift
	TAP_COUNT=$tap_count WEB_TMP=$tmp WEB_MODULES=$web_modules \
	    WEB_HOME=$tmp/home WEB_SCREENSHOTS=$web_dir/screenshots \
	    timeout 300 node "$srcdir/tests/web/$web_file" "$@"
	web_status=$?
	# What it had counted when it ended, however that was.
	if [ -s "$tmp/tap_count" ]; then
		read -r tap_count web_failed <"$tmp/tap_count"
		tap_failed=$((tap_failed + web_failed))
		rm -f "$tmp/tap_count"
	fi
	: >"$tmp/out"
	tap_result "$web_status" "$web_file came to its end"
}
