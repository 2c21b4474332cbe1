# SPDX-License-Identifier: Apache-2.0
"""What the world is told, held against what has happened."""
import base64
import calendar
import re
import time

from people import REMINDERS
from world import DAY, ENV, PKI, TMP, Wrong

MAILS = ("mail-dual",)
SOME = 48


def settle(w, directory=True, seconds=150):
    """Until the daemons have done all that there is to do at this hour."""
    due = f"""
        SELECT 'open orders', count(*) FROM orders WHERE state = 'ready'
        UNION ALL SELECT 'intents', count(*) FROM intent
        UNION ALL SELECT 'lists that have ended', count(*) FROM ca a
            WHERE a.name <> 'root' AND NOT EXISTS (SELECT FROM crl c
                WHERE c.ca = a.name AND c.next_update > now())
        UNION ALL SELECT 'status changes not in a list', count(*)
            FROM status_change s JOIN cert c USING (ca, serial)
            WHERE c.not_after > now() AND s.id > (SELECT max(change)
                FROM crl l WHERE l.ca = s.ca)
        UNION ALL SELECT 'notices', count(*) FROM notice
            WHERE state = 'waiting'
        UNION ALL SELECT 'expiries without a notice', count(*)
            FROM notice_cursor k, cert c WHERE k.name LIKE 'expiring-%'
            AND c.not_after > k.not_after AND c.not_after < now() +
                make_interval(days => substr(k.name, 10)::int, mins => -2)
        UNION ALL SELECT 'CAs without a signer', count(*) FROM ca a
            WHERE a.name NOT LIKE 'root%' AND NOT EXISTS (SELECT FROM cert c
                WHERE c.ca = a.name AND c.profile = 'ocsp-signer'
                AND c.not_after > now() + interval '8 days')
        UNION ALL SELECT 'agents', 4 - count(DISTINCT holder) FROM cert
            WHERE profile IN ('ocsp-agent', 'crl-agent', 'ra-agent',
                'ca-agent') AND not_after > now() + interval '30 days'
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

    def count(self, what, n=1):
        self.counts[what] = self.counts.get(what, 0) + n

    def all(self, directory=True):
        self.w.all_run()
        self.store()
        self.ocsp(self.sample())
        self.lists()
        if directory:
            self.directory()
        self.reminders()

    # The store says what has happened, and nothing else.
    def store(self):
        rows = self.w.sql("SELECT encode(serial, 'hex'), status, profile "
                          "FROM cert")
        people = {s: (st, p) for s, st, p in rows}
        if len(people) != len(rows):
            raise Wrong("a serial number is there twice")
        for c in self.life.certs.values():
            if c.serial not in people:
                raise Wrong(f"{c.serial} of {c.holder} is lost")
            if people[c.serial][0] != c.status:
                raise Wrong(f"the store says {people[c.serial][0]} of "
                            f"{c.serial}, which is {c.status}")
        for s, (_, profile) in people.items():
            if profile in MAILS and s not in self.life.certs:
                raise Wrong(f"nobody asked for {s} ({profile})")
        self.count("certificates held against the store",
                   len(self.life.certs))

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
        for ca, in [["root"]] + self.w.sql("SELECT DISTINCT ca FROM crl"):
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

    # Whom a mail can be written to, and nobody else.
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
        for c in self.life.good():
            if c.profile in MAILS and c.ends > self.w.now() + 60:
                want.setdefault(c.holder, set()).add(c.serial)
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

    # An auditor, who has the root and the heads and nothing else.
    def audit(self):
        out = f"{TMP}/bundle{self.w.now()}"
        self.w.signet("audit", "export", out)
        said = self.w.signet("audit", "verify", out, "--root",
                             f"{PKI}/ca/root.pem", "--heads",
                             f"{PKI}/heads.pem", "--profiles",
                             f"{PKI}/profiles")
        self.w.run("rm", "-rf", out)
        if "nothing that was not approved" not in said:
            raise Wrong(said[-500:])
        self.count("audits")

    def tools(self):
        """What an operator would ask of an evening."""
        self.w.signet("publish", "check")
        self.w.signet("canary", "--failed")
        self.count("canaries")


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
