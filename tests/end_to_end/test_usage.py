"""Time that is used, with the real daemon on a clock that the test moves: a played afternoon, crashes, clocks that are
set, and what passes the proxy when time is up."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess

from household import wait_until, unittest
from usage import MovedHousehold


class Afternoon(MovedHousehold):
    """A Friday of Mia, 13: online from 15:00 to 19:00, one hour of the computer, half an hour of games."""

    lists = {"games": {"own.txt": "game.test\n"}, "gambling": {"own.txt": "casino.test\n"}}

    def say(self, who, what):
        print(f"{self.clock()}  {who:9} {what}", flush=True)

    def look(self, *hosts):
        """What DNS and the proxy answer, which is the same."""
        for host in hosts:
            by_dns = self.address(host)
            by_proxy = self.status_code(self.web_url(host))
            self.say("mia", f"{host}: DNS {by_dns}, proxy {by_proxy}")
            self.assertEqual(by_dns == "0.0.0.0", by_proxy == "403", "one core, one answer")
            yield by_dns != "0.0.0.0"

    def is_open(self, host="www.good.test"):
        return next(self.look(host))

    def command(self, *words, **more):
        said = self.hortctl(*words, **more).strip()
        self.say("parent" if words[0] != "ask" else "mia", "hortctl " + " ".join(words))
        for line in said.splitlines():
            print("                         " + line)
        return said

    def log_says(self, what, count=1):
        wait_until(f"{count} times '{what}' in the log", lambda: self.said().count(what) >= count)
        self.assertEqual(self.said().count(what), count)
        self.say("hortd", what)

    def test_a_played_afternoon(self):
        print()
        self.command("child", "add", "mia", "--age", "13", "--account", self.account)
        self.command("hours", "set", "mia", "mon-fri", "15:00-19:00")
        self.command("budget", "set", "mia", "1h")
        self.command("budget", "set", "mia", "30m", "--of", "games")
        self.use(True)
        self.log_says("time is up")  # ten minutes too early: the session is locked
        self.assertEqual(self.logind_was_asked("LockSession"), 1)
        self.use(False)
        self.assertFalse(self.is_open())
        self.assertTrue(self.is_open("www.childline.org.uk"))
        self.until(14, 59, 59)
        self.assertFalse(self.is_open())
        self.until(15)
        self.assertTrue(self.is_open())
        self.use(True)
        self.assertTrue(self.is_open("www.game.test"))
        # She plays: the game asks for something each half minute.
        for _ in range(58):
            self.go(30)
            self.address("www.game.test")
        # The minute after what she saw last has 60 s to go, and the budget one second.
        self.until(15, 29, 59)
        self.assertIn(" 1 s left of 30 min", self.command("budget", "mia"))
        self.assertTrue(self.is_open("www.game.test"))
        self.go(1)
        self.assertFalse(self.is_open("www.game.test"))
        self.assertTrue(self.is_open())
        self.assertIn("used up for today, until tomorrow 04:00", self.command("explain", "mia", "www.game.test"))
        self.until(15, 45)
        self.log_says("time ends soon")
        self.until(15, 55)
        self.log_says("time ends soon", 2)
        self.until(15, 59)
        self.log_says("time ends soon", 3)
        self.until(15, 59, 59)
        self.assertTrue(self.is_open())
        # A tunnel that is busy until the last second ends with the time.
        tunnel = socket.create_connection(("127.0.0.1", self.proxy))
        self.addCleanup(tunnel.close)
        tunnel.settimeout(10)
        tunnel.sendall(f"CONNECT www.good.test:{self.web} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertIn(b" 200 ", tunnel.recv(4096))
        tunnel.sendall(b"GET / HTTP/1.1\r\nHost: www.good.test\r\n\r\n")
        self.assertIn(b"200 OK", tunnel.recv(4096))
        self.go(1)
        self.assertFalse(self.is_open())
        self.log_says("time is up", 2)
        wait_until("the session to be locked", lambda: self.logind_was_asked("LockSession") == 2)
        try:
            while tunnel.recv(4096):  # the rest of the answer
                pass
        except ConnectionResetError:
            pass  # a timeout would say that the tunnel is still there
        self.assertTrue(self.is_open("www.childline.org.uk"))
        self.command("explain", "mia")
        self.command("ask", "time", "20m", "the film is not over", "--child", "mia")
        self.command("requests")
        self.command("approve", "1")
        self.assertTrue(self.is_open())
        self.log_says("time goes on", 2)
        self.go(5 * 60)
        self.log_says("time ends soon", 4)
        self.until(16, 19, 59)
        self.assertTrue(self.is_open())
        self.go(1)
        self.assertFalse(self.is_open())
        self.log_says("time is up", 3)
        self.command("bonus", "mia", "5h")
        self.assertTrue(self.is_open())
        self.use(False)
        # Five hours from now on, whatever the hours say.
        self.until(21, 19, 59)
        self.assertTrue(self.is_open())
        self.go(1)
        self.assertFalse(self.is_open())
        self.command("report", "mia")
        report = self.ask("report", "mia")
        self.assertEqual(report["days"][0]["seconds"], 80 * 60)
        self.assertEqual({c["id"]: c["seconds"] for c in report["categories"]}["games"], 30 * 60)
        self.command("week", "mia")
        self.until(15)  # Saturday has no hours: no limit but the budget
        self.assertTrue(self.is_open("www.game.test"))
        # Sunday: the clocks go from 02:00 to 03:00, and a day of use begins at 04:00 all the same.
        self.go(86400)
        self.command("status")

    def test_answers_hold_no_longer_than_they_are_true(self):
        self.command("child", "add", "mia", "--age", "13", "--account", self.account)
        self.command("hours", "set", "mia", "daily", "00:00-15:00")
        self.use(True)

        def ttl():
            return int(self.dig("www.good.test", "+noall", "+answer").split()[1])
        self.assertEqual(ttl(), 300, "what the zone says")
        self.until(14, 58)
        self.assertEqual(ttl(), 120)
        self.until(14, 59, 59)
        self.assertEqual(ttl(), 1)
        self.until(15)
        self.assertFalse(self.is_open())

    def test_who_sets_the_clock_wins_nothing(self):
        self.command("child", "add", "mia", "--age", "13", "--account", self.account)
        self.command("budget", "set", "mia", "1h")
        self.use(True)
        self.go(3600)
        self.assertFalse(self.is_open())
        self.set_sync(0)
        self.set_clock(86400)
        self.assertFalse(self.is_open(), "the next day does not come by setting the clock")
        self.set_clock(-3 * 86400)
        self.assertFalse(self.is_open())
        wait_until("the trail", lambda: "the clock was set" in self.hortctl("audit"))
        self.stop_hortd(9)
        self.start_hortd()
        self.assertFalse(self.is_open(), "nor by a restart")
        self.set_sync(1)
        self.set_clock(2 * 86400)
        wait_until("the clock that a time server vouches for", lambda: self.ask("budget", "mia")["budgets"][0]["left"] == 0)
        self.go(86400)
        self.assertTrue(self.is_open())

    def test_suspended_time_does_not_count(self):
        self.command("child", "add", "mia", "--age", "13", "--account", self.account)
        self.command("budget", "set", "mia", "1h")
        self.use(True)
        self.go(600)
        self.suspend(3 * 3600)
        self.assertTrue(self.is_open())
        self.go(60)
        self.assertEqual(self.ask("budget", "mia")["budgets"][0]["left"], 3600 - 660)

    def test_what_passes_while_the_session_manager_is_slow_counts_from_when_it_passed(self):
        self.assertEqual(self.address("www.game.test"), "127.0.0.1")  # kept, so that the next answer waits for nothing
        self.command("child", "add", "mia", "--age", "13", "--account", self.account)
        self.command("budget", "set", "mia", "30m", "--of", "games")
        self.use(True)
        self.set_of_session("IdleSinceHintMonotonic", f"uint64:{self.awake * 1_000_000}")
        self.set_of_session("IdleHint", "boolean:true")
        self.ask("child", "show", "mia")  # hortd has heard of it
        self.logind.send_signal(signal.SIGSTOP)
        self.go(5 * 60)  # hortd asks whether she is back, and has to wait for the answer
        self.assertEqual(self.address("www.game.test"), "127.0.0.1")
        self.go(30)
        self.logind.send_signal(signal.SIGCONT)
        self.use(False)
        self.assertEqual(self.ask("budget", "mia")["budgets"][0]["used"], 30)

    def test_a_crash_costs_a_minute_at_most_and_nothing_counts_twice(self):
        self.command("child", "add", "mia", "--age", "13", "--account", self.account)
        self.command("budget", "set", "mia", "10h")
        chance = random.Random(7)
        used = crashes = 0
        for i in range(24):
            is_in_use = chance.random() < 0.7
            self.use(is_in_use)
            for _ in range(chance.randrange(1, 6)):
                seconds = chance.randrange(1, 240)
                self.go(seconds)
                self.ask("budget", "mia")  # the daemon has looked
                used += seconds if is_in_use else 0
            if i % 3 == 2:
                self.stop_hortd(9)
                crashes += 1
                self.start_hortd()
            counted = self.ask("budget", "mia")["budgets"][0]["used"]
            self.assertLessEqual(counted, used, "nothing counts twice")
            self.assertLessEqual(used - counted, 60 * crashes, "a minute at most")
        self.use(False)
        before = self.ask("budget", "mia")["budgets"][0]["used"]
        self.stop_hortd()
        self.start_hortd()
        self.assertEqual(self.ask("budget", "mia")["budgets"][0]["used"], before, "an orderly end loses nothing")
        print(f"\n{crashes} times kill -9: {used} s used, {before} s in the ledger")

    @unittest.skipUnless(os.getuid() == 0, "the kernel tells of programs to root only")
    def test_a_program_counts_from_its_start_to_its_end(self):
        self.command("child", "add", "mia", "--age", "13", "--account", self.account)
        self.command("budget", "set", "mia", "30m", "--of", "program:minetest", "--of", "game.test")
        self.use(True)
        program = self.folder + "/minetest"
        shutil.copy("/bin/sleep", program)

        def running():
            return self.ask("budget", "mia")["budgets"][0]["is_running"]
        self.assertFalse(running())
        # Others begin and end all the time, and hortd looks at each: also while the clock moves.
        others = subprocess.Popen(["/bin/sh", "-c", "while :; do /bin/true; done"])
        self.addCleanup(others.wait)
        self.addCleanup(others.kill)
        game = subprocess.Popen([program, "1000"])
        self.addCleanup(game.wait)
        self.addCleanup(game.kill)
        wait_until("the program to be seen", running)
        self.go(600)
        self.ask("budget", "mia")  # the daemon has looked: ten minutes at once are no minute
        self.stop_hortd(9)
        self.start_hortd()
        wait_until("the program that runs already", running)
        self.go(60)
        game.kill()
        wait_until("its end", lambda: not running())
        self.go(600)
        used = self.ask("budget", "mia")["budgets"][0]["used"]
        self.assertGreaterEqual(used, 600, "a crash costs a minute at most")
        self.assertLessEqual(used, 660)
        self.assertIn("may use the program minetest", self.command("explain", "mia", "minetest"))
        self.command("block", "mia", "program:minetest")
        self.assertIn("may not use the program minetest", self.command("explain", "mia", "minetest"))
        self.command("budget", "clear", "mia", "--of", "program:minetest", "--of", "game.test")

    def test_what_ran_in_a_session_is_shown_and_one_word_blocks_it(self):
        self.hortctl("child", "add", "mia", "--age", "13", "--account", self.account)
        self.assertIn("No application ran", self.hortctl("apps", "mia"))
        shutil.copy("/bin/sleep", self.folder + "/steam")
        game = subprocess.Popen([self.folder + "/steam", "1000"])
        self.addCleanup(game.wait)
        self.addCleanup(game.kill)
        self.use(True)

        def minutes():
            return [app["seconds"] // 60 for app in self.ask("apps", "mia")["apps"] if app["name"] == "steam"]

        for _ in range(3):
            self.go(60)
            self.ask("status")  # it has seen the minute
        wait_until("the minutes to be noted", lambda: minutes() and minutes()[0] >= 2)
        self.assertRegex(self.hortctl("apps", "mia"), r"Steam +\d min.* allowed +hortctl block mia steam")
        self.assertNotIn("app:", self.hortctl("report", "mia"))
        self.use(False)
        before = minutes()
        self.go(600)
        self.assertEqual(minutes(), before, "nobody is there")
        self.hortctl("block", "mia", "steam")
        self.assertRegex(self.hortctl("apps", "mia", "--week"), r"Steam +\d min.* blocked")
        self.hortctl("export", "-o", self.folder + "/kept.json")
        self.hortctl("import", self.folder + "/kept.json", "--replace")
        self.assertEqual(minutes(), before)
        self.hortctl("child", "set", "mia", "--detail", "counts")
        self.assertIn("not kept", self.hortctl("apps", "mia"))

    def test_the_ledger_is_full_of_nothing_while_nobody_is_there(self):
        self.command("child", "add", "mia", "--age", "13", "--account", self.account)
        self.command("budget", "set", "mia", "1h")
        self.use(False)
        self.go(7200)
        self.assertEqual(self.ask("budget", "mia")["budgets"][0]["used"], 0)
        self.address("www.game.test")  # what a locked session fetches by itself
        self.go(600)
        self.assertEqual(json.dumps(self.ask("report", "mia")["categories"]), "[]")


if __name__ == "__main__":
    unittest.main()
