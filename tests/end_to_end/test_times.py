"""Usage times with the real daemon: hours, more time, pauses, exceptions with an end, and what a child asks for."""
import json
import os
import socket
import time

from household import Household, run, unittest, wait_until


class Times(Household):
    lists = {"gambling": {"own.txt": "casino.test\n"}}

    def setUp(self):
        super().setUp()
        self.hortctl("child", "add", "mia", "--age", "13", "--device", "127.0.0.1")

    def is_open(self, name="www.good.test"):
        return self.address(name) == "127.0.0.1"

    def test_outside_the_hours_nothing_but_help_is_reachable(self):
        self.assertTrue(self.is_open())
        self.hortctl("hours", "set", "mia", "daily", "none")
        self.assertEqual(self.address("www.good.test"), "0.0.0.0")
        self.assertTrue(self.is_open("www.childline.org.uk"))
        self.assertEqual(self.status_code(self.web_url("www.good.test")), "403")
        self.assertIn("outside the hours", self.hortctl("explain", "mia"))
        self.assertEqual(self.ask("explain", "mia")["verdict"], "block")
        self.hortctl("hours", "set", "mia", "daily", "all")
        self.assertTrue(self.is_open())
        self.hortctl("hours", "set", "mia", "daily", "none")
        self.stop_hortd(9)
        self.start_hortd()
        self.assertFalse(self.is_open(), "in force before the first packet is served")
        self.hortctl("hours", "clear", "mia")
        self.assertTrue(self.is_open())

    def test_the_week_is_a_picture(self):
        self.hortctl("hours", "set", "mia", "mon-fri", "15:00-19:45")
        self.hortctl("hours", "set", "mia", "sun", "none")
        rows = [line.split("  ")[1] for line in self.hortctl("week", "mia").splitlines() if line[:3] in ("Mon", "Sat", "Sun")]
        self.assertEqual(rows, ["." * 30 + "#" * 9 + "+" + "." * 8, "#" * 48, "." * 48])

    def test_hours_of_one_service_leave_the_rest_alone(self):
        self.hortctl("hours", "set", "mia", "daily", "none", "--only", "tiktok")
        self.assertEqual(self.address("www.tiktok.com"), "0.0.0.0")
        self.assertTrue(self.is_open())
        self.hortctl("hours", "set", "mia", "daily", "all", "--only", "tiktok")
        self.assertTrue(self.is_open("www.tiktok.com"))

    def test_more_time_opens_and_survives_a_restart(self):
        self.hortctl("hours", "set", "mia", "daily", "none")
        said = self.ask("bonus", "mia", "30m")
        self.assertTrue(self.is_open())
        status = self.ask("status")["children"][0]["times"]
        self.assertEqual([g["kind"] for g in status["grants"]], ["bonus"])
        self.assertEqual(status["until"], said["until"])
        self.stop_hortd(9)
        self.start_hortd()
        self.assertTrue(self.is_open())
        more = self.ask("bonus", "mia", "1h")
        self.assertAlmostEqual(more["until"] - said["until"], 3600, delta=2)

    def test_a_pause_stops_everything_but_help_until_it_ends(self):
        self.hortctl("child", "add", "tom", "--age", "8")
        self.assertIn("mia, tom", self.hortctl("pause", "--all"))
        self.assertEqual(self.address("www.good.test"), "0.0.0.0")
        self.assertTrue(self.is_open("www.childline.org.uk"))
        self.assertIn("paused", self.hortctl("explain", "mia", "www.good.test"))
        self.hortctl("resume", "mia")
        self.assertTrue(self.is_open())
        self.assertIn("Nothing was paused", self.hortctl("resume", "mia"))
        self.assertIn("expected a child, or --all", self.hortctl("pause", expect=1))

    def test_an_exception_for_a_site_holds_outside_the_hours_and_for_that_site_only(self):
        self.hortctl("hours", "set", "mia", "daily", "none")
        self.hortctl("allow", "mia", "good.test", "--for", "1h")
        self.assertTrue(self.is_open())
        self.assertEqual(self.address("www.videos.test"), "0.0.0.0")
        self.hortctl("allow", "mia", "gambling", "--for", "1h")
        self.assertTrue(self.is_open("casino.test"))
        self.hortctl("pause", "mia")
        self.assertFalse(self.is_open(), "a pause stops exceptions, too")

    def test_a_child_asks_and_a_guardian_answers(self):
        self.hortctl("hours", "set", "mia", "daily", "none")
        self.hortctl("ask", "time", "30m", "homework", "--child", "mia")
        self.hortctl("ask", "site", "casino.test", "--child", "mia")
        self.assertEqual([r["why"] for r in self.ask("requests")["requests"]], ["homework", ""])
        self.hortctl("approve", "1")
        self.assertTrue(self.is_open())
        self.assertFalse(self.is_open("casino.test"))
        self.hortctl("deny", "2", "no")
        self.assertEqual(self.ask("requests")["requests"], [])
        answered = self.ask("requests", "--all")["requests"]
        self.assertEqual([r["state"] for r in answered], ["approved", "denied"])
        self.assertIn("answered before", self.hortctl("approve", "2", expect=1))
        self.assertIn("no request 9", self.hortctl("approve", "9", expect=1))
        self.hortctl("ask", "site", "www.casino.test", "--child", "mia")
        self.hortctl("approve", "3", "--for", "10m")
        self.assertTrue(self.is_open("www.casino.test"))
        self.assertFalse(self.is_open("casino.test"), "what was asked for, and no more")

    def test_wrong_times_get_an_example_back(self):
        for words, expected in (
            (("hours", "set", "mia", "mon-fry", "15:00-19:30"), "mon-fri"),
            (("hours", "set", "mia", "mon-fri", "15-19"), "00:00 to 24:00"),
            (("hours", "set", "mia", "2026-02-30", "all"), "2026-12-24"),
            (("bonus", "mia", "30"), "30m, 1h or 1h30"),
            (("bonus", "mia", "-5m"), "30m"),
            (("explain", "mia", "--at", "noon"), "sat 20:15"),
            (("ask", "money", "5"), "time or site"),
        ):
            said = self.hortctl(*words, expect=2)
            self.assertIn(expected, said)
        self.assertEqual(self.ask("hours", "mia")["hours"], [])

    def test_a_child_sees_and_asks_for_itself_only(self):
        if os.getuid() != 0:
            self.skipTest("acting as another account needs root")
        self.hortctl("child", "remove", "mia")
        self.hortctl("child", "add", "mia", "--age", "13", "--account", "nobody")
        self.hortctl("child", "add", "tom", "--age", "8")
        os.chmod(self.folder, 0o755)

        def call(method, params):
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:  # the other account
                os.setgid(65534)
                os.setuid(65534)
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(self.data + "/control.sock")
                    s.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
                    os.write(writer, s.makefile().readline().encode())
                os._exit(0)
            os.close(writer)
            os.waitpid(child, 0)
            with os.fdopen(reader) as f:
                return json.loads(f.read())

        self.assertIn("result", call("ask", {"kind": "time", "what": "30m", "why": "homework"}))
        self.assertIn("result", call("hours", {"child": "mia"}))
        self.assertIn("only", call("bonus", {"child": "mia", "time": "5h"})["error"]["message"])
        self.assertIn("itself", call("ask", {"kind": "time", "what": "30m", "child": "tom"})["error"]["message"])
        self.assertIn("itself", call("explain", {"child": "tom"})["error"]["message"])
        self.hortctl("ask", "time", "1h", "--child", "tom")
        self.assertEqual([r["child"] for r in call("requests", {})["result"]["requests"]], ["mia"])


