"""A school's story: a rule file is written, checked, tested, packed, signed, put on a web server (nginx), and two
machines follow it; what is old, unsigned, damaged or signed by somebody else is refused."""
import json
import os
import socket
import struct
import threading

from household import BIN, Household, free_port, run, unittest, wait_until

SCHOOL = {
    "name": "am-hort",
    "serial": 1,
    "lists": [
        {"category": "gambling", "file": "lists/gambling.txt"},
        {"category": "games", "file": "lists/games.hosts", "scope": "exact"},
    ],
    "schedules": {"lessons": {"windows": {"mon-sun": ["00:00-24:00"]}}},
    "profiles": {
        "pupils": {"tier": "12-15", "block": [{"what": "video", "during": "lessons"}]},
        "year7": {"inherits": "pupils", "block": ["games", "forum.test"]},
    },
    "groups": {"pupils": {"profile": "pupils", "networks": ["127.0.8.0/24"]}, "year7": {"profile": "year7", "networks": ["127.0.7.0/24"]}},
    "tests": [
        {"group": "year7", "at": "Monday 10:15", "site": "youtube.com", "expect": "block", "because": "category video"},
        {"group": "year7", "at": "Monday 10:15", "site": "casino.test", "expect": "block", "because": "category gambling"},
        {"group": "year7", "at": "Monday 10:15", "site": "www.good.test", "expect": "allow", "because": "no rule"},
    ],
}


class Stream(threading.Thread):
    """Asks for one name, one query after another, and counts what is lost."""

    def __init__(self, port, source, name):
        super().__init__()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(5)
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        self.question = labels + b"\0" + struct.pack(">HH", 1, 1)
        self.answers, self.lost, self.is_ending = [], 0, False
        self.start()

    def run(self):
        number = 0
        while not self.is_ending:
            number = (number + 1) & 0xFFFF
            self.socket.send(struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + self.question)
            try:
                answer = self.socket.recv(1500)
            except socket.timeout:
                self.lost += 1
                continue
            self.answers.append(answer[-4:] == b"\0\0\0\0")
        self.socket.close()

    def end(self):
        self.is_ending = True
        self.join()
        return self


