"""hortctl rules match: files in, verdicts with rule and place out, without a daemon."""
import json
import os
import shutil
import tempfile
import unittest

from household import BIN, run


class RulesMatch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hort-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        return path

    def match(self, *words, expect=0, stdin=None):
        done = run(BIN + "/hortctl", "rules", "match", *words, stdin=stdin)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def test_a_line_a_host_from_words_and_from_standard_input(self):
        adblock = self.file("ads.txt", "! ads\n||ads.test^\n@@||good.ads.test^\nbroken rule here\n")
        hosts = self.file("hosts", "0.0.0.0 casino.test # why\n")
        done = self.match("--list", adblock, "--list", "gambling=" + hosts, "x.ads.test", "-", stdin="good.ads.test\n\ncasino.test\nother.test")
        self.assertEqual(done.stdout.splitlines(), [
            f"x.ads.test\tblock\t||ads.test^\t{adblock}:2",
            f"good.ads.test\tallow\t@@||good.ads.test^\t{adblock}:3",
            f"casino.test\tblock\t0.0.0.0 casino.test\t{hosts}:1",
            "other.test\tnone\t\t"])
        self.assertIn(f"{adblock}:4: not a rule", done.stderr)
        self.assertIn(f"{adblock}: adblock: 2 accepted, 0 skipped, 1 refused", done.stderr)

    def test_format_and_scope_can_be_given(self):
        path = self.file("list.txt", "a.test\n")
        for suffix, expected in (("", "block"), (":adblock", "none"), (":domains:exact", "none"), (":dstdomain:subtree", "block")):
            self.assertEqual(self.match("--list", path + suffix, "www.a.test").stdout.split("\t")[1], expected, suffix)

    def test_type_and_client_choose_rules(self):
        path = self.file("list.txt", "||a.test^$dnstype=AAAA\n||b.test^$client=Mia\n")
        self.assertEqual(self.match("--list", path, "a.test").stdout.split("\t")[1], "none")
        self.assertEqual(self.match("--list", path, "--type", "AAAA", "a.test").stdout.split("\t")[1], "block")
        self.assertEqual(self.match("--list", path, "--client", "mia", "b.test").stdout.split("\t")[1], "block")

    def test_folders_are_squidguard_categories_and_v2fly_includes_stand_beside(self):
        self.file("ut/domains", "a.test\n")
        self.file("ut/urls", "b.test/path\nc.test\n")
        self.file("v2/main", "include:other @ads\n")
        self.file("v2/other", "full:d.test @ads\ne.test\n")
        done = self.match("--list", self.folder + "/ut", "--list", self.folder + "/v2/main", "--json", "x.a.test", "b.test", "c.test", "d.test", "e.test")
        self.assertEqual([a["verdict"] for a in json.loads(done.stdout)], ["block", "none", "block", "block", "none"])
        self.assertEqual(json.loads(done.stdout)[3]["place"], self.folder + "/v2/other:1")

    def test_mistakes_are_named(self):
        path = self.file("list.txt", "a.test\n")
        self.assertIn("expected one of hosts, domains", self.match("--list", path + ":nonsense", "a.test", expect=1).stderr)
        self.assertIn("gambling", self.match("--list", "gamblin=" + path, "a.test", expect=1).stderr)
        self.assertIn("missing.txt", self.match("--list", self.folder + "/missing.txt", "a.test", expect=1).stderr)
        self.assertIn("record type", self.match("--list", path, "--type", "NOSUCH", "a.test", expect=1).stderr)
        self.match("--list", path, expect=2)


if __name__ == "__main__":
    unittest.main()
