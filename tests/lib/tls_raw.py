#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Clients that keep to no rule, over TLS:
#
#	tls_raw.py say PORT TEXT...	each TEXT as it is (\\r \\n \\xHH), then
#					what came back, and "[closed]" or "[open]"
#	tls_raw.py hold PORT N WHAT	N clients of 16 addresses of this machine
#					that never come to an end: in the
#					"handshake", in the "head" of a request, in
#					its "body", or "idle" after an answer;
#					"held N" when all are there, then until
#					standard input ends; last "left N"
#	tls_raw.py look PORT N PATH	N visits one after the other, each with
#					a connection of its own; the longest in ms
from concurrent import futures
import socket
import ssl
import sys
import threading
import time

HOST = "pki.example.org"


def connect(port, source=None, wrap=True):
    raw = socket.create_connection(
        ("127.0.0.1", port), timeout=20,
        source_address=(source, 0) if source else None)
    if not wrap:
        return raw
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(raw, server_hostname=HOST)


def say(port, *texts):
    s = connect(port)
    s.settimeout(2)
    how = "closed"
    try:
        for text in texts:
            s.sendall(text.encode().decode("unicode_escape").encode("latin-1"))
        while data := s.recv(65536):
            sys.stdout.buffer.write(data)
    except TimeoutError:
        how = "open"
    except OSError:
        pass
    sys.stdout.buffer.write(f"\n[{how}]\n".encode())


BEGINS = {
    "handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "head": b"GET / HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nX-A: ",
    "body": b"POST /revoke HTTP/1.1\r\nHost: " + HOST.encode() +
            b"\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 200000\r\n\r\ncode=",
    "idle": b"GET / HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n\r\n",
}


def hold(port, n, what):
    def come(i):
        try:
            s = connect(port, f"127.0.4.{1 + i % 16}", what != "handshake")
            s.sendall(BEGINS[what])
            s.settimeout(0)
            return s
        except OSError:
            return None

    with futures.ThreadPoolExecutor(8) as pool:
        held = [s for s in pool.map(come, range(int(n))) if s]
    print("held", len(held), flush=True)
    over = threading.Event()

    # One more octet of each now and then; who is idle sends none.
    def drip():
        while not over.wait(0.5):
            for s in list(held):
                try:
                    if what != "idle":
                        s.send(b"x")
                    elif not s.recv(65536):
                        held.remove(s)
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError,
                        BlockingIOError):
                    pass
                except OSError:
                    held.remove(s)

    t = threading.Thread(target=drip)
    t.start()
    sys.stdin.read()
    # Who was cut off learns it from the second octet after that.
    end = time.monotonic() + 10
    while len(held) > int(n) // 6 and time.monotonic() < end:
        time.sleep(0.1)
    over.set()
    t.join()
    print("left", len(held), flush=True)


def look(port, n, path):
    longest = 0
    for _ in range(int(n)):
        began = time.monotonic()
        with connect(port) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n"
                      "Connection: close\r\n\r\n".encode())
            answer = b""
            while data := s.recv(65536):
                answer += data
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit(answer[:60].decode())
        longest = max(longest, time.monotonic() - began)
    print(int(longest * 1000))


{"say": say, "hold": hold, "look": look}[sys.argv[1]](
    int(sys.argv[2]), *sys.argv[3:])
