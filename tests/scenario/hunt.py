# SPDX-License-Identifier: Apache-2.0
"""Where the secrets of a life are when it is over: in the memory of the daemons
(what of it was swapped out is read back), in the files of PostgreSQL and of the
directory, in what daemons keep and say, in mails."""
import glob
import os
import re

from world import ENV, PKI, TMP, Wrong, tree

LETTERS = 10
# Whose memory has which, by the first 15 letters of its name: who opens a key
# keeps its passphrase for the next one; the signer has the keys of the CAs.
MAY = {"passphrase-agent-cad": ("signet-cad: age", "signet-cad: sig"),
       "passphrase-agent-crl": ("signet-crld: ag",),
       "passphrase-agent-ocsp": ("signet-ocspd: a",),
       "passphrase-agent-ra": ("signet-rad: age", "signet-rad: sea"),
       "passphrase-agent-ra-tls": ("signet-rad: kee", "signet-rad: tls")}
SIGNER = "signet-cad: sig"
PIN = re.compile(r"^ *(\d(?: *\d){7}) *$", re.MULTILINE)
CODE = re.compile(r"(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}")


class Hunt:
    def __init__(self, world):
        self.w = world
        self.known = {}

    def add(self, name, secret):
        if len(secret) >= 6:
            self.known[name] = secret

    def passphrases(self):
        for name in sorted(os.listdir(f"{PKI}/secrets")):
            with open(f"{PKI}/secrets/{name}", "rb") as f:
                self.add(f"passphrase-{name}", f.read().rstrip(b"\n"))

    def keys(self):
        for key in glob.glob(f"{PKI}/ca/*.key"):
            name = os.path.basename(key)[:-4]
            said = self.w.run("openssl", "pkey", "-in", key, "-passin",
                              f"file:{PKI}/secrets/ca-{name}", "-noout",
                              "-text")
            number = re.sub("[^0-9a-f]", "", said.split("priv:")[1]
                            .split("pub:")[0])
            self.add(f"key-{name}", bytes.fromhex(number).lstrip(b"\0"))

    def opened(self, sealed, to):
        """What is for the mailing house, or in escrow."""
        with open(f"{TMP}/hunt.cms", "wb") as f:
            f.write(bytes.fromhex(sealed))
        self.w.run("openssl", "cms", "-decrypt", "-inform", "DER", "-in",
                   f"{TMP}/hunt.cms", "-recip", f"{TMP}/{to}.pem", "-inkey",
                   f"{TMP}/{to}.key", "-out", f"{TMP}/hunt.out", fake=True)
        return f"{TMP}/hunt.out"

    def letters(self):
        for number, sealed in self.w.sql(
                "SELECT c.number, encode(l.sealed, 'hex') FROM letter l JOIN "
                "card c ON c.id = l.card WHERE l.void_at IS NULL ORDER BY "
                f"c.issued_at DESC LIMIT {LETTERS}"):
            text = self.w.run("pdftotext", "-layout",
                              self.opened(sealed, "mailing"), "-")
            pin = re.sub(" ", "", PIN.search(text).group(1))
            code = CODE.search(text.replace(" ", "")).group(0)
            self.add(f"pin-{number}", pin.encode())
            self.add(f"revocation-code-{number}", code.encode())
            self.add(f"revocation-code-plain-{number}",
                     code.replace("-", "").encode())

    def puks(self):
        for number, sealed in self.w.sql(
                "SELECT c.number, encode(s.sealed, 'hex') FROM card_secret s "
                "JOIN card c ON c.id = s.card WHERE s.kind = 'puk' ORDER BY "
                f"c.issued_at DESC LIMIT {LETTERS}"):
            with open(self.opened(sealed, "escrow"), "rb") as f:
                self.add(f"puk-{number}", f.read().strip())

    def search(self, *places):
        """Lines of tests/lib/find_secrets.pl: a secret's name and a place."""
        with open(f"{TMP}/hunt.list", "w", encoding="ascii") as f:
            os.chmod(f"{TMP}/hunt.list", 0o600)
            for name, secret in self.known.items():
                f.write(f"{name} {secret.hex()}\n")
        found = self.w.run("perl", f"{ENV['srcdir']}/tests/lib/find_secrets.pl",
                           f"{TMP}/hunt.list", *places)
        return [line.split(" ", 1) for line in found.splitlines()]

    def search_memory(self):
        """Of all processes; one may end while it is looked at."""
        for left in range(4, -1, -1):
            running = [f"pid:{pid}" for p in self.w.running.values()
                       for pid in sorted(tree(p.pid))]
            try:
                return self.search(*running)
            except Wrong:
                if not left:
                    raise

    @staticmethod
    def is_its_own(name, place):
        """What a process needs for its work."""
        process = place.removeprefix("memory of ")
        if name.startswith("key-"):
            return process == SIGNER
        return process in MAY.get(name, ())

    def run(self):
        """How many secrets are nowhere but where they belong."""
        for learn in (self.passphrases, self.keys, self.letters, self.puks):
            before = len(self.known)
            learn()
            if len(self.known) == before:
                raise Wrong(f"no {learn.__name__} are known")
        known = self.search(f"{PKI}/secrets/root")
        if known != [["passphrase-root", f"{PKI}/secrets/root"]]:
            raise Wrong(f"who looks for secrets does not find one: {known}")
        self.w.sql("CHECKPOINT")
        files = [f"{PKI}/{name}" for name in sorted(os.listdir(PKI))
                 if name != "secrets"]
        files += [os.path.realpath(f"{TMP}/db"), f"{TMP}/slapd",
                  f"{TMP}/sink", f"{TMP}/daemons.log"]
        for file in files:
            if not os.path.exists(file):
                raise Wrong(f"{file} is not there")
        held = self.search_memory()
        if not any(name.startswith("key-") for name, _ in held):
            raise Wrong("not even the signer has a key of a CA")
        bad = [f"{name} in {place}" for name, place in
               held + self.search(*files) if not self.is_its_own(name, place)]
        if bad:
            raise Wrong("secrets where they do not belong: " +
                        "; ".join(bad[:20]))
        return len(self.known)
