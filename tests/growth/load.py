#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Steady work for an installation on many hosts, and whether what it is told
is true.

    load.py DIR SECONDS [PACE]

DIR has template (an OCSP request about another certificate of the CA), devices
and their requests (device.pem, device.key, N.b64), serials (one a line, good)
to be revoked; signet's settings come by the environment.  Devices enrol at two
registration authorities, an officer revokes, three responders are asked, with a
nonce each time, by one client each.  Whatever fails is tried again, with the
same bytes.

Lines of DIR/done, each when it has happened:

    issued N SERIAL     an authority has said so
    revoked SERIAL      the CA has said so
    wrong ...           an answer that should not have been given
PACE (1) makes the pauses of devices and officer so many times as long.
Ends when there is DIR/stop, or after SECONDS; DIR/counts says what was said how
often.  An answer is wrong that calls good what was revoked BOUND seconds before
it was asked for, or unknown what was issued so long before."""
import base64
import collections
import http.client
import os
import random
import re
import ssl
import subprocess
import sys
import threading
import time

BOUND = 8
DIR, END = sys.argv[1], time.monotonic() + float(sys.argv[2])
PACE = float(sys.argv[3]) if len(sys.argv) > 3 else 1
RAS = ("10.91.0.19", "10.91.0.20")
OCSPS = ("10.91.0.16", "10.91.0.17", "10.91.0.18")


class Load:
    def __init__(self):
        self.lock = threading.Lock()
        self.done = open(f"{DIR}/done", "a", encoding="ascii", buffering=1)
        self.counts = collections.Counter()
        self.known = {}         # serial: when it was known to be issued
        self.revoked = {}       # serial: when it was known to be revoked
        self.toward = open(f"{DIR}/serials", encoding="ascii").read().split()
        for serial in self.toward:
            self.known[serial] = time.monotonic()

    def over(self):
        return os.path.exists(f"{DIR}/stop") or time.monotonic() > END

    def say(self, line):
        with self.lock:
            self.done.write(line + "\n")

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    # Devices.
    def enrol_all(self, which):
        for n in which:
            if self.over():
                return
            with open(f"{DIR}/{n}.b64", encoding="ascii") as f:
                request = f.read()
            tries = 0
            while not self.over():
                serial = self.enrol(RAS[(n + tries) % 2], request)
                if serial:
                    self.known[serial] = time.monotonic()
                    self.say(f"issued {n} {serial}")
                    break
                tries += 1
                time.sleep(0.3)
            time.sleep(0.2 * PACE)

    def enrol(self, address, request):
        context = ssl.create_default_context(cafile=f"{DIR}/root.pem")
        context.check_hostname = False
        context.load_cert_chain(f"{DIR}/device.pem", f"{DIR}/device.key")
        c = http.client.HTTPSConnection(address, 8444, timeout=15,
                                        context=context)
        try:
            c.request("POST", "/.well-known/est/simplereenroll", request,
                      {"Content-Type": "application/pkcs10"})
            r = c.getresponse()
            body = r.read()
            self.count(f"EST {r.status}")
            return self.serial_of(body) if r.status == 200 else None
        except (OSError, http.client.HTTPException) as e:
            self.count(f"EST {type(e).__name__}")
            return None
        finally:
            c.close()

    @staticmethod
    def serial_of(body):
        pem = subprocess.run(["openssl", "pkcs7", "-inform", "DER",
                              "-print_certs"], input=base64.b64decode(body),
                             stdout=subprocess.PIPE, check=True).stdout
        out = subprocess.run(["openssl", "x509", "-noout", "-serial"],
                             input=pem, stdout=subprocess.PIPE, check=True)
        return out.stdout.decode().strip().split("=")[1].lower()

    # An officer.
    def revoke_all(self):
        pki = os.environ["pki"]
        for serial in self.toward:
            if self.over():
                return
            while not self.over():
                p = subprocess.run(
                    ["signet", "cert", "revoke", serial, "--reason",
                     "superseded", "--wait", "20s", "--yes", "--key",
                     f"{pki}/officers/o1.key", "--cert",
                     f"{pki}/officers/o1.pem", "--passphrase",
                     f"file:{pki}/secrets/officer-o1"], text=True,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, check=False)
                if p.returncode == 0 or "already revoked" in p.stdout:
                    self.revoked[serial] = time.monotonic()
                    self.say(f"revoked {serial}")
                    break
                self.count("revoke: " + p.stdout.strip()[-70:])
                time.sleep(0.5)
            time.sleep(0.5 * PACE)

    # Clients of a responder.
    def ask_all(self, address):
        with open(f"{DIR}/template", "rb") as f:
            issuer = re.search(rb"\x04\x14.{20}\x04\x14.{20}\x02", f.read(),
                               re.S).group(0)[:-1]
        while not self.over():
            serial = random.choice(list(self.known))
            began = time.monotonic()
            said = self.ask(address, issuer, serial)
            self.count(f"OCSP {said}")
            late = BOUND < began - self.revoked.get(serial, began)
            old = BOUND < began - self.known[serial]
            if (said == "good" and late) or (said == "unknown" and old):
                self.say(f"wrong {address} {said} {serial} "
                         f"{began - self.revoked.get(serial, began):.1f}")
            time.sleep(0.1)

    def ask(self, address, issuer, serial):
        number = integer(serial)
        nonce = tlv(0x30, b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02" +
                    tlv(4, tlv(4, os.urandom(16))))
        body = tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x30,
                   b"\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00" + issuer +
                   number))) + tlv(0xa2, tlv(0x30, nonce))))
        c = http.client.HTTPConnection(address, 8081, timeout=5)
        try:
            c.request("POST", "/", body,
                      {"Content-Type": "application/ocsp-request"})
            answer = c.getresponse().read()
        except (OSError, http.client.HTTPException) as e:
            return type(e).__name__
        finally:
            c.close()
        if len(answer) == 5:
            return f"error {answer[4]}"
        at = answer.find(number)
        if at < 0:
            return "other"
        return {0x80: "good", 0xa1: "revoked", 0x82: "unknown"}.get(
            answer[at + len(number)], "other")


def tlv(tag, value):
    n = len(value)
    if n < 128:
        return bytes((tag, n)) + value
    return bytes((tag, 0x81, n)) + value


def integer(serial):
    value = bytes.fromhex(serial)
    return tlv(2, (b"\0" if value[0] > 127 else b"") + value)


def main():
    load = Load()
    n = sum(name.endswith(".b64") for name in os.listdir(DIR))
    jobs = [(load.enrol_all, range(0, n, 2)), (load.enrol_all, range(1, n, 2)),
            (load.revoke_all,)] + [(load.ask_all, a) for a in OCSPS]
    threads = [threading.Thread(target=job[0], args=job[1:]) for job in jobs]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with open(f"{DIR}/counts", "w", encoding="utf-8") as f:
        for what, k in sorted(load.counts.items()):
            f.write(f"{k} {what}\n")


main()
