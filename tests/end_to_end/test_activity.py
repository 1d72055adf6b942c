"""What is kept of decisions, for how long, and the metrics."""
import json
import sqlite3

from household import Household, can_connect, free_port, run, unittest


class Activity(Household):
    def setUp(self):
        self.metrics = free_port()
        self.settings = {"web": f"127.0.0.1:{self.metrics}"}
        super().setUp()
        self.hortctl("child", "add", "mia", "--age", "9", "--device", "127.0.0.1")

    def rows(self, table="activity"):
        self.hortctl("log")  # what was noted is written before it is shown
        with sqlite3.connect(f"file:{self.data}/hort.db?mode=ro", uri=True) as database:
            return database.execute(f"SELECT * FROM {table}").fetchall()

    def visit(self):
        self.address("casino.test")
        self.address("www.good.test")
        self.address("www.childline.org.uk")
        self.status_code(self.web_url("casino.test"))
        self.status_code(self.web_url("www.childline.org.uk"))

    def everything_kept(self):
        with sqlite3.connect(f"file:{self.data}/hort.db?mode=ro", uri=True) as database:
            return "\n".join(database.iterdump())

    def test_each_level_keeps_what_it_says_and_help_is_in_none(self):
        for level, names in (("none", ()), ("counts", ()), ("blocked", ("casino.test",)), ("full", ("casino.test", "www.good.test"))):
            with self.subTest(level):
                self.hortctl("settings", "set", "log-level", level)
                self.visit()
                log = self.ask("log", "--limit", "100")
                self.assertEqual(log["level"], level)
                self.assertEqual({e.get("host") for e in log["entries"] if "host" in e}, set(names))
                self.assertEqual(bool(self.rows("activity_counts")), level != "none")
                kept = self.everything_kept()
                for name in ("casino.test", "www.good.test"):
                    self.assertEqual(name in kept, name in names, name)
                self.assertNotIn("childline", kept)
                self.assertEqual(self.ask("child", "show", "mia")["log_level"], level, "who is looked after may know")

    def test_a_lower_level_forgets_at_once_what_it_does_not_keep(self):
        self.hortctl("settings", "set", "log-level", "full")
        self.visit()
        self.assertIn("www.good.test", self.hortctl("log"))
        self.hortctl("settings", "set", "log-level", "blocked")
        self.assertNotIn("www.good.test", self.everything_kept())
        self.assertIn("casino.test", self.hortctl("log"))
        self.hortctl("settings", "set", "log-level", "counts")
        self.assertNotIn("casino.test", self.everything_kept())
        self.assertIn("gambling", self.hortctl("log"))
        self.hortctl("settings", "set", "log-level", "none")
        self.assertEqual(self.rows("activity_counts"), [])

    def test_the_report_counts_what_was_blocked_and_survives_a_restart(self):
        for _ in range(3):
            self.address("casino.test")
        self.assertEqual(self.ask("report", "mia")["blocked"], {"Gambling and betting": 3})
        self.address("casino.test")
        self.stop_hortd()
        self.start_hortd()
        self.assertEqual(self.ask("report", "mia")["blocked"], {"Gambling and betting": 4})
        self.hortctl("erase", "mia")
        self.assertEqual(self.ask("report", "mia")["blocked"], {})

    def test_what_is_erased_is_not_in_the_file_any_more(self):
        self.hortctl("settings", "set", "log-level", "blocked")
        self.address("casino.test")
        self.assertEqual(len(self.rows()), 1)
        self.hortctl("erase", "mia")
        self.stop_hortd()
        with open(self.data + "/hort.db", "rb") as f:
            self.assertNotIn(b"casino.test", f.read())

    def test_names_are_kept_for_so_many_days_only(self):
        self.hortctl("settings", "set", "log-level", "blocked")
        self.address("casino.test")
        self.assertEqual(len(self.rows()), 1)
        self.stop_hortd()
        with sqlite3.connect(self.data + "/hort.db") as database:  # as if it were eight days ago
            database.execute("UPDATE activity SET time = time - 8 * 86400")
            database.execute("UPDATE activity_counts SET time = time - 29 * 86400")
        self.start_hortd()
        self.assertEqual((self.rows(), self.rows("activity_counts")), ([], []))

    def test_of_a_child_of_17_and_of_adults_no_names_are_kept(self):
        self.hortctl("settings", "set", "log-level", "full")
        self.hortctl("child", "set", "mia", "--age", "17")
        self.visit()
        self.assertEqual(self.rows(), [])
        self.assertTrue(self.rows("activity_counts"))
        self.hortctl("erase", "mia")
        self.hortctl("child", "set", "mia", "--age", "40")
        self.visit()
        self.assertEqual((self.rows(), self.rows("activity_counts")), ([], []))

    def test_the_export_has_it_and_an_import_takes_it_over(self):
        self.hortctl("settings", "set", "log-level", "blocked")
        self.address("casino.test")
        self.hortctl("export", "-o", self.folder + "/all.json")
        with open(self.folder + "/all.json") as f:
            mia = [p for p in json.load(f)["people"] if p["name"] == "mia"][0]
        self.assertEqual([(r["host"], r["category"]) for r in mia["activity"]], [("casino.test", "gambling")])
        self.hortctl("erase", "mia")
        self.hortctl("import", self.folder + "/all.json", "--replace")
        self.assertIn("casino.test", self.hortctl("log", "--child", "mia"))

    def test_metrics_are_for_this_machine_and_name_nobody(self):
        self.visit()
        get = lambda *more: run("curl", "-sS", "-m", "10", "-w", "\n%{http_code}", f"http://127.0.0.1:{self.metrics}/metrics", *more).stdout
        text = get()
        self.assertIn("# TYPE hort_dns_queries_total counter\nhort_dns_queries_total 3\n", text)
        self.assertIn("hort_dns_blocked_total 1\n", text)
        self.assertIn("hort_proxy_requests_total 2\n", text)
        self.assertIn(f'hort_dns_upstream_up{{upstream="127.0.0.1:{self.upstream}",zone="test"}} 1\n', text)
        self.assertTrue(text.endswith("\n200"))
        for word in ("mia", "casino", "childline"):
            self.assertNotIn(word, text)
        self.assertTrue(get("-H", "Host: rebound.attack.example").endswith("\n421"), "DNS rebinding")
        self.assertTrue(get("-X", "POST").endswith("\n405"))
        self.assertTrue(get("-I").endswith("\n200"))
        self.assertTrue(run("curl", "-s", "-w", "%{http_code}", f"http://localhost:{self.metrics}/other").stdout.endswith("404"))
        self.stop_hortd()
        self.configure(web=f"0.0.0.0:{self.metrics}")
        self.assertIn("not an address of this machine alone", run(*self.hortd_command()).stderr)

    def test_metrics_are_nowhere_unless_they_are_wanted(self):
        self.stop_hortd()
        self.settings = {}
        self.configure()
        self.start_hortd()
        self.assertFalse(can_connect(self.metrics))


if __name__ == "__main__":
    unittest.main()
