# SPDX-License-Identifier: Apache-2.0
"""A station whose key is stolen: what it asks for afterwards is refused."""
from world import PKI, TMP, Wrong

LAYOUT = """description = "Doors";
slots = ( { slot = "card authentication"; profile = "card-auth";
    alg = "ec:P-256"; } );
management = "derived";
pin_length = 6;
letter = "pin-letter";
number = "T";
validity = "365d";
"""
AGENT = f"{PKI}/agents/scenario"


class Station:
    def __init__(self, org):
        self.org, self.w = org, org.world

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
                   '"$4.pem" "file:$5" >"$1.item"', "-", key, digest, n,
                   AGENT, self.org.secret("station"))
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

    def stolen(self, name):
        made = self.org.appoint("station", "station-agent", AGENT)
        batch = self.batch(name)
        asked = self.ask(batch, 1)
        if asked[0] != "done":
            raise Wrong(f"a station's order is refused: {asked[1]}")
        self.org.learn(batch[0])
        self.w.signet("cert", "revoke", "--yes", "--wait", "60s", "--reason",
                      "keyCompromise", made.serial, who="s1")
        made.status = "revoked"
        if self.ask(batch, 2)[0] != "refused":
            raise Wrong("a stolen station's key had a certificate made")


def hexed(file):
    with open(file, "rb") as f:
        return f.read().hex()
