# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Hosts in network namespaces of their own, joined by a switch that is in the
# namespace of the test; nothing of it can be reached from anywhere else.
# Before tap.sh, since it starts the script again, inside:
#
#	. "${srcdir:-.}/tests/lib/hosts.sh"
#
# and after tap.sh:
#
#	switch_start			the test itself is 10.91.0.1
#	host_add NAME N			a host, 10.91.0.N
#	host_ip NAME			its address
#	on NAME command...		runs there
#	part NAME NAME			what they send each other is lost from now
#					on; "world" is the test
#	rejoin NAME NAME
#	cut_off NAME, plug_in NAME	the cable of one host
#	slow_down NAME RATE		of what it sends and of what it gets: 128kbit
#	speed_up NAME
#	lag NAME MS [JITTER [LOSE DOUBLE PASS]]
#					each frame needs so long each way, up to
#					JITTER ms more; of a hundred LOSE are
#					lost, DOUBLE come twice and PASS are
#					overtaken; again: from now on so
#	unlag NAME
#	round_trip NAME NAME		in ms, the shortest of five
#
# Only root has what this takes.
if [ -z "${SIGNET_HOSTS:-}" ]; then
	[ "$(id -u)" -eq 0 ] || {
		echo 'Bail out! only root can have networks of its own'
		exit 1
	}
	SIGNET_HOSTS=yes exec unshare --net -- /bin/sh "$0" "$@"
fi

host_net=10.91.0
export host_pid_world=$$ host_ip_world=$host_net.1
host_nowhere=02:00:5e:00:00:01

switch_start() {
	ip link set lo up && ip link add sw type bridge &&
	    ip addr add "$host_ip_world/24" dev sw && ip link set sw up
}

host_pid() {
	eval "echo \"\$host_pid_$1\""
}

host_ip() {
	eval "echo \"\$host_ip_$1\""
}

on() {
	on_pid=$(host_pid "$1")
	shift
	nsenter --target "$on_pid" --net -- "$@"
}

# Somebody has to be there, or the namespace goes.
host_is_apart() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/$$/ns/net)" ]
}

host_add() {
	unshare --net -- sleep 100000 &
	pids="$pids $!"
	eval "host_pid_$1=$! host_ip_$1=$host_net.$2"
	wait_for host_is_apart "$!" &&
	ip link add "to-$1" type veth peer name eth0 netns "$(host_pid "$1")" &&
	ip link set "to-$1" master sw up &&
	on "$1" sh -c "ip link set lo up && ip link set eth0 up &&
	    ip addr add $host_net.$2/24 dev eth0 &&
	    echo 2 >/proc/sys/net/ipv4/tcp_syn_retries"
}

host_card() {
	[ "$1" = world ] && echo sw || echo eth0
}

# To an address that no card has: nobody is told of it.
part() {
	on "$1" ip neigh replace "$(host_ip "$2")" lladdr "$host_nowhere" \
	    nud permanent dev "$(host_card "$1")" &&
	on "$2" ip neigh replace "$(host_ip "$1")" lladdr "$host_nowhere" \
	    nud permanent dev "$(host_card "$2")"
}

rejoin() {
	on "$1" ip neigh del "$(host_ip "$2")" dev "$(host_card "$1")" &&
	on "$2" ip neigh del "$(host_ip "$1")" dev "$(host_card "$2")"
}

cut_off() {
	ip link set "to-$1" down
}

plug_in() {
	ip link set "to-$1" up
}

# What is too much waits for two seconds, then it is lost.
slow_down() {
	on "$1" tc qdisc replace dev eth0 root tbf rate "$2" burst 4kb \
	    latency 2000ms &&
	tc qdisc replace dev "to-$1" root tbf rate "$2" burst 4kb latency 2000ms
}

speed_up() {
	on "$1" tc qdisc del dev eth0 root && tc qdisc del dev "to-$1" root
}

# The cable of a host, which is in the switch, is taken out of it and put into a
# box that holds each frame for a while; what the box sends goes on to the
# switch.  The card that is left with us must not answer for us.
lag_box() {
	ip link add "box-$1" type veth peer name "lag-$1" &&
	ip link set "box-$1" arp off up && ip link set "lag-$1" up &&
	ip link set "to-$1" nomaster arp off && ip link set "lag-$1" master sw
}

# shellcheck disable=SC2154 # tmp is of tap.sh
lag() {
	lag_name=$1
	shift
	eval "lag_pid=\${lag_pid_$lag_name:-}"
	if [ -n "$lag_pid" ]; then
		kill "$lag_pid" && wait "$lag_pid" 2>/dev/null
	else
		lag_box "$lag_name" || return 1
	fi
	: >"$tmp/lag.$lag_name"
	far_wire "to-$lag_name" "box-$lag_name" "$1" "${2:-0}" "${3:-0}" \
	    "${4:-0}" "${5:-0}" "${SEED:-1}" >"$tmp/lag.$lag_name" &
	pids="$pids $!"
	eval "lag_pid_$lag_name=$!"
	wait_for grep -q ready "$tmp/lag.$lag_name"
}

unlag() {
	eval "lag_pid=\$lag_pid_$1 lag_pid_$1="
	kill "$lag_pid" && { wait "$lag_pid" 2>/dev/null || :; } &&
	ip link del "box-$1" && ip link set "to-$1" arp on master sw
}

# A connection that is refused takes one round trip, too.
round_trip() {
	on "$1" python3 -c 'import socket, sys, time
best = 1e9
for n in range(6):
    began = time.monotonic()
    socket.socket().connect_ex((sys.argv[1], 9))
    if n:
        best = min(best, time.monotonic() - began)
print(round(best * 1000, 2))' "$(host_ip "$2")"
}