class RuleFiles(Household):
    lists = {}

    def setUp(self):
        super().setUp()
        self.write("lists/gambling.txt", "casino.test\n")
        self.write("lists/games.hosts", "0.0.0.0 play.test\n")
        self.write_rules()

    def path(self, name):
        return f"{self.folder}/school/{name}"

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(text)

    def write_rules(self, **changes):
        self.write("school.hort.json", "// What the school rolls out.\n" + json.dumps({**SCHOOL, **changes}, indent=2))

    def rules(self, *words, expect=0):
        return self.hortctl("rules", *words, expect=expect)

    def bundle(self, name, **changes):
        self.write_rules(**changes)
        self.rules("compile", self.path("school.hort.json"), "-o", self.path(name))
        self.rules("sign", self.path(name), "--key", self.path("school.key"))
        return self.path(name)

    def blocked(self, name, group="127.0.7.1", port=None):
        done = run("dig", "@127.0.0.1", "-p", port or self.dns, "-b", group, "+short", "+tries=1", name)
        return done.stdout.strip() == "0.0.0.0"

    def test_every_mistake_is_named_and_nothing_is_packed(self):
        profiles = {"year7": {"tier": "12-15", "block": ["vidoe", {"what": "games", "during": "lesons"}]}}
        self.write_rules(profiles=profiles)
        said = self.rules("check", self.path("school.hort.json"), expect=1)
        self.assertRegex(said, r'school\.hort\.json:\d+:\d+: "vidoe" is neither .*did you mean "video"')
        self.assertRegex(said, r'school\.hort\.json:\d+:\d+: there is no schedule "lesons" .*did you mean "lessons"')
        self.assertRegex(said, r'there is no profile "pupils"')
        self.rules("compile", self.path("school.hort.json"), "-o", self.path("no.hortbundle"), expect=1)
        self.assertFalse(os.path.exists(self.path("no.hortbundle")))

    def test_a_failing_test_stops_the_release(self):
        self.rules("test", self.path("school.hort.json"))
        self.write("lists/gambling.txt", "other.test\n")
        said = self.rules("test", self.path("school.hort.json"), expect=1)
        self.assertRegex(said, r"school\.hort\.json:\d+:\d+: year7, Monday .*casino\.test: expected block because of category gambling, got allow")
        self.assertIn("1 of 3 tests failed", said)
        self.assertIn("1 of 3 tests failed", self.rules("compile", self.path("school.hort.json"), "-o", self.path("no.hortbundle"), expect=1))
        self.assertFalse(os.path.exists(self.path("no.hortbundle")))

    def test_the_story(self):
        self.rules("check", self.path("school.hort.json"))
        self.rules("keygen", "-o", self.path("school"))
        self.assertEqual(os.stat(self.path("school.key")).st_mode & 0o077, 0)
        first = self.bundle("one.hortbundle")
        self.assertEqual(os.stat(first).st_mode & 0o044, 0o044, "a web server may read it")
        self.assertIn("am-hort serial 1", self.rules("verify", first, "--key", self.path("school.pub")))

        # Not trusted yet, not signed, signed by somebody else, damaged: nothing changes.
        self.assertIn("not trusted", self.rules("install", first, expect=1))
        self.rules("trust", self.path("school.pub"), "--title", "Am Hort")
        self.rules("compile", self.path("school.hort.json"), "-o", self.path("unsigned.hortbundle"))
        self.assertIn("not signed", self.rules("install", self.path("unsigned.hortbundle"), expect=1))
        self.rules("keygen", "-o", self.path("other"))
        self.rules("sign", self.path("unsigned.hortbundle"), "--key", self.path("other.key"))
        self.assertIn("not trusted", self.rules("install", self.path("unsigned.hortbundle"), expect=1))
        with open(first, "rb") as f:
            octets = bytearray(f.read())
        octets[len(octets) // 2] ^= 1
        with open(self.path("damaged.hortbundle"), "wb") as f:
            f.write(octets)
        self.assertIn("signature is wrong", self.rules("install", self.path("damaged.hortbundle"), expect=1))
        self.assertEqual(self.ask("rules", "status")["rule_files"], [])
        self.assertFalse(self.blocked("casino.test"))

        # What would change, and then it does.
        said = self.rules("install", first, "--dry-run")
        self.assertIn("+ gambling casino.test", said)
        self.assertIn("year7: + block forum.test", said)
        self.assertFalse(self.blocked("casino.test"))
        self.rules("install", first)
        self.assertTrue(self.blocked("casino.test"))
        self.assertTrue(self.blocked("youtube.com"))
        self.assertTrue(self.blocked("play.test"))
        self.assertFalse(self.blocked("www.play.test"), "exact, as the rule file says")
        self.assertFalse(self.blocked("play.test", "127.0.8.1"), "games are year7's rule")
        self.assertTrue(self.blocked("youtube.com", "127.0.8.1"), "by inheritance")
        self.assertFalse(self.blocked("youtube.com", "127.0.9.1"), "nobody's address")
        self.assertIn("during lessons", self.hortctl("explain", "year7", "youtube.com"))

        # Two machines follow the file on the web server.
        url = self.publish("school.hortbundle", first)
        second = Second(self)
        second.hortctl("rules", "trust", self.path("school.pub"))
        self.assertIn("unchanged", self.hortctl("lists", "add", url, "--bundle"))
        self.assertIn("am-hort serial 1", second.hortctl("lists", "add", url, "--bundle"))
        self.assertTrue(self.blocked("casino.test", port=second.dns))

        # A newer one takes effect on both, and no query is lost.
        self.write("lists/gambling.txt", "casino.test\nbet.test\n")
        newer = self.bundle("two.hortbundle", serial=2)
        streams = [Stream(port, "127.0.7.1", "bet.test") for port in (self.dns, second.dns)]
        self.publish("school.hortbundle", newer)
        self.assertIn("am-hort serial 2", self.hortctl("lists", "update"))
        self.assertIn("am-hort serial 2", second.hortctl("lists", "update"))
        wait_until("answers after the change", lambda: all(s.answers and s.answers[-1] for s in streams))
        for stream in streams:
            stream.end()
            self.assertEqual(stream.lost, 0)
            first_blocked = stream.answers.index(True)
            self.assertGreater(first_blocked, 0)
            self.assertTrue(all(stream.answers[first_blocked:]), "never back")

        # An older one is refused by both, wherever it comes from.
        older = self.bundle("again.hortbundle", serial=1)
        self.assertIn("has serial 2, this one is 1", self.rules("install", older, expect=1))
        self.publish("school.hortbundle", older)
        self.assertIn("has serial 2, this one is 1", self.hortctl("lists", "update", expect=1))
        self.assertIn("has serial 2, this one is 1", second.hortctl("lists", "update", expect=1))
        # A wrong signature on the server as well.
        with open(self.path("wrong.hortbundle"), "wb") as f:
            f.write(octets)
        self.publish("school.hortbundle", self.path("wrong.hortbundle"))
        self.assertIn("signature is wrong", second.hortctl("lists", "update", expect=1))
        self.assertTrue(self.blocked("bet.test"))
        self.assertTrue(self.blocked("bet.test", port=second.dns))

        # All of it is still so after a crash.
        self.stop_hortd(9)
        self.start_hortd()
        self.assertTrue(self.blocked("bet.test"))
        status = self.ask("rules", "status")
        self.assertEqual([(b["name"], b["serial"]) for b in status["rule_files"]], [("am-hort", 2)])
        self.rules("uninstall", "am-hort")
        self.assertFalse(self.blocked("bet.test"))
        self.assertIn("rules install", self.hortctl("log"))


class Second:
    """Another machine: a daemon with a folder and ports of its own."""

    def __init__(self, household):
        self.household, self.data = household, household.folder + "/second"
        self.dns, proxy = free_port(), free_port()
        os.makedirs(self.data + "/lists")
        household.spawn(BIN + "/hortd", "--data", self.data, "--dns", f"127.0.0.1:{self.dns}", "--proxy", f"127.0.0.1:{proxy}",
                        "--upstream", f"127.0.0.1:{household.upstream}", log="second.log")
        wait_until("the second hortd", lambda: ">ready " in household.said("second.log"))

    def hortctl(self, *words, expect=0):
        done = run(BIN + "/hortctl", "--data", self.data, *words)
        self.household.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout + done.stderr


if __name__ == "__main__":
    unittest.main()
