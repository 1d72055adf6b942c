"""hortd is killed again and again while a child tries everything at once: what is closed stays closed, and root gets in.

HORT_LONG=600 makes it ten minutes."""
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

import test_enforce
import test_transparent
from household import BIN, run, wait_until
from test_enforce import CHILD, OTHER, RESOLVER, TRICKED, WEB

setUpModule = test_transparent.setUpModule
LONG = int(os.environ.get("HORT_LONG", 0))  # seconds; 0: some kills are enough
KILLS = 25

# What a child's programs try, each in a thread: anything that comes back from outside, unfiltered, is printed.
LOAD = """
import socket, sys, threading
resolvers, web, tricked = sys.argv[1].split(","), sys.argv[2].split(","), socket.inet_aton(sys.argv[3])
counts = {"tries": 0, "answers": 0}
over = threading.Event()
def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET
def attempt(kind, address, port, said, is_leak):
    while not over.is_set():
        counts["tries"] += 1
        with socket.socket(family(address), kind) as s:
            s.settimeout(1)
            try:
                s.connect((address, port))
                s.send(said)
                got = s.recv(4096)
                counts["answers"] += bool(got)
                if got and is_leak(got):
                    print("LEAK", address, port, got[:80], flush=True)
            except OSError:
                pass
        over.wait(0.005)  # or the machine has no ports left for anybody
def always(_):
    return True
def question(name):
    return b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\\0\\0\\1\\0\\1"
request = b"GET / HTTP/1.1\\r\\nHost: www.casino.test\\r\\nConnection: close\\r\\n\\r\\n"
threads = []
for address in resolvers:
    for name in ("casino.test", "good.test"):
        q = question(name)
        threads.append((socket.SOCK_DGRAM, address, 53, q, lambda got: tricked in got))
        threads.append((socket.SOCK_STREAM, address, 53, len(q).to_bytes(2, "big") + q, lambda got: tricked in got))
    threads.append((socket.SOCK_STREAM, address, 853, b"x", always))
    threads.append((socket.SOCK_DGRAM, address, 853, b"x", always))
for address in web:
    threads.append((socket.SOCK_STREAM, address, 80, request, lambda got: b"page!" in got))
    threads.append((socket.SOCK_DGRAM, address, 443, b"x", always))
    threads.append((socket.SOCK_STREAM, address, 9001, b"x", always))
for words in threads:
    threading.Thread(target=attempt, args=words, daemon=True).start()
print("going", flush=True)
sys.stdin.readline()
over.set()
print(counts["tries"], counts["answers"], flush=True)
"""


class Crash(test_enforce.Machine):
    def page_of_others(self):
        done = self.by(OTHER, "curl", "-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", f"http://{WEB[0]}/")
        return done.stdout + done.stderr

    maxDiff = None
    def test_nothing_passes_unfiltered_however_often_it_dies(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        os.chmod(self.folder, 0o755)
        # The same as somebody who is not held: each of these ways leads out.
        free = subprocess.run([*self.words_of(OTHER), sys.executable, "-c", LOAD, ",".join(RESOLVER), ",".join(WEB), TRICKED], input="\n", capture_output=True, text=True, timeout=60)
        said = self.folder + "/child.out"
        with open(said, "w") as out:
            child = subprocess.Popen([*self.words_of(CHILD), sys.executable, "-c", LOAD, ",".join(RESOLVER), ",".join(WEB), TRICKED],
                                     stdin=subprocess.PIPE, stdout=out, text=True)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        wait_until("the child to begin", lambda: os.path.getsize(said) > 0)
        began, kills, was_worker_killed = time.monotonic(), 0, False
        while time.monotonic() - began < LONG if LONG else kills < KILLS:
            self.assertEqual(self.page_of_others(), "200", "others do not notice")
            chance_of_life = chance.choice((0, 0, 0.01, 0.05, 0.2, 0.5))
            # Sometimes in the middle of its start, sometimes in the middle of a change.
            if chance.random() < 0.3:
                change = subprocess.Popen([BIN + "/hortctl", "--data", self.data, chance.choice(("pause", "resume")), "mia"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            else:
                change = None
            try:
                self.hortd.wait(chance_of_life)
                # One whose worker died before it ever was ready: whoever watches the service starts it anew.
                self.assertTrue(was_worker_killed, "hortd ended by itself:\n" + self.said()[-2000:])
                self.hortd = self.spawn(*self.hortd_command(), log="hortd.log")
                was_worker_killed = False
            except subprocess.TimeoutExpired:
                pass
            if chance.random() < 0.4:
                # The part that decides: the other one starts it anew.
                run("pkill", "-KILL", "-P", str(self.hortd.pid))
                if change:
                    change.wait(30)
                kills += 1
                self.assertEqual(self.page_of_others(), "200", "nor while its worker is gone")
                was_worker_killed = True
                continue
            self.hortd.send_signal(signal.SIGKILL)
            self.hortd.wait()
            was_worker_killed = False
            if change:
                change.wait(30)
            kills += 1
            self.assertEqual(self.page_of_others(), "200", "nor while it is gone")
            if chance.random() < 0.5:
                self.start_hortd()
                self.assertIn("mia", self.hortctl("status"), "root gets in")
            else:
                self.hortd = self.spawn(*self.hortd_command(), log="hortd.log")
        self.hortd.kill()
        self.hortd.wait()
        self.start_hortd()
        self.hortctl("resume", "mia")
        wait_until("the child to be served", lambda: self.page(CHILD, "http://www.good.test/") == "200")
        child.communicate("\n", timeout=60)
        with open(said) as f:
            _, *leaks, counts = f.read().splitlines()
        leaks = leaks[:20]
        self.assertEqual(leaks, [], f"seed {seed}, {kills} kills")
        tries, answers = map(int, counts.split())
        print(f"\n{kills} kills, {tries} tries of a child, {answers} answers (filtered), none from outside")
        self.assertGreater(answers, 0)
        self.assertIn("LEAK", free.stdout, "for who is not held all of it leads out")
        self.stop_hortd()
        with contextlib.closing(sqlite3.connect(self.data + "/hort.db")) as database:
            self.assertEqual(database.execute("pragma integrity_check").fetchall(), [("ok",)])


if __name__ == "__main__":
    unittest.main()
