"""What a family sees: names are filtered for the child by DNS and by the proxy, and a change holds at once."""
import os
import signal
import unittest

from household import Household, run, wait_until


class Filtering(Household):
    def setUp(self):
        super().setUp()
        self.hortctl("child", "add", "mia", "--age", "9", "--device", "127.0.0.1")

    def test_blocked_and_allowed_names_over_dns(self):
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")
        self.assertEqual(self.address("www.good.test", "AAAA"), "::1")
        self.assertEqual(self.address("casino.test"), "0.0.0.0")
        self.assertEqual(self.address("WWW.Casino.Test", "AAAA"), "::")
        self.assertEqual(self.address("www.adult.test"), "0.0.0.0")
        # a hosts entry is that exact name
        self.assertEqual(self.address("adult.test"), "127.0.0.1")
        self.assertEqual(self.address("casino.test", "+tcp"), "0.0.0.0")
        self.assertEqual(self.address("www.good.test", "+tcp"), "127.0.0.1")

    def test_other_types_of_a_blocked_name_have_no_data(self):
        out = self.dig("casino.test", "TXT")
        self.assertIn("status: NOERROR", out)
        self.assertIn("ANSWER: 0", out)
        self.assertIn("SOA\thort.home.arpa. hostmaster.hort.home.arpa.", out)
        self.assertIn("EDE: 17 (Filtered): (gambling)", out)
        self.assertNotIn("EDE", self.dig("casino.test", "+noedns"))

    def test_proxy_passes_and_blocks(self):
        done = self.curl(self.web_url("www.good.test"))
        self.assertEqual(done.stdout, "hello from nginx\n", done.stderr)
        blocked = self.curl(self.web_url("casino.test"), "-i")
        self.assertIn("403 Forbidden", blocked.stdout)
        self.assertIn("Cache-Control: no-store", blocked.stdout)
        self.assertIn("casino.test is in the group “Gambling and betting”, and that group is closed for you.", blocked.stdout)
        german = self.curl(self.web_url("casino.test"), "-H", "Accept-Language: de-DE,de;q=0.9,en;q=0.5").stdout
        self.assertIn("casino.test gehört zur Gruppe „Glücksspiel und Wetten“", german)
        tunnel = self.curl(self.web_url("www.good.test"), "-p")
        self.assertEqual(tunnel.stdout, "hello from nginx\n", tunnel.stderr)
        refused = self.curl("https://casino.test/", "-v", "-p")
        self.assertIn("HTTP/1.1 403 Forbidden", refused.stderr)
        self.assertEqual(refused.returncode, 56)

    def test_a_block_holds_at_once_and_survives_kill_9(self):
        self.assertEqual(self.address("www.videos.test"), "127.0.0.1")
        self.hortctl("block", "mia", "videos.test")
        self.hortd.send_signal(signal.SIGKILL)  # right after the answer
        self.hortd.wait()
        self.start_hortd()
        self.assertEqual(self.address("www.videos.test"), "0.0.0.0")
        self.hortctl("allow", "mia", "www.videos.test")
        self.assertEqual(self.address("www.videos.test"), "127.0.0.1")
        self.assertEqual(self.address("m.videos.test"), "0.0.0.0")
        self.hortctl("unset", "mia", "www.videos.test")
        self.assertEqual(self.address("www.videos.test"), "0.0.0.0")

    def test_a_block_holds_at_once_for_dns_that_was_cached_and_for_the_proxy(self):
        self.assertEqual(self.address("www.videos.test"), "127.0.0.1")
        self.hortctl("block", "mia", "videos.test")
        self.assertEqual(self.address("www.videos.test"), "0.0.0.0")
        self.assertEqual(self.status_code(self.web_url("www.videos.test")), "403")

    def test_a_category_can_be_allowed_and_blocked(self):
        self.hortctl("allow", "mia", "gambling")
        self.assertEqual(self.address("casino.test"), "127.0.0.1")
        self.hortctl("block", "mia", "gambling")
        self.assertEqual(self.address("casino.test"), "0.0.0.0")

    def test_explain_names_the_list_and_the_line(self):
        out = self.ask("explain", "mia", "https://www.casino.test/page")
        self.assertEqual((out["verdict"], out["reason"], out["category"], out["rule"]), ("block", "category", "gambling", "casino.test"))
        self.assertEqual(out["sources"], [{"list": "gambling/own.txt", "line": 1, "entry": "casino.test"}])
        self.assertEqual(self.ask("explain", "mia", "good.test")["reason"], "no_rule")

    def test_help_is_reachable_and_leaves_no_trace(self):
        self.assertIn("protected help", self.hortctl("block", "mia", "childline.org.uk", expect=1))
        self.assertEqual(self.address("www.childline.org.uk"), "127.0.0.1")
        self.assertEqual(self.status_code(self.web_url("www.childline.org.uk")), "200")
        self.hortctl("block", "mia", "videos.test")
        self.address("www.videos.test")
        log = self.hortctl("--json", "log")
        self.assertIn("own_rule", log)
        self.assertNotIn("childline", log)
        self.assertNotIn("childline", self.said())

    def test_host_names_are_kept_nowhere_unless_the_owner_asks(self):
        self.address("casino.test")
        self.status_code(self.web_url("casino.test"))
        self.assertNotIn("casino.test", self.hortctl("log"))
        self.stop_hortd()
        self.assertNotIn("casino.test", self.said())
        self.start_hortd()
        self.hortctl("settings", "set", "log-level", "blocked")
        self.address("casino.test")
        self.assertIn("casino.test", self.hortctl("log"))

    def test_the_owner_of_the_socket_speaks_before_the_address(self):
        me = run("id", "-un").stdout.strip()
        self.hortctl("child", "add", "tom", "--age", "40", "--account", me)
        self.assertEqual(self.address("casino.test"), "127.0.0.1")  # tom is grown up
        self.assertEqual(self.address("casino.test", "+tcp"), "127.0.0.1")
        self.assertEqual(self.status_code(self.web_url("casino.test")), "200")
        if os.getuid() == 0:  # another account is mia's device still
            other = dict(user="nobody")
            self.assertEqual(self.address("casino.test", **other), "0.0.0.0")
            self.assertEqual(self.address("casino.test", "+tcp", **other), "0.0.0.0")
            self.assertIn("403", self.curl(self.web_url("casino.test"), "-i", **other).stdout)
        self.hortctl("child", "remove", "tom")
        self.assertEqual(self.address("casino.test"), "0.0.0.0")

    def test_unknown_clients_get_the_households_default(self):
        self.hortctl("child", "remove", "mia")
        self.assertEqual(self.address("casino.test"), "0.0.0.0")
        self.assertEqual(self.address("good.test"), "127.0.0.1")

    def test_sighup_reads_the_lists_again(self):
        self.assertEqual(self.address("www.videos.test"), "127.0.0.1")
        with open(self.data + "/lists/gambling/own.txt", "a") as f:
            f.write("videos.test\n")
        self.hortd.send_signal(signal.SIGHUP)
        wait_until("the new list", lambda: self.address("www.videos.test") == "0.0.0.0")
        self.assertEqual(self.address("casino.test"), "0.0.0.0")

    def test_sigterm_ends_cleanly(self):
        self.assertEqual(self.stop_hortd(), 0)
        self.assertFalse(os.path.exists(self.data + "/control.sock"))
        self.hortctl("status", expect=3)


if __name__ == "__main__":
    unittest.main()
