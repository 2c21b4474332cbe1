# SPDX-License-Identifier: Apache-2.0
"""What the world is told, held against what has happened."""
import base64
import calendar
import hashlib
import re
import time

from people import REMINDERS
from world import DAY, ENV, PKI, TMP, Wrong

# A generation that has a successor, and nobody asks about any more.
OVER = """EXISTS (SELECT FROM ca b WHERE b.not_before > a.not_before
    AND split_part(b.name, '.', 1) = split_part(a.name, '.', 1))
    AND NOT EXISTS (SELECT FROM cert c WHERE c.ca = a.name
    AND c.profile <> 'ocsp-signer' AND c.not_after > now())"""
MAILS = ("mail-dual",)
# Made for nobody but those in our list.
OURS = ("mail-dual", "tls-server", "web-login", "officer", "security-officer")
SOME = 48


def settle(w, directory=True, seconds=150):
    """Until the daemons have done all that there is to do at this hour."""
    due = f"""
        SELECT 'open orders', count(*) FROM orders WHERE state = 'ready'
        UNION ALL SELECT 'intents', count(*) FROM intent
        UNION ALL SELECT 'lists that have ended', count(*) FROM ca a
            WHERE a.name <> 'root' AND NOT ({OVER}) AND NOT EXISTS (SELECT
                FROM crl c WHERE c.ca = a.name AND c.next_update > now())
        UNION ALL SELECT 'status changes not in a list', count(*)
            FROM status_change s JOIN cert c USING (ca, serial)
            WHERE c.not_after > now() AND s.id > (SELECT max(change)
                FROM crl l WHERE l.ca = s.ca)
        UNION ALL SELECT 'notices', count(*) FROM notice
            WHERE state = 'waiting'
        UNION ALL SELECT 'changes without a notice', count(*)
            FROM notice_cursor k, status_change s
            WHERE k.name = 'status' AND s.id > k.place
        UNION ALL SELECT 'expiries without a notice', count(*)
            FROM notice_cursor k, cert c WHERE k.name LIKE 'expiring-%'
            AND c.profile <> 'ocsp-signer'
            AND c.not_after > k.not_after AND c.not_after < now() +
                make_interval(days => substr(k.name, 10)::int, mins => -2)
        UNION ALL SELECT 'CAs without a signer', count(*) FROM ca a
            WHERE a.name <> 'root' AND NOT ({OVER}) AND NOT EXISTS (SELECT
                FROM cert c
                WHERE c.ca = a.name AND c.profile = 'ocsp-signer'
                AND c.not_after - now() > (c.not_after - c.not_before) / 3)
        UNION ALL SELECT 'agents', 4 - count(DISTINCT holder) FROM cert
            WHERE profile IN ('ocsp-agent', 'crl-agent', 'ra-agent',
                'ca-agent') AND status = 'good'
            AND not_after - now() > (not_after - not_before) / 4
        """
    if directory:
        due += """UNION ALL SELECT 'outbox', count(*) FROM outbox
            UNION ALL SELECT 'deliveries', count(*) FROM delivery
            UNION ALL SELECT 'expired and published', count(*)
                FROM expiry_look x, cert c WHERE (c.not_after, c.id) >
                (x.not_after, x.cert) AND c.not_after < now()"""

    def left():
        rows = w.sql(due)
        return ", ".join(f"{n} {what}" for what, n in rows if int(n) > 0)
    w.wait(f"quiet on {w.date()}", left, seconds)


