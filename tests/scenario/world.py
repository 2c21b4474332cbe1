# SPDX-License-Identifier: Apache-2.0
"""The installation of a scenario: its clock, its programs, its tools."""
import json
import os
import shutil
import signal
import struct
import subprocess
import time

DAY = 86400
ENV = os.environ
TMP, PKI = ENV["tmp"], ENV["pki"]


class Wrong(Exception):
    """Something is not as it has to be."""


class World:
    def __init__(self):
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

    # Programs that run and end.
    def run(self, *args, fails=False, text=None, fake=False):
        args = (self.fake if fake else []) + [str(a) for a in args]
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

    def sql(self, text):
        out = self.run("psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1",
                       "-d", "signet", "-c", "set search_path = signet",
                       "-c", text)
        return [line.split("|") for line in out.splitlines()]

    def request(self):
        """A new key: the file of its request."""
        self.made += 1
        name = f"{TMP}/key{self.made}"
        self.run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                 name + ".key", "-out", name + ".csr", "-subj", "/CN=holder")
        return name

    # Programs that stay.
    def start(self, name):
        self.running[name] = subprocess.Popen(
            [f"signet-{name}", "-d", "-c", f"{PKI}/{name}.conf"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def stop(self, name, by=signal.SIGTERM):
        p = self.running.pop(name)
        p.send_signal(by)
        try:
            p.wait(30)
        except subprocess.TimeoutExpired as e:
            p.kill()
            p.wait()
            raise Wrong(f"signet-{name} does not end in 30 s") from e

    def stop_all(self):
        for name in list(self.running):
            self.stop(name)

    def all_run(self):
        for name, p in self.running.items():
            if p.poll() is not None:
                raise Wrong(f"signet-{name} has ended, status "
                            f"{p.returncode}")

    def wait(self, what, check, seconds=60):
        end = time.monotonic() + seconds
        while True:
            left = check()
            if not left:
                return
            self.all_run()
            if time.monotonic() > end:
                raise Wrong(f"{what}: not in {seconds} s: {left}")
            time.sleep(0.1)

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
        old, new = self.base
        self.shell(f"pg_kill {TMP}/{old}")
        self.shell(f"pg_replica_promote {TMP}/{new}")
        os.symlink(new, f"{TMP}/db.new")
        os.rename(f"{TMP}/db.new", f"{TMP}/db")
        shutil.rmtree(f"{TMP}/{old}")
        self.base = [new, old]
