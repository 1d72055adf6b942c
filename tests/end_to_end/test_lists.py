"""Subscriptions: lists on a real web server (nginx), taken, followed, kept when they break, and given up."""
import gzip
import os
import re

from household import Household, run, unittest


class Subscriptions(Household):
    lists = {}

    def setUp(self):
        super().setUp()
        # Whose traffic it is: an address of nobody is the household's; the child's device is this machine.
        self.hortctl("child", "add", "mia", "--age", "9", "--device", "127.0.0.1")

    def serve(self, name, text):
        source = self.folder + "/to-serve"
        with open(source, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return self.publish(name, source)

    def subscription(self, number=1):
        return next(s for s in self.ask("lists")["subscriptions"] if s["id"] == number)

    def test_a_list_is_fetched_at_once_followed_and_given_up(self):
        url = self.serve("games.txt", "0.0.0.0 play.test\n0.0.0.0 other.test\nnonsense..\n")
        self.assertNotEqual(self.address("play.test"), "0.0.0.0")
        said = self.hortctl("lists", "add", url, "--category", "gambling", "--title", "Play")
        self.assertIn("2 entries", said)
        self.assertEqual(self.address("play.test"), "0.0.0.0")
        shown = self.hortctl("lists", "show", "1")
        self.assertIn("nonsense..", shown)
        self.assertIn("Play", shown)
        # An unchanged list is not sent again.
        self.assertIn("unchanged", self.hortctl("lists", "update"))
        with open(self.folder + "/nginx.status") as f:
            self.assertEqual([line.split()[0] for line in f if "/games.txt" in line], ["200", "304"])
        self.serve("games.txt", "0.0.0.0 other.test\n0.0.0.0 new.test\n")
        self.assertIn("2 entries", self.hortctl("lists", "update"))
        self.assertEqual(self.address("new.test"), "0.0.0.0")
        self.assertNotEqual(self.address("play.test"), "0.0.0.0")
        self.assertEqual(self.subscription()["entries"], 2)
        # In force after a restart, from the disk, while the server is away.
        os.remove(self.folder + "/www/games.txt")
        self.stop_hortd()
        self.start_hortd()
        self.assertEqual(self.address("new.test"), "0.0.0.0")
        self.assertIn("404", self.hortctl("lists", "update", expect=1))
        self.assertEqual(self.address("new.test"), "0.0.0.0")
        self.assertEqual(self.subscription()["failures"], 1)
        self.hortctl("lists", "remove", "1")
        self.assertNotEqual(self.address("new.test"), "0.0.0.0")
        self.assertIn("no subscription 1", self.hortctl("lists", "remove", "1", expect=1))

    def test_a_list_that_shrank_is_kept_and_flagged(self):
        url = self.serve("list.txt", "".join(f"site{i}.test\n" for i in range(10)))
        self.hortctl("lists", "add", url, "--category", "gambling")
        self.serve("list.txt", "site0.test\n")
        said = self.hortctl("lists", "update", expect=1)
        self.assertIn("1 entries", said)
        self.assertEqual(self.address("site9.test"), "0.0.0.0")
        self.assertIn("1 entries", self.subscription()["problem"])
        self.serve("list.txt", "<html>gone</html>\n")
        self.hortctl("lists", "update", expect=1)
        self.assertEqual(self.address("site9.test"), "0.0.0.0")

    def test_gzip_a_file_on_the_disk_and_formats_by_name(self):
        url = self.serve("packed.gz", gzip.compress(b"||packed.test^\n@@||fine.packed.test^\n"))
        self.hortctl("lists", "add", url, "--category", "gambling")
        self.assertEqual(self.address("www.packed.test"), "0.0.0.0")
        self.assertNotEqual(self.address("fine.packed.test"), "0.0.0.0")
        path = self.folder + "/own.list"
        with open(path, "w") as f:
            f.write("full:exact.test\n")
        self.hortctl("lists", "add", "file://" + path, "--category", "gambling", "--format", "v2fly")
        self.assertEqual(self.address("exact.test"), "0.0.0.0")
        self.assertNotEqual(self.address("www.exact.test"), "0.0.0.0")

    def test_a_bomb_and_a_list_without_end_are_stopped(self):
        url = self.serve("bomb.gz", gzip.compress(bytes(400_000_000), 9))
        self.assertIn("128 MiB", self.hortctl("lists", "add", url, "--category", "gambling", expect=1))
        with open(f"/proc/{self.hortd.pid}/status") as f:
            peak = int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))
        if "asan" not in self.hortd_command()[0] and "tsan" not in self.hortd_command()[0]:
            self.assertLess(peak, 500_000, "kB")

    def test_an_allow_list_wins_over_lists_and_help_over_all(self):
        self.hortctl("lists", "add", self.serve("block.txt", "a.test\nb.test\nchildline.org.uk\n"), "--category", "gambling")
        self.hortctl("lists", "add", self.serve("allow.txt", "b.test\n"), "--allow")
        self.assertEqual(self.address("a.test"), "0.0.0.0")
        self.assertNotEqual(self.address("b.test"), "0.0.0.0")
        self.assertEqual(self.address("www.childline.org.uk"), "127.0.0.1")

    def test_wrong_words_are_answered_with_what_was_expected(self):
        self.assertIn("expected https://", self.hortctl("lists", "add", "ftp://x/y", "--category", "gambling", expect=1))
        self.assertIn("did you mean 'gambling'", self.hortctl("lists", "add", "http://x/y", "--category", "gamblin", expect=2))
        self.assertIn("--category CATEGORY, --allow or --bundle", self.hortctl("lists", "add", "http://x/y", expect=1))
        self.assertIn("expected one of hosts", self.hortctl("lists", "add", "http://x/y", "--category", "gambling", "--format", "x", expect=1))
        url = self.serve("list.txt", "a.test\n")
        self.hortctl("lists", "add", url, "--category", "gambling")
        self.assertIn("already", self.hortctl("lists", "add", url, "--category", "gambling", expect=1))
        self.assertEqual(len(self.ask("lists")["subscriptions"]), 1)