class Truth:
    def __init__(self, world, life):
        self.w, self.life = world, life
        self.numbers = {}
        self.counts = {}
        self.asked = {}
        self.archives = []
        self.head = 0, bytes(32)

    def count(self, what, n=1):
        self.counts[what] = self.counts.get(what, 0) + n

    def step(self):
        """After each act: what it changed is so, and nothing else."""
        self.w.all_run()
        some, self.life.touched = self.life.touched, set()
        self.count("looks after an act")
        if some:
            self.rows({c.serial: c for c in some})
            self.ocsp([c for c in some if c.ends > self.w.now() + 60])
        made = self.w.sql("SELECT count(*) FROM cert WHERE profile IN ("
                          + ", ".join(f"'{p}'" for p in OURS) + ") AND "
                          f"holder <> '{self.life.web}'")[0][0]
        ours = sum(c.profile in OURS and not c.archived
                   and c.holder != self.life.web
                   for c in self.life.certs.values())
        if int(made) != ours:
            raise Wrong(f"{made} certificates, not {ours}")
        twice = self.w.sql(
            "SELECT holder FROM card WHERE state IN ('issued', 'packed', "
            "'delivered', 'activated', 'suspended') GROUP BY 1 "
            "HAVING count(*) > 1")
        if twice:
            raise Wrong(f"more than one card: {twice}")
        self.chain()

    def rows(self, certs):
        for serial, status in self.w.sql(
                "SELECT encode(serial, 'hex'), status FROM cert WHERE serial "
                "IN (" + ", ".join(f"decode('{s}', 'hex')"
                                   for s in certs) + ")"):
            c = certs.pop(serial)
            if status != c.status:
                raise Wrong(f"the store says {status} of {serial}, which is "
                            f"{c.status}")
        if certs:
            raise Wrong(f"lost: {list(certs)}")

    def chain(self):
        """Each entry of the audit chain goes on from the one before."""
        seq, before = self.head
        for n, digest, body in self.w.sql(
                "SELECT seq, encode(hash, 'hex'), encode(body, 'hex') FROM "
                f"audit WHERE seq > {seq} ORDER BY seq"):
            if int(n) != seq + 1:
                raise Wrong(f"entry {n} of the chain after {seq}")
            seq = int(n)
            before = hashlib.sha256(b"\1" + before + seq.to_bytes(8, "big")
                                    + bytes.fromhex(body)).digest()
            if before.hex() != digest:
                raise Wrong(f"entry {n} does not continue the chain")
            self.count("entries of the chain")
        self.head = seq, before

    def all(self, directory=True):
        self.step()
        self.store()
        self.stock()
        self.ocsp(self.sample())
        self.lists()
        if directory:
            self.directory()
        self.reminders()

    # The store says what has happened, and nothing else.
    def store(self):
        rows = self.w.sql("SELECT encode(serial, 'hex'), status, profile "
                          f"FROM cert WHERE holder <> '{self.life.web}' OR "
                          "holder IS NULL")
        people = {s: (st, p) for s, st, p in rows}
        if len(people) != len(rows):
            raise Wrong("a serial number is there twice")
        for c in self.life.certs.values():
            if c.archived or c.holder == self.life.web:
                continue
            if c.serial not in people:
                raise Wrong(f"{c.serial} of {c.holder} is lost")
            if people[c.serial][0] != c.status:
                raise Wrong(f"the store says {people[c.serial][0]} of "
                            f"{c.serial}, which is {c.status}")
        for s, (_, profile) in people.items():
            if profile in OURS and s not in self.life.certs:
                raise Wrong(f"nobody asked for {s} ({profile})")
        self.count("certificates held against the store",
                   len(self.life.certs))

    def stock(self):
        """Each blank is a card, spoiled, useless or back in its box."""
        for name, state, missing, open_items in self.w.sql(
                "SELECT c.name, c.state, b.received - b.returned - b.useless -"
                " b.under_way - b.issued - b.spoiled, b.items_open FROM "
                "card_batch c, card_balance(c.id) b WHERE b.received > 0"):
            if state == "closed" and (missing, open_items) != ("0", "0"):
                raise Wrong(f"batch {name}: {missing} blanks are missing")
        state = {c.number: c.state for c in self.life.cards.cards.values()}
        for number, said in self.w.sql("SELECT number, state FROM card "
                                       "WHERE issued_at IS NOT NULL"):
            if said != state.pop(number, None):
                raise Wrong(f"card {number} is {said}")
        if state:
            raise Wrong(f"cards are lost: {state}")
        self.count("looks at the stock of cards")

    # Those whose status is another one than when it was asked for last, and
    # some of the others; all of them once a year.
    def sample(self):
        certs = list(self.life.certs.values())
        changed = [c for c in certs if self.asked.get(c.serial) != c.status]
        same = [c for c in certs if self.asked.get(c.serial) == c.status]
        return changed + self.life.rng.sample(same, min(SOME, len(same)))

    def ocsp(self, certs):
        now = self.w.now()
        by_ca = {}
        for c in certs:
            if c.ends > now + 60:
                by_ca.setdefault(c.ca, []).append(c)
        for ca, some in by_ca.items():
            for i in range(0, len(some), 16):
                self.ask(ca, some[i:i + 16])

    def ask(self, ca, certs):
        args = []
        for c in certs:
            args += ["-serial", "0x" + c.serial]
        self.w.wait("OCSP", lambda: self.differ(ca, certs, args), 10)
        self.count("OCSP answers", len(certs))
        for c in certs:
            self.asked[c.serial] = c.status

    def differ(self, ca, certs, args):
        out = self.w.run("openssl", "ocsp", "-issuer", f"{PKI}/ca/{ca}.pem",
                         "-CAfile", f"{PKI}/ca/root.pem", "-verify_other",
                         f"{PKI}/ca/{ca}.pem", "-url",
                         ENV["ocsp"], "-timeout", "10", *args,
                         fails=None, fake=True)
        if "Response verify OK" not in out or "WARNING" in out:
            return out[-400:]
        said = dict(re.findall(r"^0x([0-9a-f]+): (\w+)$", out, re.M | re.I))
        said = {k.lower(): v for k, v in said.items()}
        for c in certs:
            want = "good" if c.status == "good" else "revoked"
            if said.get(c.serial) != want:
                return (f"{said.get(c.serial)} of {c.serial} ({c.holder}), "
                        f"which is {c.status}")
        return None

    def lists(self):
        for ca, in self.w.sql(f"SELECT name FROM ca a WHERE NOT ({OVER})"):
            self.w.wait(f"the list of {ca}", lambda ca=ca: self.wrong_list(ca),
                        10)
            self.count("revocation lists")

    def wrong_list(self, ca):
        file = f"{TMP}/list.crl"
        self.w.run("curl", "-sSf", "--max-time", "20", "-o", file,
                   f"{ENV['http']}/crl/{ca}.crl")
        text = self.w.run("openssl", "crl", "-inform", "DER", "-in", file,
                          "-noout", "-text", "-verify", "-CAfile",
                          f"{PKI}/ca/{ca}.pem", fails=None)
        if "verify OK" not in text:
            return text[-300:]
        number = int(re.search(r"CRL Number:\s*(\d+)", text).group(1))
        if number < self.numbers.get(ca, 0):
            raise Wrong(f"list {number} of {ca} after {self.numbers[ca]}")
        self.numbers[ca] = number
        if self.until(text) < self.w.now():
            return f"list {number} has ended"
        there = {s.lower() for s in
                 re.findall(r"Serial Number: ([0-9A-F]+)", text)}
        now = self.w.now()
        for c in self.life.certs.values():
            if c.ca != ca or c.ends < now + 60:
                continue
            if (c.status != "good") != (c.serial in there):
                return f"{c.serial} is {c.status}, list {number}"
        return None

    @staticmethod
    def until(text):
        found = re.search(r"Next Update: (.*) GMT", text).group(1)
        return calendar.timegm(time.strptime(found, "%b %d %H:%M:%S %Y"))

    # The certificate with which a mail can be written to each, and no other.
    def directory(self):
        self.w.wait("the directory", self.wrong_directory, 10)
        self.count("looks at the directory")

    def wrong_directory(self):
        # Who looks from here is shown all; the world, a hundred entries.
        out = self.w.run("ldapsearch", "-Q", "-Y", "EXTERNAL", "-LLL", "-o",
                         "ldif-wrap=no", "-H", ENV["ldapi"],
                         "-b", ENV["ldap_base"],
                         "(userCertificate;binary=*)",
                         "userCertificate;binary")
        there, holder = {}, None
        for line in out.splitlines():
            if line.startswith("dn: uid="):
                holder = line[8:].split(",")[0]
            elif line.startswith("userCertificate;binary:: "):
                der = base64.b64decode(line.split(":: ")[1])
                there.setdefault(holder, set()).add(serial_of(der))
        want = {}
        for c in self.life.good():	# the newest of each
            if c.profile in MAILS and c.ends > self.w.now() + 60:
                want[c.holder] = {c.serial}
        for holder in set(want) | set(there):
            if want.get(holder) != there.get(holder):
                return (f"{holder}: {there.get(holder)}, not "
                        f"{want.get(holder)}")
        return None

    # A reminder 60, 30, 14 and 3 days before the end, to each without a
    # successor, whenever the daemons ran at such a time.
    def reminders(self):
        now = self.w.now()
        sent = {}
        for serial, step, state, n in self.w.sql(
                "SELECT encode(c.serial, 'hex'), n.step, n.state, count(*) "
                "FROM notice n JOIN cert c ON c.id = n.cert WHERE n.kind = "
                "'expiring' GROUP BY 1, 2, 3"):
            if n != "1":
                raise Wrong(f"{n} reminders of {serial}")
            sent[serial, int(step)] = state
        for c in self.life.certs.values():
            if c.profile not in MAILS or c.status != "good":
                continue
            if any(d.ends > c.ends for d in self.life.good(c.holder,
                                                           c.profile)):
                continue
            for days, nxt in zip(REMINDERS, (*REMINDERS[1:], 0)):
                if not c.ends - days * DAY < now - 150 or \
                   not now + 60 < c.ends - nxt * DAY:
                    continue
                if sent.get((c.serial, days)) != "sent":
                    raise Wrong(f"{c.holder} was not told {days} days before "
                                f"the end of {c.serial}: "
                                f"{sent.get((c.serial, days))}")
                self.count("reminders looked for")

def serial_of(der):
    """The serial number of a certificate."""
    def head(at):
        n, at = der[at + 1], at + 2
        if n >= 128:
            k = n - 128
            n, at = int.from_bytes(der[at:at + k], "big"), at + k
        return n, at
    _, at = head(0)
    _, at = head(at)
    if der[at] == 0xa0:
        n, body = head(at)
        at = body + n
    n, at = head(at)
    return der[at:at + n].lstrip(b"\0").hex()
