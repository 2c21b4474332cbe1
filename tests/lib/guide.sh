# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The commands of a page of doc/, run as they stand there; after
# tests/integration/tap.sh:
#
#	guide_read FILE		take its blocks and its table of replacements
#	guide_run		all blocks, in order
#	guide_run_to TEXT	those up to the heading that begins so
#
# A block ```sh guide is run, by a shell of its own, in $tmp/guide/here.  A block
# ```text guide behind it is what that said; "…" in it stands for anything in a
# line, and alone on a line for any lines.  A row | `text` | `other` | below the
# heading "What the test replaces" says what a test has instead of a text;
# variables of the environment in "other" are filled in.
#
# sudo and systemctl are the test's own: sudo becomes nobody but who PostgreSQL
# runs as, and systemctl starts the programs of this build and stops them by
# their pid.  tests/lib/guide has them.
: "${tmp:?}" "${srcdir:?}"

guide=$tmp/guide
guide_at=0
guide_env() {
	mkdir -p "$guide/here" "$guide/bin" "$guide/pids"
	T=$tmp GUIDE=$guide
	export T GUIDE
	for guide_tool in sudo systemctl; do
		cp "$srcdir/tests/lib/guide/$guide_tool" "$guide/bin/"
		chmod 755 "$guide/bin/$guide_tool"
	done
	PATH=$guide/bin:$PATH
}

guide_read() {
	[ -d "$guide" ] || guide_env
	guide_at=0
	rm -rf "$guide/blocks"
	mkdir "$guide/blocks"
	perl "$srcdir/tests/lib/guide/blocks.pl" "$1" "$guide/blocks"
	guide_blocks=$(find "$guide/blocks" -name '*.sh' | wc -l)
	is "$(basename "$1") has blocks to run" \
	    "$([ "$guide_blocks" -gt 0 ] && echo yes)" yes
}

# What a page has started is stopped at the end.
guide_pids() {
	for guide_pid in "$guide"/pids/*; do
		[ ! -e "$guide_pid" ] || pids="$pids $(cat "$guide_pid")"
	done
}

guide_block() {
	guide_name=$guide/blocks/$(printf '%03d' "$1")
	(
		cd "$guide/here" && timeout 180 sh -eu "$guide_name.sh" \
		    >"$guide_name.out" 2>&1 </dev/null
	)
	guide_status=$?
	guide_pids
	cp "$guide_name.out" "$tmp/out"
	tap_result "$guide_status" "$(cat "$guide_name.what")"
	[ "$guide_status" -eq 0 ] || return 1
	[ -e "$guide_name.want" ] || return 0
	perl "$srcdir/tests/lib/guide/same.pl" "$guide_name.want" \
	    "$guide_name.out" >"$tmp/out"
	tap_result $? '... which says what the page has'
}

# A page is a path: behind a block that fails there is nothing to see.
guide_run_to() {
	while [ "$guide_at" -lt "$guide_blocks" ]; do
		guide_next=$(printf '%03d' $((guide_at + 1)))
		[ -z "$1" ] || ! grep -qF "$1" "$guide/blocks/$guide_next.what" ||
		    return 0
		guide_at=$((guide_at + 1))
		guide_block "$guide_at" || {
			sed 's/^/# /' "$guide/blocks/$guide_next.sh"
			return 1
		}
	done
}

guide_run() {
	guide_run_to ''
}
