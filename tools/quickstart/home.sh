# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: where that lives which other users have to reach and
# whose path has to be short and plain: in the state directory where that will
# do, or else in a place of its own.  And users of the daemons, when root starts
# them.
: "${state:?}"

# What root's quickstarts have in common; others have /var/tmp.
common=/var/lib/signet-quickstart
comment='Signet quickstart'
daemon_users="signet-cad signet-crld signet-ocspd signet-rad signet-station"
# Who plays what belongs to others: card readers, the mail server.
stage_user=signet-quickstart

is_root() {
	[ "$(id -u)" -eq 0 ]
}

# reachable DIR - for others than root, when root is at work
reachable() {
	pg_as test -x "$1"
}

# is_plain PATH - no tool stumbles over it
is_plain() {
	case $1 in
	*[!A-Za-z0-9/._+-]*) return 1 ;;
	esac
}

# elsewhere NAME - a new directory that all of ours can reach
elsewhere() {
	if is_root; then
		(umask 022 && mkdir -p "$common") &&
		    dir=$(mktemp -d "$common/$1.XXXXXX") && chmod 755 "$dir"
	else
		dir=$(mktemp -d "/var/tmp/signet-$1.XXXXXX")
	fi && echo "$dir"
}

# The longest path of a socket below it has 25 characters more; 107 are allowed.
home_choose() {
	if is_plain "$state" && [ "${#state}" -le 80 ] && reachable "$state"
	then
		echo "$state"
	else
		elsewhere state
	fi
}

home_read() {
	home=$(cat "$state/home" 2>/dev/null) || home=$state
	inst=$home/signet
	store=$home/postgres
	cards=$home/cards
	reading=$home/readers
	sink=$home/sink
	SIGNET_CONFIG=$inst/signet.conf
	pcsc_socket=$reading/pcscd.comm
	ldapi=ldapi://$(printf '%s/directory/ldapi' "$home" | sed 's|/|%2F|g')
}

home_make() {
	if [ ! -s "$state/home" ]; then
		[ ! -e "$state/ports" ] || die \
		    "$state is of an older version" \
		    "./quickstart$given destroy, and start again"
		home=$(home_choose) && echo "$home" >"$state/home" ||
		    die "no place for what others have to reach" \
		    "see whether /var has room, and may be written"
		[ "$home" = "$state" ] ||
		    ln -sfn "$home/signet" "$home/cards" "$state" ||
		    die "cannot write in $state"
	fi
	home_read
}

# Only what is not the state directory itself.
home_remove() {
	case $home in
	"$common"/state.*|/var/tmp/signet-state.*) rm -rf "$home" ;;
	esac
}

# --- users ------------------------------------------------------------------

# An installation is made for them or it is not, for ever.
has_users() {
	if [ -e "$inst/init.conf" ]; then
		grep -q '^service_users = true' "$inst/init.conf"
	else
		is_root && command -v useradd >/dev/null
	fi
}

user_make() {
	id -u "$1" >/dev/null 2>&1 || quiet "make user $1" useradd --system \
	    --user-group --no-create-home --home-dir /nonexistent \
	    --shell /usr/sbin/nologin --comment "$comment" "$1"
}

# stage_place DIR - where that user may write
stage_place() {
	mkdir -p "$1" || return 1
	! has_users || { chown -R "$stage_user:" "$1" && chmod 711 "$1"; }
}

# on_stage DO COMMAND... - as that user, who has Debian's programs and not those
# of root's home, or else as whose this is
on_stage() {
	how=$1
	shift
	if has_users; then
		set -- setpriv --reuid="$stage_user" --regid="$stage_user" \
		    --clear-groups --no-new-privs --inh-caps=-all -- \
		    env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	fi
	$how "$@"
}

# In turn: another one may be at it.
users_make() (
	has_users || exit 0
	mkdir -p "$common" && exec 6>"$common/lock" && flock 6 ||
	    die "cannot write in $common"
	for user in $daemon_users $stage_user; do
		user_make "$user"
	done
	grep -qxF "$state" "$common/states" 2>/dev/null ||
	    echo "$state" >>"$common/states"
)

# The last one to go takes with it what root's have in common.
users_remove() (
	is_root && [ -e "$common/states" ] && exec 6>"$common/lock" &&
	    flock 6 || exit 0
	grep -vxF "$state" "$common/states" >"$common/states.new"
	mv "$common/states.new" "$common/states"
	[ ! -s "$common/states" ] || exit 0
	for user in $daemon_users $stage_user; do
		if getent passwd "$user" | grep -q ":$comment:"; then
			userdel "$user" && echo "user $user removed"
		fi
	done
	rm -rf "$common"
)