class Services(Household):
    """One word blocks all names of a thing."""

    lists = {}

    def test_a_service_is_blocked_and_unblocked_by_its_word(self):
        self.hortctl("child", "add", "mia", "--age", "14", "--device", "127.0.0.1")
        self.assertIn("Roblox (its sites and programs) is blocked", self.hortctl("block", "mia", "roblox"))
        for name in ("roblox.com", "www.roblox.com", "c0.rbxcdn.com"):
            self.assertEqual(self.address(name), "0.0.0.0", name)
        self.assertIn("own rule for Roblox", self.hortctl("explain", "mia", "www.rbxcdn.com"))
        self.hortctl("unset", "mia", "roblox")
        self.assertNotEqual(self.address("www.roblox.com"), "0.0.0.0")
        self.assertIn("did you mean 'roblox'", self.hortctl("block", "mia", "robloxx", expect=2))


class UrlRules(Household):
    """Where a path is visible, lists of URLs count."""

    lists = {"games": {"urls": "www.good.test/play\n", "expressions": "flashgames?/[0-9]+\n"}}

    def test_a_path_is_blocked_and_the_rest_of_the_site_is_not(self):
        os.makedirs(self.folder + "/www/play")
        with open(self.folder + "/www/play/index.html", "w") as f:
            f.write("a game\n")
        self.hortctl("child", "add", "mia", "--age", "9", "--device", "127.0.0.1")
        self.hortctl("block", "mia", "games")
        self.assertEqual(self.status_code(self.web_url("www.good.test", "/")), "200")
        self.assertEqual(self.status_code(self.web_url("www.good.test", "/play/")), "403")
        self.assertEqual(self.status_code(self.web_url("www.good.test", "/%70lay/?x=1")), "403")
        self.assertEqual(self.status_code(self.web_url("www.good.test", "/./play//index.html"), "--path-as-is"), "403")
        self.assertEqual(self.status_code(self.web_url("good.test", "/x/FlashGames/12")), "403")
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")


class AllowListOnly(Household):
    """The youngest visit what is on a list, and nothing else."""

    lists = {"kids": {"own.txt": "kids.test\n"}, "adult": {"own.txt": "adult.test\n"}}

    def test_tier_0_6(self):
        self.hortctl("child", "add", "tom", "--age", "5", "--device", "127.0.0.1")
        self.assertEqual(self.address("www.good.test"), "0.0.0.0")
        self.assertIn("only sites on the own list are allowed", self.hortctl("explain", "tom", "www.good.test"))
        self.assertNotEqual(self.address("www.kids.test"), "0.0.0.0")
        self.hortctl("allow", "tom", "good.test")
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")
        self.assertEqual(self.address("www.childline.org.uk"), "127.0.0.1")


if __name__ == "__main__":
    unittest.main()
