"""What a family does over the months: profiles, birthdays, reports, what-if, moving to another machine, erasing."""
import json
import os

from household import unittest
from usage import MovedHousehold


class Family(MovedHousehold):
    lists = {"games": {"own.txt": "game.test\n"}, "gambling": {"own.txt": "casino.test\n"}}

    def setUp(self):
        super().setUp()
        self.hortctl("child", "add", "mia", "--born", "2014-03-28", "--account", self.account)  # twelve tomorrow

    def play(self, minutes):
        self.use(True)
        for _ in range(minutes):
            self.address("www.game.test")
            self.go(60)
        self.use(False)

    def test_a_profile_is_shared_and_the_childs_own_rules_win(self):
        self.assertIn("is added", self.hortctl("profile", "add", "schooldays"))
        self.hortctl("block", "schooldays", "www.good.test")
        self.hortctl("budget", "set", "schooldays", "45m")
        self.hortctl("hours", "set", "schooldays", "daily", "14:00-20:00")
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")
        self.hortctl("child", "set", "mia", "--profile", "schooldays")
        self.assertEqual(self.address("www.good.test"), "0.0.0.0")
        self.assertEqual(self.ask("budget", "mia")["budgets"][0]["allowed"], 45 * 60)
        self.hortctl("allow", "mia", "www.good.test")
        self.hortctl("budget", "set", "mia", "1h")
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")
        self.assertEqual([b["allowed"] for b in self.ask("budget", "mia")["budgets"]], [3600])
        self.until(20)
        self.assertEqual(self.address("www.videos.test"), "0.0.0.0")
        self.assertIn("mia", self.hortctl("profile", "list"))
        self.assertIn("follow itself", self.hortctl("child", "set", "schooldays", "--profile", "schooldays", expect=1))
        self.hortctl("profile", "remove", "schooldays")
        self.assertEqual(self.address("www.videos.test"), "127.0.0.1")
        self.assertIn("cannot be removed", self.hortctl("profile", "remove", "household", expect=1))

    def test_the_schools_platform_is_open_outside_the_hours(self):
        self.hortctl("hours", "set", "mia", "daily", "none")
        self.hortctl("allow", "mia", "good.test", "--always")
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")
        self.assertEqual(self.address("www.videos.test"), "0.0.0.0")

    def test_a_birthday_proposes_the_next_tier_and_a_guardian_agrees(self):
        self.assertIsNone(self.ask("child", "show", "mia")["birthday"])
        self.assertIn("no other age tier is due", self.hortctl("child", "promote", "mia", expect=1))
        self.until(5)  # the day of use begins at 04:00
        proposal = self.ask("child", "show", "mia")["birthday"]
        self.assertEqual((proposal["age"], proposal["tier"]), (12, "12-15"))
        self.assertEqual(self.ask("child", "show", "mia")["tier"], "7-11", "nothing changes by itself")
        self.assertIn("hortctl child promote mia", self.hortctl("status"))
        self.assertIn("hortctl child promote mia", self.hortctl("report", "mia"))
        self.hortctl("child", "promote", "mia")
        self.assertEqual(self.ask("child", "show", "mia")["tier"], "12-15")
        self.assertIsNone(self.ask("child", "show", "mia")["birthday"])

    def test_a_change_is_tried_on_what_was(self):
        self.hortctl("allow", "mia", "games")
        self.until(15)
        self.play(90)
        self.until(15)
        self.play(30)
        tried = self.ask("simulate", "mia", "--budget", "1h")
        self.assertEqual((len(tried["days"]), tried["cut_days"], tried["cut_seconds"]), (2, 1, 1800))
        said = self.hortctl("simulate", "mia", "--budget", "1h")
        self.assertIn("used 1 h 30 min, refused 30 min, first at 16:00", said)
        self.assertEqual(self.ask("simulate", "mia", "--budget", "45m", "--of", "games")["cut_seconds"], 2700)
        self.assertEqual(self.ask("simulate", "mia", "--hours", "15:00-16:00", "--days", "fri")["cut_seconds"], 1800)
        self.assertIn("Nothing would have been different", self.hortctl("simulate", "mia", "--budget", "2h"))
        week = self.hortctl("report", "mia", "--week")
        self.assertIn("2 h at the computer", week)
        self.assertIn("Online games", week)
        self.assertNotIn("game.test", week + self.hortctl("report", "mia") + self.hortctl("log"), "no host names")

    def test_of_older_children_only_counts_are_kept(self):
        self.hortctl("child", "set", "mia", "--age", "16")
        self.hortctl("budget", "set", "mia", "2h")
        self.until(15)
        self.play(10)
        self.assertEqual(self.ask("report", "mia")["categories"], [])
        self.assertEqual(self.ask("report", "mia")["days"][0]["seconds"], 600)
        self.assertIn("not kept at this age", self.hortctl("report", "mia"))
        self.assertEqual(self.ask("export", "mia")["people"][0]["spans"], [])

    def test_the_household_moves_to_another_machine_as_one_file(self):
        self.hortctl("allow", "mia", "games")
        self.hortctl("budget", "set", "mia", "1h", "--of", "games", "--days", "mon-fri")
        self.hortctl("hours", "set", "mia", "mon-fri", "14:00-19:30")
        self.hortctl("settings", "set", "day-start", "05:00")
        self.play(5)
        backup = self.folder + "/backup.json"
        self.assertIn("is written", self.hortctl("export", "-o", backup))
        self.assertEqual(os.stat(backup).st_mode & 0o777, 0o600)
        before = self.ask("child", "show", "mia")
        self.assertIn("there are people", self.hortctl("import", backup, expect=1))
        self.hortctl("child", "remove", "mia")
        self.assertIn("1 person is taken over", self.hortctl("import", backup))
        after = self.ask("child", "show", "mia")
        self.assertEqual(after["rules"], before["rules"])
        self.assertEqual(after["times"]["budgets"], before["times"]["budgets"], "with what was used today")
        with open(backup) as f:
            broken = json.load(f)
        broken["people"][0]["hours"][0]["windows"] = "late"
        with open(backup, "w") as f:
            json.dump(broken, f)
        self.assertIn("people[0].hours[0].windows", self.hortctl("import", backup, "--replace", expect=1))
        self.assertEqual(self.ask("child", "show", "mia")["rules"], before["rules"])

    def test_what_is_erased_is_gone_and_the_rules_stay(self):
        self.hortctl("allow", "mia", "games")
        self.play(5)
        self.hortctl("ask", "time", "30m", "a secret", "--child", "mia")
        self.hortctl("erase", "mia")
        self.assertEqual(self.ask("report", "mia")["days"][0]["seconds"], 0)
        self.assertEqual(self.ask("requests", "--all")["requests"], [])
        self.assertNotIn("secret", self.hortctl("export"))
        self.assertEqual(self.ask("child", "show", "mia")["rules"][0]["subject"], "games")

    def test_more_time_moves_the_end_of_the_hours_only_where_they_end_first(self):
        self.hortctl("hours", "set", "mia", "daily", "14:00-19:30")
        self.hortctl("budget", "set", "mia", "2h")
        self.assertEqual(self.hortctl("bonus", "mia", "30m").strip(), "mia has 30 min more.")
        self.assertEqual(self.ask("budget", "mia")["budgets"][0]["left"], 9000)
        self.until(19)
        self.assertIn("may be online until 20:00", self.hortctl("bonus", "mia", "30m"))
        self.until(19, 59, 59)
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")
        self.go(1)
        self.assertEqual(self.address("www.good.test"), "0.0.0.0")

    def test_the_trail_says_how_it_was_before(self):
        self.hortctl("hours", "set", "mia", "mon", "15:00-19:00")
        self.hortctl("hours", "set", "mia", "mon", "15:00-18:00")
        change = self.ask("audit", "--limit", "1")["changes"][0]
        self.assertEqual((change["before"], change["after"]), ("mia: hours mon 15:00-19:00", "mia: hours mon 15:00-18:00"))

    def test_doctor_names_what_is_wrong_and_the_fix(self):
        self.hortctl("child", "add", "tom", "--age", "8")
        said = self.hortctl("doctor", expect=1)
        self.assertIn("No account and no device is tom's", said)
        self.assertIn("hortctl child set tom --account ACCOUNT", said)
        self.assertIn("The database is sound", said)
        self.assertIn("The session manager tells who is at the computer", said)
        self.assertIn("Nothing holds the children's programs", said)

    def test_settings_are_checked(self):
        self.assertIn("04:00", self.hortctl("settings"))
        self.assertIn("did you mean day-start", self.hortctl("settings", "set", "day-strat", "05:00", expect=1))
        self.assertIn("04:00", self.hortctl("settings", "set", "day-start", "25:00", expect=1))
        self.hortctl("settings", "set", "day-start", "06:30")
        self.assertIn("06:30", self.hortctl("settings"))

    def test_wrong_budgets_get_an_example_back(self):
        for words, code, expected in (
            (("budget", "set", "mia", "much"), 2, "1h or 1h30, none or all"),
            (("budget", "set", "mia", "30h"), 1, "longer than a day"),
            (("budget", "set", "mia", "1h", "--per", "year"), 2, "day, week or month"),
            (("budget", "set", "mia", "1h", "--of", "roblx"), 2, "did you mean 'roblox'"),
            (("budget", "set", "mia", "5h", "--per", "week", "--days", "mon"), 1, "leave out --days"),
            (("budget", "set", "mia", "all"), 1, "budget clear"),
            (("budget", "clear", "mia", "--of", "games"), 1, "no budget of games"),
            (("breaks", "set", "mia", "45m", "5s"), 1, "45m 15m"),
            (("bonus", "mia", "30m"), 1, "nothing ends"),
            (("child", "set", "mia", "--born", "2014-13-01"), 2, "2015-06-12"),
            (("child", "set", "mia", "--at-end", "explode"), 2, "lock, freeze, log-out or nothing"),
            (("simulate", "mia"), 1, "--hours 15:00-19:00"),
        ):
            self.assertIn(expected, self.hortctl(*words, expect=code))
        self.assertEqual(self.ask("budget", "mia")["budgets"], [])

    def test_breaks_and_what_does_not_count(self):
        self.hortctl("breaks", "set", "mia", "45m", "15m")
        self.hortctl("budget", "set", "mia", "1h")
        self.hortctl("budget", "exempt", "mia", "good.test")
        self.use(True)
        for _ in range(45):
            self.address("www.good.test")
            self.go(60)
        self.assertEqual(self.ask("budget", "mia")["budgets"][0]["left"], 3600, "learning uses up nothing")
        self.assertIn("time for a break", self.hortctl("explain", "mia"))
        self.assertEqual(self.address("www.good.test"), "0.0.0.0")
        self.go(15 * 60)
        self.assertEqual(self.address("www.videos.test"), "127.0.0.1")
        self.hortctl("budget", "count", "mia", "good.test")
        self.go(59 * 60)
        self.assertIn("break", self.hortctl("explain", "mia"))


if __name__ == "__main__":
    unittest.main()
