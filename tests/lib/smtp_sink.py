#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mail server for tests: takes everything, or behaves as badly as it is told.

	smtp_sink.py DIR [--tls CERT KEY | --starttls CERT KEY] [--port N]
	    [--user NAME PASSWORD]

It listens on the loopback and writes its port to DIR/port, its process id to
DIR/pid and each message to DIR/mail/N.eml, with the envelope in the first two
lines.  DIR/mode says how it behaves from the next connection on:

	ok		as it should (also without the file)
	hang		accepts and says nothing
	slow N		N seconds before each answer
	busy		421 to everybody
	greylist	451 to each recipient
	unknown		550 to each recipient
	refuse SUB	550 to recipients that contain SUB
	sender		553 to the sender
	spam		554 to the message
	full		452 to the message
	vanish		takes the message and hangs up without a word
"""
import argparse
import base64
import os
import pathlib
import socket
import ssl
import threading
import time


class Talk:
    def __init__(self, sink, peer):
        self.sink = sink
        self.peer = peer
        self.file = peer.makefile("rb")
        self.mode = sink.mode()
        self.secure = sink.tls
        self.known = sink.user is None
        self.sender = None
        self.rcpt = []

    def say(self, *lines):
        if self.mode.startswith("slow"):
            time.sleep(float(self.mode.split()[1]))
        for i, text in enumerate(lines):
            code, rest = text[:3], text[3:]
            dash = "-" if i + 1 < len(lines) else " "
            self.peer.sendall((code + dash + rest.strip() + "\r\n").encode())

    def ehlo(self, _):
        lines = ["250 sink.example.org", "250 8BITMIME"]
        if self.sink.starttls and not self.secure:
            lines.append("250 STARTTLS")
        if self.sink.user is not None:
            lines.append("250 AUTH PLAIN")
        self.say(*lines)

    def starttls(self, _):
        if not self.sink.starttls or self.secure:
            return self.say("502 no")
        self.say("220 go ahead")
        self.peer = self.sink.context.wrap_socket(self.peer, server_side=True)
        self.file = self.peer.makefile("rb")
        self.secure = True

    def auth(self, rest):
        words = rest.split()
        if len(words) < 2:
            self.say("334 ")
            words.append(self.file.readline().decode().strip())
        _, user, password = base64.b64decode(words[1]).decode().split("\0")
        self.known = [user, password] == self.sink.user
        self.say("235 welcome" if self.known else "535 5.7.8 wrong password")

    def mail(self, rest):
        if not self.known:
            return self.say("530 5.7.0 log in first")
        if self.mode == "sender":
            return self.say("553 5.1.8 we do not know you")
        self.sender = rest
        self.say("250 fine")

    def to(self, rest):
        if self.mode == "greylist":
            return self.say("451 4.7.1 come again later")
        if self.mode == "unknown" or (self.mode.startswith("refuse ")
                                      and self.mode.split()[1] in rest):
            return self.say("550 5.1.1 no such mailbox")
        self.rcpt.append(rest)
        self.say("250 fine")

    def data(self, _):
        if not self.rcpt:
            return self.say("503 no recipient")
        self.say("354 go on")
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                return
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        if self.mode == "spam":
            return self.say("554 5.7.1 looks like spam")
        if self.mode == "full":
            return self.say("452 4.3.1 disk is full")
        self.sink.keep(self.sender, self.rcpt, b"".join(lines))
        if self.mode == "vanish":
            self.peer.shutdown(socket.SHUT_RDWR)
            return
        self.say("250 taken")

    def run(self):
        if self.mode == "hang":
            time.sleep(600)
        if self.mode == "busy":
            return self.say("421 4.3.2 too busy")
        self.say("220 sink.example.org")
        verbs = {"EHLO": self.ehlo, "HELO": self.ehlo, "AUTH": self.auth,
                 "STARTTLS": self.starttls, "MAIL": self.mail,
                 "RCPT": self.to, "DATA": self.data}
        while True:
            line = self.file.readline(2000)
            if not line:
                return
            verb, _, rest = line.decode("ascii").strip().partition(" ")
            if verb.upper() == "QUIT":
                return self.say("221 bye")
            act = verbs.get(verb.upper())
            if act is None:
                self.say("502 what")
            else:
                act(rest)


class Sink:
    def __init__(self, args):
        self.dir = pathlib.Path(args.dir)
        (self.dir / "mail").mkdir(parents=True, exist_ok=True)
        self.user = args.user
        self.tls = args.tls is not None
        self.starttls = args.starttls is not None
        self.lock = threading.Lock()
        self.count = len(list((self.dir / "mail").iterdir()))
        if self.tls or self.starttls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*(args.tls or args.starttls))

    def mode(self):
        try:
            return (self.dir / "mode").read_text().strip()
        except FileNotFoundError:
            return "ok"

    def keep(self, sender, rcpt, body):
        with self.lock:
            self.count += 1
            name = self.dir / "mail" / f"{self.count}.eml"
            part = self.dir / "part"
            part.write_bytes((sender + "\r\n" + ",".join(rcpt) +
                              "\r\n").encode() + body)
            os.rename(part, name)

    def serve(self, peer):
        try:
            peer.settimeout(600)
            if self.tls:
                peer = self.context.wrap_socket(peer, server_side=True)
            Talk(self, peer).run()
        except (OSError, UnicodeDecodeError, ValueError):
            pass
        finally:
            peer.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--starttls", nargs=2)
    parser.add_argument("--user", nargs=2)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    sink = Sink(args)
    server = socket.create_server(("127.0.0.1", args.port))
    for name, value in (("pid", os.getpid()),
                        ("port", server.getsockname()[1])):
        part = sink.dir / (name + ".part")
        part.write_text(f"{value}\n")
        os.rename(part, sink.dir / name)
    while True:
        peer, _ = server.accept()
        threading.Thread(target=sink.serve, args=(peer,), daemon=True).start()


main()
