# SPDX-License-Identifier: Apache-2.0
"""Who has a station's key, and asks for certificates with it."""
import calendar
import time

from world import PKI, TMP

LAYOUT = """description = "Doors";
slots = ( { slot = "card authentication"; profile = "card-auth";
    alg = "ec:P-256"; } );
management = "derived";
pin_length = 6;
letter = "pin-letter";
number = "D";
validity = "365d";
"""
AGENT = f"{PKI}/agents/station"
SECRET = f"file:{PKI}/secrets/agent-station"


class Station:
    def __init__(self, org):
        self.org, self.w = org, org.world

    @staticmethod
    def time_of(text):
        return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))

    def batch(self, name):
        """Two officers approve cards for two doors."""
        with open(f"{PKI}/cards/doors", "w", encoding="ascii") as f:
            f.write(LAYOUT)
        with open(f"{TMP}/{name}.csv", "w", encoding="ascii") as f:
            f.write(f"holder,org\n{name}-1,Example AB\n{name}-2,Example AB\n")
        self.w.signet("card", "batch", "import", name, "--layout", "doors",
                      "--csv", f"{TMP}/{name}.csv")
        for who in self.org.officers[:2]:
            self.w.signet("card", "batch", "approve", name, "--yes", who=who)
        return self.w.sql(
            "SELECT encode(o.id, 'hex'), encode(o.digest, 'hex') FROM orders "
            "o JOIN card_batch_order b ON b.order_id = o.id JOIN card_batch c "
            f"ON c.id = b.batch WHERE c.name = '{name}'")[0]

    def ask(self, batch, n):
        """The station's order for an item, and what becomes of it."""
        order, digest = batch
        key = self.w.request()
        self.w.run("sh", "-ec", 'openssl req -in "$1.csr" -outform DER '
                   '-out "$1.der"; station_item "$2" "$3" "$1.der" "$4.key" '
                   '"$4.pem" "$5" >"$1.item"', "-", key, digest, n,
                   AGENT, SECRET)
        self.w.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U",
                   "signet_station", "-d", "signet", "-c",
                   "INSERT INTO signet.request (order_id, n, der, "
                   f"station_order) VALUES (decode('{order}', 'hex'), {n}, "
                   f"decode('{hexed(key + '.der')}', 'hex'), "
                   f"decode('{hexed(key + '.item')}', 'hex'))")
        state = []

        def left():
            state[:] = self.w.sql(
                "SELECT state, reason FROM item WHERE order_id = "
                f"decode('{order}', 'hex') AND n = {n}")[0]
            return None if state[0] in ("done", "refused") else state[0]
        self.w.wait("the station's order", left)
        return state

    def revoke(self):
        """All certificates of stations that are good."""
        self.w.signet("cert", "revoke", "--yes", "--wait", "60s", "--reason",
                      "keyCompromise", *[r[0] for r in self.w.sql(
                          "SELECT encode(serial, 'hex') FROM cert WHERE "
                          "profile = 'station-agent' AND status = 'good' AND "
                          "not_after > now()")], who="s1")
        self.org.status_from_store("station-agent")

    def appoint(self):
        """Another one, on a new machine."""
        holder = self.w.sql("SELECT holder FROM cert WHERE profile = "
                            "'station-agent' ORDER BY id DESC LIMIT 1")[0][0]
        return self.org.appoint(holder, "station-agent", AGENT, SECRET)


def hexed(file):
    with open(file, "rb") as f:
        return f.read().hex()
