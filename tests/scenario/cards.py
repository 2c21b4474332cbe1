# SPDX-License-Identifier: Apache-2.0
"""Cards of the organisation: made by a station in readers, lost, replaced."""
import base64
import os

from station import Station
from world import DAY, PKI, TMP, Wrong

LAYOUT = """description = "Staff";
slots = ( { slot = "authentication"; profile = "web-login";
    alg = "ec:P-256"; } );
management = "derived";
pin_length = 8;
letter = "pin-letter";
number = "T";
validity = "730d";
"""
READERS = 2
ACTIVE = ("issued", "packed", "delivered", "activated", "suspended")
# What becomes of a card's certificates with it.
EFFECT = {"suspended": ("held", "certificateHold"),
          "activated": ("good", None), "lost": ("revoked", "keyCompromise"),
          "replaced": ("revoked", "superseded"),
          "returned": ("revoked", "cessationOfOperation")}


class Card:
    def __init__(self, number, holder, certs, made):
        self.number, self.holder, self.certs = number, holder, certs
        self.made, self.state = made, "issued"


class Cards:
    def __init__(self, org):
        self.org, self.w, self.rng = org, org.world, org.rng
        self.cards, self.wanted = {}, []
        self.batches, self.plastic = 0, 1000
        self.station_is_bad = False
        with open(f"{PKI}/cards/staff", "w", encoding="ascii") as f:
            f.write(LAYOUT)

    def of(self, holder):
        """The card that this holder uses."""
        have = [c for c in self.cards.values()
                if c.holder == holder and c.state in ACTIVE]
        if len(have) > 1:
            raise Wrong(f"{holder} has cards {[c.number for c in have]}")
        return have[0] if have else None

    def want(self, holder):
        if holder not in self.wanted:
            self.wanted.append(holder)

    # A batch, from the table to the envelopes.
    def order(self, holders):
        self.batches += 1
        name = f"staff{self.batches}"
        with open(f"{TMP}/{name}.csv", "w", encoding="ascii") as f:
            f.write("holder,name,mail,surname,replaces\n")
            for h in holders:
                old = self.of(h)
                f.write(f"{h},Given{h} Family,{h}@example.org,Family,"
                        f"{old.number if old else ''}\n")
        self.w.signet("card", "batch", "import", name, "--layout", "staff",
                      "--csv", f"{TMP}/{name}.csv")
        for who in self.org.officers[:2]:
            self.w.signet("card", "batch", "approve", name, "--yes", who=who)
        self.w.signet("card", "batch", "stock", name, "--received",
                      len(holders) + 1)
        return name

    def item(self, name, n):
        return self.w.sql(
            "SELECT i.number, i.state FROM card_item i JOIN card_batch b "
            f"ON b.id = i.batch WHERE b.name = '{name}' AND i.n = {n}")[0]

    def make(self, name, items):
        """The station makes cards of these items of the batch, in order."""
        station = self.w.spawn("signet-station", "run", "-c",
                               f"{PKI}/station.conf", "--json", "--batch",
                               name)
        try:
            for at in range(0, len(items), READERS):
                some = items[at:at + READERS]
                for i, _ in enumerate(some):
                    self.plastic += 1
                    self.put(i, self.plastic)

                def left(some=some):
                    states = [self.item(name, n)[1] for n in some]
                    if station.poll() is not None:
                        raise Wrong("the station has ended: "
                                    f"{station.returncode}")
                    return None if set(states) == {"issued"} else states
                self.w.wait("cards", left)
                for i, _ in enumerate(some):
                    os.unlink(f"{TMP}/place-{i}")
                self.w.wait("cards to be out", self.cards_in)
        finally:
            self.w.end(station, "signet-station")

    @staticmethod
    def put(reader, serial):
        with open(f"{TMP}/place-{reader}.new", "w", encoding="ascii") as f:
            f.write(f"-x -n {serial} {TMP}/plastic{serial}\n")
        os.rename(f"{TMP}/place-{reader}.new", f"{TMP}/place-{reader}")

    def cards_in(self):
        out = self.w.run("opensc-tool", "--list-readers")
        return " Yes " in out and out

    def learn(self, name):
        """What the store has of the batch: cards and certificates."""
        for (order,) in self.w.sql(
                "SELECT encode(o.order_id, 'hex') FROM card_batch_order o "
                "JOIN card_batch b ON b.id = o.batch "
                f"WHERE b.name = '{name}'"):
            self.org.learn(order)
        new = []
        for number, holder, serials in self.w.sql(
                "SELECT c.number, c.holder, string_agg(encode(x.serial, "
                "'hex'), ' ') FROM card c JOIN card_batch b ON b.id = c.batch "
                "JOIN card_key k ON k.card = c.id JOIN cert x ON "
                "x.order_id = k.order_id AND x.n = k.n WHERE c.issued_at IS "
                f"NOT NULL AND b.name = '{name}' GROUP BY 1, 2"):
            if number not in self.cards:
                self.cards[number] = Card(
                    number, holder, [self.org.certs[s]
                                     for s in serials.split()], self.w.now())
                new.append(self.cards[number])
        return new

    def batch(self):
        """Cards for all who wait for one, and their old ones end."""
        holders = [h for h in self.wanted if h in self.org.here][:6]
        self.wanted = [h for h in self.wanted if h not in holders]
        if not holders:
            return
        name = self.order(holders)
        self.make(name, list(range(1, len(holders) + 1)))
        self.w.signet("card", "batch", "stock", name, "--returned", 1)
        self.w.signet("card", "batch", "close", name, "--yes")
        self.hand_over(self.learn(name))

    def hand_over(self, new):
        for old in list(self.cards.values()):
            if old.state in ACTIVE and old not in new and \
               any(old.holder == card.holder for card in new):
                self.become("replaced", old)
        for state in ("packed", "delivered", "activated"):
            self.w.signet("card", state, *[card.number for card in new])
        for card in new:
            card.state = "activated"

    # One card.
    def become(self, state, card):
        verb = "resumed" if (card.state, state) == ("suspended", "activated") \
            else state
        args = ["card", verb, card.number, "--yes"]
        who = None
        if state in EFFECT and (verb != "activated"):
            who = self.rng.choice(self.org.officers)
        self.w.signet(*args, who=who)
        card.state = state
        if who and card.certs and any(c.status != "revoked"
                                      for c in card.certs):
            self.wait_for(card, *EFFECT[state])

    def wait_for(self, card, status, reason):
        some = [c for c in card.certs if c.status != "revoked" and
                not c.archived]

        def left():
            have = self.w.sql("SELECT status FROM cert WHERE serial IN ("
                              + ", ".join(f"decode('{c.serial}', 'hex')"
                                          for c in some) + ")")
            return None if all(h == [status] for h in have) else have
        if some:	# those that have ended as well
            self.w.wait("the effect of a card", left)
            for c in some:
                self.org.becomes(c, status, reason)

    def pick(self, *states):
        have = [c for c in self.cards.values() if c.state in states
                and any(x.ends > self.w.now() + DAY for x in c.certs)]
        return self.rng.choice(have) if have else None

    def lose_card(self):
        card = self.pick("activated", "suspended", "delivered")
        if card:
            self.become("lost", card)
            self.want(card.holder)
            if self.rng.random() < 0.3:
                self.w.signet("card", "returned", card.number)
                self.w.signet("card", "destroyed", card.number)
                card.state = "destroyed"

    def suspend_card(self):
        card = self.pick("activated")
        if card:
            self.become("suspended", card)

    def resume_card(self):
        card = self.pick("suspended")
        if card:
            self.become("activated", card)

    def leave(self, holder):
        card = self.of(holder)
        if card:
            self.become("returned", card)
            self.w.signet("card", "destroyed", card.number)
            card.state = "destroyed"
        self.wanted = [h for h in self.wanted if h != holder]

    def expiring(self):
        """Who uses a card that ends soon wants the next one."""
        for c in self.cards.values():
            if c.state == "activated" and c.holder in self.org.here and \
               any(x.ends < self.w.now() + 40 * DAY for x in c.certs):
                self.want(c.holder)

    # A thief has the station's key.
    def station_is_stolen(self):
        """What he asks for is refused; cards of that time are given up."""
        holders = [h for h in self.org.here if not self.of(h)][:4]
        while len(holders) < 3:
            self.org.join()
            holders.append(self.org.here[-1])
        name = self.order(holders)
        half = len(holders) // 2
        self.make(name, list(range(1, half + 1)))
        theft = self.w.now() - 1800
        suspect = self.learn(name)
        if len(suspect) != half:
            raise Wrong(f"{len(suspect)} cards, not {half}")
        station = Station(self.org)
        batch = station.batch(f"doors{self.batches}")
        if station.ask(batch, 1)[0] != "done":
            raise Wrong("a station's order is refused")
        self.org.learn(batch[0])
        running = [r["name"] for r in self.w.rows(
            "card", "batch", "list", "--state", "running")]
        for each in running:
            self.w.signet("card", "batch", "pause", each)
        station.revoke()
        if station.ask(batch, 2)[0] != "refused":
            raise Wrong("a stolen station's key had a certificate made")
        self.give_up(theft, {c.number for c in suspect})
        # A new one, with new secrets, goes on where the old one was.
        station.appoint()
        with open(f"{PKI}/secrets/card-master", "wb") as f:
            f.write(base64.b64encode(os.urandom(24)) + b"\n")
        self.w.signet("card", "batch", "resume", name)
        self.make(name, list(range(half + 1, len(holders) + 1)))
        self.w.signet("card", "batch", "stock", name, "--returned", 1)
        self.w.signet("card", "batch", "close", name, "--yes")
        self.hand_over(self.learn(name))

    def give_up(self, since, suspect):
        """Each card that the station has made since then, and no other."""
        found = set()
        for row in self.w.rows("card", "list", "--limit", 0):
            if row["state"] in ACTIVE:
                card = self.w.rows("card", "show", row["card"])[0]
                if self.issued_at(card) >= since:
                    found.add(card["card"])
        if found != suspect:
            raise Wrong(f"made since the theft: {found}, not {suspect}")
        for number in found:
            self.become("lost", self.cards[number])
            self.want(self.cards[number].holder)

    @staticmethod
    def issued_at(card):
        return Station.time_of(card["issued_at"])
