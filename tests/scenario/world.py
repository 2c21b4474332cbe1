# SPDX-License-Identifier: Apache-2.0
"""The installation of a scenario: its clock, its programs, its tools."""
import contextlib
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import time

DAY = 86400
ENV = os.environ
TMP, PKI = ENV["tmp"], ENV["pki"]


class Wrong(Exception):
    """Something is not as it has to be."""


def name_of(args):
    """Of a program, and what it was to do."""
    args = [a for a in args if not a.startswith("-") and "=" not in a]
    many = {"signet": 3, "openssl": 2}
    at = next((i for i, a in enumerate(args) if a in many), 0)
    words = [a for a in args[at:at + many.get(args[at], 1)] if a.isalpha()]
    return " ".join(words)


def tree(pid):
    """A process and its children, and theirs."""
    parent = {}
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                with open(f"/proc/{p}/stat", encoding="utf-8") as f:
                    state, of = f.read().rsplit(")", 1)[1].split()[:2]
                if state != "Z":
                    parent[int(p)] = int(of)
            except OSError:
                pass
    mine = {pid}
    while True:
        more = {p for p, of in parent.items() if of in mine} - mine
        if not more:
            return mine & set(parent)
        mine |= more


class Store:
    """A session of psql that stays: one process for thousands of questions."""

    END = "-- end of the answer --"

    def __init__(self):
        self.psql = None

    def close(self):
        if self.psql:
            self.psql.kill()
            self.psql.wait()
            self.psql.stdin.close()
            self.psql.stdout.close()
            self.psql = None

    def open(self):
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d",
             "signet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.ask("SET search_path = signet")

    def ask(self, text):
        if not self.psql:
            self.open()
        self.psql.stdin.write(f"{text};\n\\echo {self.END}\n".encode())
        self.psql.stdin.flush()
        said, end = b"", f"{self.END}\n".encode()
        while not said.endswith(end):
            ready, _, _ = select.select([self.psql.stdout], [], [], 120)
            got = os.read(self.psql.stdout.fileno(), 1 << 16) if ready else b""
            if not got:
                self.close()
                raise Wrong(f"the store: {said[-400:].decode()}: {text}")
            said += got
        return said[:-len(end)].decode().splitlines()


