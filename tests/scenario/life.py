# SPDX-License-Identifier: Apache-2.0
"""Five years of an organisation, or as much of them as there is time for."""
import os
import random
import signal
import sys
import time
import traceback

from cards import Cards
from hunt import Hunt
from people import DAEMONS, Organisation
from truth import Truth, settle
from world import DAY, PKI, World, Wrong
from years import Years


class Life:
    def __init__(self):
        self.days = int(os.environ.get("SCENARIO_DAYS") or 5)
        self.minutes = float(os.environ.get("SCENARIO_MINUTES") or 0)
        self.seed = int(os.environ.get("SCENARIO_SEED") or 1)
        self.rng = random.Random(self.seed)
        self.w = World()
        self.org = Organisation(self.w, self.rng)
        self.cards = self.org.cards = Cards(self.org)
        self.truth = Truth(self.w, self.org)
        self.counts = {}
        self.years = Years(self)
        self.began = time.monotonic()
        self.outage = self.days_seen = 0
        self.generation = {"people": 1, "services": 1}
        self.plan = self.make_plan()

    def make_plan(self):
        """What comes once a year, in another order each year."""
        once = [("stolen station", self.cards.station_is_stolen),
                ("officer replaced", self.org.replace_officer),
                ("failover of the database", self.fail_over),
                ("CA generation", self.roll),
                ("outage of the directory", self.outage_begins),
                ("restored from backup", self.years.lose_all),
                ("power cut", self.w.power_cut)]
        years = max(1, self.days // 365)
        part = self.days / years / (len(once) + 1)
        plan = []
        for year in range(years):
            for i, (what, act) in enumerate(self.rng.sample(once, len(once))):
                plan.append((self.days / years * year + (i + 1) * part, what,
                             act))
            if self.days >= 365:
                plan.append((self.days / years * (year + 0.9), "archive",
                             self.years.archive))
        return sorted(plan, key=lambda p: p[0])

    def note(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    # Things that come once a year.
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
        """A new generation of a CA, of the people's and of ours in turn."""
        family = min(self.generation, key=self.generation.get)
        self.generation[family] += 1
        name = f"{family}.g{self.generation[family]}"
        self.w.run("sh", "-ec", """pki=$0 family=$1 name=$2
            . "$srcdir/tests/lib/roll.sh"
            generation "$name"
            signet ca import "$family" "$roll_pem"
            roll_configure "$name"
            sed -i -e "s|http://pki.example.org/ocsp|$ocsp|" \\
                -e "s|http://pki.example.org|$http|" "$pki/cad.conf"
            """, PKI, family, name)
        # The responder looks for new ones once a minute; a short life is shorter.
        for daemon in ("cad",) if self.days >= 365 else ("cad", "ocspd"):
            self.w.stop(daemon)
            self.w.start(daemon)

    # Things that come again and again.
    def step(self):
        o, c = self.org, self.cards
        acts = ((o.join, 12), (o.join_together, 2), (o.leave, 6), (o.lose, 5),
                (o.find, 4), (o.marry, 3), (o.serve, 2), (o.kill_one, 2),
                (c.lose_card, 2), (c.suspend_card, 2), (c.resume_card, 2))
        act = self.rng.choices([a for a, _ in acts], [n for _, n in acts])[0]
        self.note(act.__name__)
        act()

    def day(self):
        for _ in range(self.rng.randint(1, 8 if self.days >= 365 else 3)):
            self.step()
            self.truth.step()
        while self.plan and self.passed() >= self.plan[0][0]:
            _, what, act = self.plan.pop(0)
            print(f"{self.w.date()} {what}", file=sys.stderr)
            self.note(what)
            settle(self.w, not self.outage)
            act()
            self.truth.step()
        for what, n in (("renewal", self.org.renew()),
                        ("officer renewed", self.org.renew_officers())):
            self.counts[what] = self.counts.get(what, 0) + n
        self.cards.expiring()
        if len(self.cards.wanted) > 3 or self.rng.random() < 0.1:
            self.note("batch of cards")
            self.cards.batch()
        settle(self.w, not self.outage)
        self.days_seen += 1
        if self.days_seen % 2 == 0:
            self.years.look_at_calendar()
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

    def year_ends(self, year):
        self.truth.ocsp(list(self.org.certs.values()))
        self.years.tools()
        self.years.audit()
        self.years.grown(year)

    def live(self):
        for name in DAEMONS:
            self.w.start(name)
        settle(self.w)
        self.org.found()
        jump = max(1.0, self.days / 250)
        year = 0
        while self.passed() < self.days and not self.late():
            began = time.monotonic()
            self.day()
            self.diary(time.monotonic() - began)
            if int(self.passed() / 365) > year and not self.outage:
                year += 1
                self.year_ends(year)
            self.w.travel(self.rng.uniform(0.2, 1.8) * jump * DAY)
        if self.outage:
            self.outage_ends()
        settle(self.w)
        self.truth.all()
        self.year_ends(year + 1)
        self.truth.counts["secrets that were nowhere else"] = \
            Hunt(self.w).run()

    def diary(self, took):
        print(f"{self.w.date()} day {self.passed():.1f}: "
              f"{sum(self.counts.values())} acts, {len(self.org.certs)} "
              f"certificates, {took:.1f} s of "
              f"{time.monotonic() - self.began:.0f}", file=sys.stderr,
              flush=True)


def main():
    def end(*_):
        sys.exit("stopped")
    signal.signal(signal.SIGTERM, end)
    life = Life()
    print(f"# seed {life.seed}, {life.days} days", flush=True)
    bad = None
    try:
        life.live()
    except Exception as e:  # whatever it was, it is told
        bad = f"{type(e).__name__}: {e}"
        traceback.print_exc()
    finally:
        life.outage_ends()
        life.w.store.close()
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
    for what, (n, seconds) in sorted(life.w.spent.items(),
                                     key=lambda s: -s[1][1]):
        print(f"time: {what}: {n}, {seconds:.1f} s", file=sys.stderr)
    if bad:
        for line in bad.splitlines():
            print(f"# {line}")
        print(f"# day {life.passed():.1f}; again: SCENARIO_SEED={life.seed}")
    acts = sum(life.counts.values())
    print(f"# {time.monotonic() - life.began:.0f} s")
    print(f"{'not ok' if bad else 'ok'} 1 - after each of {acts} acts in "
          f"{life.passed():.0f} days the world was told the truth")
    print("1..1")


if __name__ == "__main__":
    sys.exit(main())
