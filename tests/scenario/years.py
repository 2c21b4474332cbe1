# SPDX-License-Identifier: Apache-2.0
"""What an operator does from year to year: lists of the root, backups that
are needed, archives, audits; and how much the programs have grown."""
import os
import re
import shutil
import signal

from people import DAEMONS
from world import DAY, ENV, PKI, TMP, Wrong, tree

CLEAN = ["env", "-i", f"PATH={ENV['PATH']}", "PGHOST=/nonexistent",
         "SIGNET_CONFIG=/nonexistent"]
# How many of an auditor's samples other people's programs look at.
SAMPLE = 150


class Years:
    def __init__(self, life):
        self.life, self.w, self.org = life, life.w, life.org
        self.truth = life.truth
        self.first = None
        self.backups = self.archives = 0
        self.w.run("sh", "-ec", """umask 077
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \\
                -nodes -keyout "$tmp/backup.key" -out "$tmp/backup.pem" \\
                -subj /CN=Backup -days 3650 \\
                -addext keyUsage=critical,keyAgreement""")

    # What the calendar says is done when it says so, and nothing is late.
    def look_at_calendar(self):
        entries = [e for e in self.w.rows("calendar", "--within", 1)]
        late = [e["what"] for e in entries if e["state"] == "overdue"]
        if late:
            raise Wrong(f"overdue: {late}")
        for e in entries:
            if e["kind"] == "root-crl" and e["state"] == "due":
                self.root_list()

    def root_list(self):
        w = self.w
        self.life.note("root list")
        w.run("signet-root", "crl", "--dir", f"{PKI}/root", "--yes",
              "--operator", "scenario", "--passphrase",
              f"file:{PKI}/secrets/root")
        newest = sorted(os.listdir(f"{PKI}/root/crl"))[-1]
        w.run("install", "-m", "644", f"{PKI}/root/crl/{newest}",
              f"{PKI}/ca/root.crl")

    # The machine is lost, and comes back from its backup.
    def lose_all(self):
        w = self.w
        self.backups += 1
        away = f"{TMP}/away{self.backups}"
        w.signet("backup", away, "--for", f"{TMP}/backup.pem")
        saved = f"{away}/{sorted(os.listdir(away))[-1]}"
        names = list(w.running)
        for name in names:
            w.stop(name, signal.SIGKILL)
        w.store.close()
        w.run("psql", "-X", "-q", "-d", "postgres", "-c",
              "DROP DATABASE signet WITH (FORCE)")
        os.rename(PKI, f"{TMP}/lost")
        w.signet("restore", saved, "--key", f"{TMP}/backup.key", "--cert",
                 f"{TMP}/backup.pem", "--owner",
                 f"host={TMP}/db port=5432 user=postgres dbname=signet")
        w.run("cp", "-a", f"{TMP}/lost/secrets", f"{PKI}/secrets")
        shutil.rmtree(f"{TMP}/lost")
        shutil.rmtree(away)
        self.truth.head = 0, bytes(32)
        for name in names:
            w.start(name)

    # What expired more than a year ago leaves the store.
    def archive(self):
        w = self.w
        plan = w.rows("archive", "plan", "--older", "366d")[0]
        if plan["certificates"] == 0:
            return
        self.archives += 1
        name = f"{TMP}/archive{self.archives}"
        w.signet("archive", "write", name, "--older", "366d", "--yes",
                 who="s1")
        for (order,) in w.sql("SELECT encode(id, 'hex') FROM orders WHERE "
                              "kind = 'permit' AND state = 'pending'"):
            w.signet("order", "approve", order, "--yes", who="s2")
        w.signet("archive", "run", name, "--yes")
        self.truth.archives.append(name)
        limit = w.now() - 366 * DAY
        for serial, status in w.sql("SELECT encode(serial, 'hex'), status "
                                    "FROM archived"):
            c = self.org.certs.get(serial)
            if c is None or c.archived:
                continue
            if c.ends > limit or c.status != status:
                raise Wrong(f"{serial} is archived as {status}, and is "
                            f"{c.status}")
            c.archived = True
            self.truth.count("certificates archived")

    # An auditor, who has the root and the heads and nothing else.
    def audit(self):
        out = f"{TMP}/bundle"
        args = [a for name in self.truth.archives for a in ("--archive", name)]
        self.w.signet("audit", "export", *args, out)
        said = self.w.run(*CLEAN, "signet", "audit", "verify", out, "--root",
                          f"{PKI}/ca/root.pem", "--heads",
                          f"{PKI}/heads.pem", "--profiles",
                          f"{PKI}/profiles")
        if "nothing that was not approved" not in said:
            raise Wrong(said[-500:])
        self.by_others(out)
        shutil.rmtree(out)
        self.truth.count("audits")

    def by_others(self, bundle):
        """Certificates, lists and orders, by openssl alone."""
        root = ["-CAfile", f"{PKI}/ca/root.pem"]
        for cert in self.some(f"{bundle}/certs.pem", "CERTIFICATE"):
            self.w.run("openssl", "verify", "-no_check_time", *root,
                       "-untrusted", f"{bundle}/cas.pem", cert)
        unsigned = 0
        for order in self.some(f"{bundle}/orders.pem", "CMS"):
            said = self.w.run("openssl", "cms", "-verify", "-binary",
                              "-inform", "PEM", "-in", order, *root,
                              "-certfile", f"{bundle}/cas.pem", "-purpose",
                              "any", "-no_check_time", "-out", "/dev/null",
                              fails=None)
            # Those of the founding were there before any officer.
            unsigned += "no signers" in said
            if "Verification successful" not in said and \
               "no signers" not in said:
                raise Wrong(said[-500:])
        if unsigned > self.org.founding:
            raise Wrong(f"{unsigned} orders are not signed")

    def some(self, file, what):
        with open(file, encoding="ascii") as f:
            all_of = re.findall(f"-----BEGIN {what}-----.*?-----END {what}"
                                "-----\n", f.read(), re.S)
        if not all_of:
            raise Wrong(f"{file} is empty")
        some = self.life.rng.sample(all_of, min(SAMPLE, len(all_of)))
        for text in some:
            with open(f"{TMP}/sample.pem", "w", encoding="ascii") as f:
                f.write(text)
            yield f"{TMP}/sample.pem"
        self.truth.count(f"looks of openssl at the bundle: {what}", len(some))

    def tools(self):
        """What an operator would ask of an evening."""
        self.w.signet("publish", "check")
        self.w.signet("canary", "--failed")
        self.w.signet("card", "check")
        self.truth.count("canaries")

    # How large the programs are, and what they have left lying about.
    def size(self):
        now = {"log": os.path.getsize(f"{TMP}/daemons.log"),
               "acts": sum(self.life.counts.values())}
        for name in DAEMONS:
            now[name] = tree_size(self.w.running[name].pid)
        now["files"] = sum(len(files) for _, _, files
                           in os.walk(f"{PKI}/state"))
        for at, _, files in os.walk(PKI):
            for f in files:
                if f.endswith((".new", ".tmp", ".partial")):
                    raise Wrong(f"{at}/{f} was left")
        return now

    def grown(self, year):
        now = self.size()
        said = " ".join(f"{k}={v}" for k, v in now.items())
        print(f"# year {year}: {said}", flush=True)
        if self.first is None:
            self.first = now
            return
        for name in DAEMONS:
            for what, n, was, more in zip(("kB", "descriptors"), now[name],
                                          self.first[name], (24000, 40)):
                if n > 1.5 * was + more:
                    raise Wrong(f"signet-{name} has {n} {what}, and had {was}")
        if now["files"] > 2 * self.first["files"] + 50:
            raise Wrong(f"{now['files']} files of state, once "
                        f"{self.first['files']}")
        each = [x["log"] / max(1, x["acts"]) for x in (now, self.first)]
        if each[0] > 3 * each[1] + 500:
            raise Wrong(f"{each[0]:.0f} octets of log for each act, once "
                        f"{each[1]:.0f}")


def tree_size(pid):
    """kB of its own and open descriptors of a process and its children."""
    kb = fds = 0
    for p in tree(pid):
        with open(f"/proc/{p}/status", encoding="utf-8") as f:
            kb += int(re.search(r"RssAnon:\s*(\d+)", f.read()).group(1))
        fds += len(os.listdir(f"/proc/{p}/fd"))
    return kb, fds