class World:
    def __init__(self):
        self.store = Store()
        self.spent = {}
        self.offset = 0
        self.fake = ENV["fake"].split()
        self.running = {}
        self.made = 0
        self.base = ["pg", "pg2"]
        self.log = open(f"{TMP}/daemons.log", "ab")

    # The clock.
    def now(self):
        return int(time.time()) + self.offset

    def travel(self, seconds):
        self.offset += int(seconds)
        with open(f"{TMP}/offset.new", "w", encoding="ascii") as f:
            f.write(f"+{self.offset}\n")
        os.rename(f"{TMP}/offset.new", f"{TMP}/offset.text")
        with open(f"{TMP}/offset", "r+b") as f:
            f.write(struct.pack("=q", self.offset))

    def date(self, at=None):
        return time.strftime("%Y-%m-%d", time.gmtime(at or self.now()))

    # Where the time goes.
    @contextlib.contextmanager
    def timed(self, what):
        began = time.monotonic()
        try:
            yield
        finally:
            n, seconds = self.spent.get(what, (0, 0))
            self.spent[what] = n + 1, seconds + time.monotonic() - began

    # Programs that run and end.
    def run(self, *args, fails=False, text=None, fake=False):
        args = (self.fake if fake else []) + [str(a) for a in args]
        with self.timed(name_of(args)):
            p = subprocess.run(args, input=text, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, timeout=120,
                               check=False,
                               stdin=None if text else subprocess.DEVNULL)
        if fails is None:
            return p.stdout + p.stderr
        if (p.returncode != 0) != fails:
            raise Wrong(f"{' '.join(args[-12:])}: exit status "
                        f"{p.returncode}\n{p.stdout[-900:]}{p.stderr[-900:]}")
        return p.stdout

    def signet(self, *args, who=None, fails=False):
        args = ["signet", *args]
        if who:
            args += ["--key", f"{PKI}/officers/{who}.key",
                     "--cert", f"{PKI}/officers/{who}.pem",
                     "--passphrase", f"file:{PKI}/secrets/officer-{who}"]
        return self.run(*args, fails=fails)

    def asked(self, *args, who=None):
        """The JSON that a command answers with."""
        return json.loads(self.signet(*args, "--json", who=who))

    def rows(self, *args):
        """The rows of JSON that a command prints, in lines or not."""
        said, rows = self.signet(*args, "--json").strip(), []
        while said:
            row, at = json.JSONDecoder().raw_decode(said)
            rows.append(row)
            said = said[at:].lstrip()
        return rows

    def sql(self, text):
        with self.timed("psql"):
            return [line.split("|") for line in self.store.ask(text)]

    def request(self):
        """A new key: the file of its request."""
        self.made += 1
        name = f"{TMP}/key{self.made}"
        self.run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                 name + ".key", "-out", name + ".csr", "-subj", "/CN=holder")
        return name

    # Programs that stay.
    def spawn(self, *args):
        return subprocess.Popen(args, stdin=subprocess.DEVNULL,
                                stdout=self.log, stderr=self.log)

    def start(self, name):
        self.running[name] = self.spawn(f"signet-{name}", "-d", "-c",
                                        f"{PKI}/{name}.conf")

    def stop(self, name, by=signal.SIGTERM):
        self.end(self.running.pop(name), f"signet-{name}", by)

    @staticmethod
    def end(p, name, by=signal.SIGTERM):
        """However it ends: its children do not outlive it."""
        family = tree(p.pid)
        p.send_signal(by)
        try:
            p.wait(30)
        except subprocess.TimeoutExpired as e:
            p.kill()
            p.wait()
            raise Wrong(f"{name} does not end in 30 s") from e
        for _ in range(300):
            if not any(tree(child) for child in family):
                return
            time.sleep(0.1)
        raise Wrong(f"{name} has ended, and its children have not")

    def all_run(self):
        for name, p in self.running.items():
            if p.poll() is not None:
                raise Wrong(f"signet-{name} has ended, status "
                            f"{p.returncode}")

    def wait(self, what, check, seconds=60):
        """Until check() has nothing left to say.  Who waits long lets the
        clock go faster: daemons look at some things once a minute."""
        began = pushed = time.monotonic()
        pause = 0.01
        with self.timed("wait: " + what.split(" on ")[0].split(" of ")[0]):
            while True:
                left = check()
                if not left:
                    return
                self.all_run()
                now = time.monotonic()
                if now > began + seconds:
                    raise Wrong(f"{what}: not in {seconds} s: {left}")
                if now > pushed + 1:
                    pushed = now
                    self.travel(15)
                    print(f"  {what}: {left}", file=sys.stderr, flush=True)
                time.sleep(pause)
                pause = min(2 * pause, 0.1)

    # PostgreSQL fails, and its replica takes over.
    def shell(self, text):
        return self.run("sh", "-c", '. "$srcdir/tests/lib/pg.sh"\n' + text)

    def make_replica(self):
        self.shell(f"pg_replica_start {TMP}/{self.base[1]}")

    def fail_over(self):
        """What the replica has not seen is lost, so it has seen all."""
        def behind():
            return self.sql("SELECT count(*) FROM pg_stat_replication WHERE "
                            "replay_lsn = pg_current_wal_lsn()") != [["1"]]
        self.wait("the replica", behind)
        self.store.close()
        old, new = self.base
        self.shell(f"pg_kill {TMP}/{old}")
        self.shell(f"pg_replica_promote {TMP}/{new}")
        os.symlink(new, f"{TMP}/db.new")
        os.rename(f"{TMP}/db.new", f"{TMP}/db")
        shutil.rmtree(f"{TMP}/{old}")
        self.base = [new, old]

    def power_cut(self):
        """All at once, and all comes back."""
        names = list(self.running)
        for name in names:
            self.stop(name, signal.SIGKILL)
        self.store.close()
        # Its pid may be there until somebody has taken its status.
        self.shell(f"""pg_kill {TMP}/{self.base[0]}
            for _ in $(seq 100); do
                ! pg_again {TMP}/{self.base[0]} || exit 0
                sleep 0.1
            done
            exit 1""")
        for name in names:
            self.start(name)
