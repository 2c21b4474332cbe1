# SPDX-License-Identifier: Apache-2.0
"""Five years of an organisation, or as much of them as there is time for."""
import os
import random
import signal
import sys
import time
import traceback

from people import Organisation
from station import Station
from truth import Truth, settle
from world import DAY, PKI, World, Wrong

DAEMONS = ("cad", "crld", "ocspd", "rad")


class Life:
    def __init__(self):
        self.days = int(os.environ.get("SCENARIO_DAYS") or 8)
        self.minutes = float(os.environ.get("SCENARIO_MINUTES") or 0)
        self.seed = int(os.environ.get("SCENARIO_SEED") or 1)
        self.rng = random.Random(self.seed)
        self.w = World()
        self.org = Organisation(self.w, self.rng)
        self.truth = Truth(self.w, self.org)
        self.began = time.monotonic()
        self.counts = {}
        self.outage = 0
        self.root_at = self.w.now()
        self.plan = self.make_plan()

    def make_plan(self):
        """What comes once, spread over the time there is."""
        once = [("stolen station", self.station_is_stolen),
                ("officer", self.org.replace_officer),
                ("failover", self.fail_over), ("roll", self.roll),
                ("officer", self.org.replace_officer),
                ("outage", self.outage_begins),
                ("failover", self.fail_over)]
        part = self.days / (len(once) + 1)
        return [((i + 1) * part, what, act)
                for i, (what, act) in enumerate(once)]

    def note(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    # Things that come once.
    def fail_over(self):
        self.w.make_replica()
        self.org.join()
        self.w.fail_over()

    def outage_begins(self):
        os.kill(int(os.environ["slapd_pid"]), signal.SIGSTOP)
        self.outage = 3

    def outage_ends(self):
        os.kill(int(os.environ["slapd_pid"]), signal.SIGCONT)
        self.outage = 0

    def roll(self):
        """A new generation of the people's CA."""
        self.w.run("sh", "-ec", """pki=$PKI
            . "$srcdir/tests/lib/roll.sh"
            generation people.g2
            signet ca import people "$roll_pem"
            roll_configure people.g2
            sed -i -e "s|http://pki.example.org/ocsp|$ocsp|" \\
                -e "s|http://pki.example.org|$http|" "$pki/cad.conf"
            """.replace("$PKI", PKI))
        self.w.stop("cad")
        self.w.start("cad")

    def station_is_stolen(self):
        Station(self.org).stolen("doors")

    def root_list(self):
        """Each quarter somebody goes to the root."""
        w = self.w
        if w.now() - self.root_at < 90 * DAY:
            return
        self.root_at = w.now()
        self.note("root_list")
        w.run("signet-root", "crl", "--dir", f"{PKI}/root", "--yes",
              "--operator", "scenario", "--passphrase",
              f"file:{PKI}/secrets/root")
        newest = sorted(os.listdir(f"{PKI}/root/crl"))[-1]
        w.run("install", "-m", "644", f"{PKI}/root/crl/{newest}",
              f"{PKI}/ca/root.crl")

    # Things that come again and again.
    def kill_one(self):
        name = self.rng.choice(DAEMONS)
        self.w.stop(name, signal.SIGKILL)
        self.w.start(name)

    def step(self):
        o = self.org
        acts = ((o.join, 12), (o.join_together, 2), (o.leave, 5), (o.lose, 5),
                (o.find, 4), (o.marry, 3), (o.serve, 2), (self.kill_one, 2))
        act = self.rng.choices([a for a, _ in acts], [n for _, n in acts])[0]
        self.note(act.__name__)
        act()

    def day(self):
        for _ in range(self.rng.randint(1, 6)):
            self.step()
        while self.plan and self.passed() >= self.plan[0][0]:
            _, what, act = self.plan.pop(0)
            print(f"{self.w.date()} {what}", file=sys.stderr)
            self.note(what)
            act()
        self.org.renew()
        self.org.renew_officers()
        self.root_list()
        settle(self.w, not self.outage)
        self.truth.all(not self.outage)
        if self.outage:
            self.outage -= 1
            if self.outage == 0:
                self.outage_ends()

    def passed(self):
        return self.w.offset / DAY

    def late(self):
        return self.minutes and \
            time.monotonic() - self.began > 60 * self.minutes

    def live(self):
        for name in DAEMONS:
            self.w.start(name)
        settle(self.w)
        jump = max(1.0, self.days / 250)
        year = 0
        while self.passed() < self.days and not self.late():
            self.day()
            if int(self.passed() / 365) > year:
                year += 1
                self.truth.ocsp(list(self.org.certs.values()))
                self.truth.audit()
                self.truth.tools()
            self.w.travel(self.rng.uniform(0.2, 1.8) * jump * DAY)
        if self.outage:
            self.outage_ends()
        settle(self.w)
        self.truth.all()
        self.truth.ocsp(list(self.org.certs.values()))
        self.truth.tools()
        self.truth.audit()


def main():
    def end(*_):
        sys.exit("stopped")
    signal.signal(signal.SIGTERM, end)
    life = Life()
    print(f"# seed {life.seed}, {life.days} days")
    bad = None
    try:
        life.live()
    except Exception as e:  # whatever it was, it is told
        bad = f"{type(e).__name__}: {e}"
        traceback.print_exc()
    finally:
        for name in list(life.w.running):
            try:
                life.w.stop(name)
            except Wrong as e:
                bad = bad or str(e)
    report(life, bad)
    return 1 if bad else 0


def report(life, bad):
    for what, n in sorted(life.counts.items()):
        print(f"# {what}: {n}")
    for what, n in sorted(life.truth.counts.items()):
        print(f"# {what}: {n}")
    if bad:
        for line in bad.splitlines():
            print(f"# {line}")
        print(f"# day {life.passed():.1f}; again: SCENARIO_SEED={life.seed}")
    steps = sum(life.counts.values())
    print(f"{'not ok' if bad else 'ok'} 1 - after each of {steps} acts in "
          f"{life.passed():.0f} days the world was told the truth")
    print("1..1")


if __name__ == "__main__":
    sys.exit(main())