@unittest.skipUnless(os.getuid() == 0, "it needs root: an /etc of its own")
class Zone(Household):
    def configure(self, **more):
        super().configure(**more)
        self.etc = self.folder + "/etc"
        run("cp", "-a", "/etc", self.etc, check=True)
        self.travel("UTC")

    def hortd_command(self):
        return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', self.etc, "env", "-u", "TZ", *super().hortd_command()]

    def travel(self, zone):
        """As timedatectl sets a zone."""
        os.symlink("/usr/share/zoneinfo/" + zone, self.etc + "/new")
        os.rename(self.etc + "/new", self.etc + "/localtime")

    def test_hours_are_of_the_zone_in_which_the_machine_is_by_now(self):
        hour = time.gmtime().tm_hour
        own = sorted((h % 24) for h in range(hour - 1, hour + 3))
        windows = ",".join(f"{h:02}:00-{h + 1:02}:00" for h in own)
        self.hortctl("child", "add", "mia", "--age", "9", "--device", "127.0.0.1")
        self.hortctl("hours", "set", "mia", "daily", windows)
        self.assertIn("may use the computer", self.hortctl("explain", "mia"))
        self.travel("Etc/GMT-8")  # eight hours on
        wait_until("the other zone", lambda: "outside the hours" in self.hortctl("explain", "mia"))
        self.assertIn("the time zone was set", self.said())
        self.travel("UTC")
        wait_until("the first one", lambda: "may use the computer" in self.hortctl("explain", "mia"))


if __name__ == "__main__":
    unittest.main()
