# SPDX-License-Identifier: Apache-2.0
"""What happens in an organisation, and what ought to be so after it."""
import calendar
import os
import signal
import time

from world import DAY, PKI, TMP, Wrong

DAEMONS = ("cad", "crld", "ocspd", "rad")
REMINDERS = (60, 30, 14, 3)


class Cert:
    def __init__(self, serial, ca, profile, holder, ends):
        self.serial, self.ca, self.profile = serial, ca, profile
        self.holder, self.ends = holder, ends
        self.status, self.reason = "good", None
        self.careless = self.archived = False


class Organisation:
    """The model: each certificate, and what its status has to be."""

    def __init__(self, world, rng):
        self.world, self.rng = world, rng
        self.certs, self.here = {}, []
        self.officers, self.ends = ["o1", "o2"], {}
        self.people = 0
        self.servers = 0
        self.touched = set()
        self.cards = None
        self.founding = 0
        self.web = None		# whose certificate is the web server's

    def good(self, holder=None, profile=None):
        return [c for c in self.certs.values() if c.status == "good"
                and c.ends > self.world.now()
                and (holder is None or c.holder == holder)
                and (profile is None or c.profile == profile)]

    # Certificates that an order has made.
    def learn(self, order=None):
        rows = self.world.sql(
            "SELECT encode(serial, 'hex'), ca, profile, holder, "
            "extract(epoch FROM not_after)::bigint FROM cert WHERE "
            + (f"order_id = decode('{order}', 'hex')" if order else "true")
            + " ORDER BY id")
        for serial, ca, profile, holder, ends in rows:
            if serial not in self.certs:
                self.certs[serial] = Cert(serial, ca, profile, holder,
                                          int(ends))
                self.touched.add(self.certs[serial])
        return [self.certs[r[0]] for r in rows]

    def found(self):
        """What was there before."""
        self.learn()
        self.founding = len(self.certs)
        self.web = next(c.holder for c in self.certs.values()
                        if c.profile == "tls-server")

    def becomes(self, cert, status, reason=None):
        cert.status, cert.reason = status, reason
        self.touched.add(cert)

    def status_from_store(self, profile):
        """After an order about all of a profile, which is not ours."""
        for serial, status in self.world.sql(
                "SELECT encode(serial, 'hex'), status FROM cert WHERE "
                f"profile = '{profile}'"):
            if serial in self.certs and self.certs[serial].status != status:
                self.becomes(self.certs[serial], status)

    def issue(self, profile, holder, name, fields, who=None):
        key = self.world.request()
        args = ["issue", "--profile", profile, "--csr", key + ".csr",
                "--holder", holder, "--holder-name", name, "--yes",
                "--no-chain", "--out", key + ".pem"]
        for field in fields:
            args += ["--field", field]
        said = self.world.asked(*args, who=who or
                                self.rng.choice(self.officers))
        made = self.learn(said["order"])
        if len(made) != 1:
            raise Wrong(f"issue made {len(made)} certificates")
        return made[0]

    def fields(self, holder, surname):
        return ["country=SE", "org=Example AB", "orgid=NTRSE-5560000001",
                f"given=Given{holder}", f"surname={surname}",
                f"name=Given{holder} {surname}", f"mail={holder}@example.org"]

    def kill_one(self):
        name = self.rng.choice(DAEMONS)
        self.world.stop(name, signal.SIGKILL)
        self.world.start(name)

    # Events.
    def join(self):
        self.people += 1
        holder = f"p{self.people}"
        surname = f"Family{self.people}"
        self.world.signet("holder", "new", holder, "--name",
                          f"Given{holder} {surname}", "--mail",
                          f"{holder}@example.org")
        self.here.append(holder)
        if self.rng.random() < 0.2:
            self.cards.want(holder)
        return self.issue("mail-dual", holder, holder,
                          self.fields(holder, surname))

    def join_together(self):
        """A batch, which two officers approve."""
        count = self.rng.randint(3, 9)
        names = []
        with open(f"{TMP}/batch.csv", "w", encoding="ascii") as f:
            f.write("holder,name,given,surname,mail,country,org,orgid,csr\n")
            for _ in range(count):
                self.people += 1
                h = f"p{self.people}"
                names.append(h)
                f.write(f"{h},Given{h} Family{self.people},Given{h},"
                        f"Family{self.people},{h}@example.org,SE,Example AB,"
                        f"NTRSE-5560000001,{self.world.request()}.csr\n")
        order = self.world.asked("order", "import", "-p", "mail-dual",
                                 "--csv", f"{TMP}/batch.csv")["id"]
        for who in self.officers[:2]:
            self.world.signet("order", "approve", order, "--yes", who=who)
        if self.rng.random() < 0.3:
            self.kill_one()		# in the middle of it
        self.done(order)
        if len(self.learn(order)) != count:
            raise Wrong("the batch is not whole")
        self.here += names

    def done(self, order):
        def left():
            state = self.state(order)
            return None if state == "done" else f"order {order}: {state}"
        self.world.wait("an order", left)

    def state(self, order):
        return self.world.sql("SELECT state FROM orders WHERE id = "
                              f"decode('{order}', 'hex')")[0][0]

    def change(self, verb, certs, reason=None, who=None):
        if not certs:
            return
        args = ["cert", verb, "--yes", "--wait", "60s"]
        if reason:
            args += ["--reason", reason]
        who = who or self.rng.choice(self.officers)
        self.world.signet(*args, *[c.serial for c in certs], who=who)
        status, why = {"revoke": ("revoked", reason),
                       "hold": ("held", "certificateHold"),
                       "release": ("good", None)}[verb]
        for c in certs:
            self.becomes(c, status, why)

    def leave(self):
        if len(self.here) < 5:
            return
        holder = self.here.pop(self.rng.randrange(len(self.here)))
        self.cards.leave(holder)
        self.change("revoke", [c for c in self.certs.values()
                               if c.holder == holder and c.status != "revoked"
                               and c.ends > self.world.now()],
                    "cessationOfOperation")

    def lose(self):
        good = [c for c in self.good(profile="mail-dual")]
        if good:
            self.change("hold", [self.rng.choice(good)])

    def find(self):
        held = [c for c in self.certs.values() if c.status == "held"
                and c.profile == "mail-dual" and c.ends > self.world.now()]
        if held:
            cert = self.rng.choice(held)
            if self.rng.random() < 0.5:
                self.change("release", [cert])
            else:
                self.change("revoke", [cert], "keyCompromise")

    def marry(self):
        if not self.here:
            return
        holder = self.rng.choice(self.here)
        old = self.good(holder, "mail-dual")
        if not old:
            return
        new = self.issue("mail-dual", holder, holder, self.fields(
            holder, f"Married{self.rng.randrange(10000)}"))
        self.change("revoke", [c for c in old if c is not new],
                    "affiliationChanged")

    def serve(self):
        """A server: by the other CA."""
        self.servers += 1
        name = f"s{self.servers}"
        self.issue("tls-server", name, name, [f"dns={name}.example.org"])

    def renew(self):
        """Who is due, and not careless, gets a successor."""
        now, done = self.world.now(), 0
        for c in list(self.certs.values()):
            if c.status != "good" or not now < c.ends < now + 25 * DAY or \
               c.careless or c.holder == self.web or \
               c.profile not in ("mail-dual", "tls-server"):
                continue
            if self.rng.random() < 0.2:
                c.careless = True
                continue
            if any(d.ends > c.ends for d in self.good(c.holder, c.profile)):
                continue
            if c.profile == "tls-server":
                fields = [f"dns={c.holder}.example.org"]
            else:
                fields = self.fields(c.holder, f"Family{c.holder[1:]}")
            self.issue(c.profile, c.holder, c.holder, fields)
            done += 1
        return done

    # Officers.
    def renew_officers(self):
        now, done = self.world.now(), 0
        for who in ("s1", "s2", *self.officers):
            if who not in self.ends:
                self.ends[who] = self.end_of(f"{PKI}/officers/{who}.pem")
            ends = self.ends[who]
            if ends - now < 45 * DAY:
                self.appoint(who, "security-officer" if who[0] == "s"
                             else "officer")
                done += 1
        return done

    def end_of(self, file):
        out = self.world.run("openssl", "x509", "-in", file, "-noout",
                             "-enddate", "-dateopt", "iso_8601")
        return calendar.timegm(time.strptime(
            out.strip().split("=", 1)[1], "%Y-%m-%d %H:%M:%SZ"))

    def appoint(self, who, profile, out=None, secret=None):
        """Two security officers give WHO a certificate."""
        w = self.world
        key = w.request()
        order = w.asked(
            "order", "new", "--profile", profile, "--csr", key + ".csr",
            "--holder", who, "--holder-name", f"Officer {who}",
            "--field", f"id={who}", "--field", f"name=Officer {who}",
            "--field", "org=Example AB", "--sign", "--yes", who="s1")["id"]
        if self.state(order) == "pending":
            w.signet("order", "approve", order, "--yes", who="s2")
        self.done(order)
        made = self.learn(order)[0]
        out = out or f"{PKI}/officers/{who}"
        self.ends.pop(who, None)
        w.run("sh", "-c", 'umask 077; openssl pkey -in "$1.key" -aes256 '
              '-passout "$3" -out "$2.key"; '
              'signet cert export "$4" >"$2.pem"', "-", key, out,
              secret or f"file:{self.secret(who)}", made.serial)
        return made

    def secret(self, who):
        file = f"{PKI}/secrets/officer-{who}"
        if not os.path.exists(file):
            with open(file, "x", encoding="ascii") as f:
                os.chmod(file, 0o600)
                f.write(f"secret of {who}\n")
        return file

    def replace_officer(self):
        """An officer goes: nothing that he signs counts any more."""
        w = self.world
        new = f"o{int(max(o[1:] for o in self.officers)) + 1}"
        self.appoint(new, "officer")
        old = self.officers.pop(0)
        self.officers.append(new)
        gone = w.sql("SELECT encode(serial, 'hex') FROM cert WHERE holder = "
                     f"'{old}' AND status = 'good' AND not_after > now()")
        w.signet("cert", "revoke", "--yes", "--wait", "60s", "--reason",
                 "privilegeWithdrawn", *[g[0] for g in gone], who="s1")
        for g in gone:
            if g[0] in self.certs:
                self.becomes(self.certs[g[0]], "revoked",
                             "privilegeWithdrawn")
        key = w.request()
        before = len(w.sql("SELECT id FROM cert"))
        said = w.run("signet", "issue", "--profile", "mail-dual", "--csr",
                     key + ".csr", "--holder", "ghost", "--holder-name",
                     "Ghost", "--wait", "2s", "--yes", "--out", key + ".pem",
                     *[a for f in self.fields("ghost", "Ghost")
                       for a in ("--field", f)],
                     "--key", f"{PKI}/officers/{old}.key", "--cert",
                     f"{PKI}/officers/{old}.pem", "--passphrase",
                     f"file:{PKI}/secrets/officer-{old}", fails=None)
        if len(w.sql("SELECT id FROM cert")) != before:
            raise Wrong(f"an officer who has gone had a certificate made: "
                        f"{said}")
