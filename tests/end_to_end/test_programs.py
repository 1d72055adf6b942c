"""Programs that a child may not start: a real fanotify, real files and accounts, and what an upgrade does to them."""
import os
import shutil
import signal
import threading
import unittest

import test_enforce
import test_transparent
from household import stop, wait_until
from test_enforce import CHILD, OTHER

setUpModule = test_transparent.setUpModule


class Machine(test_enforce.Machine):
    """One with a folder of programs, the game among them."""

    def configure(self, **more):
        self.bin = self.folder + "/bin"
        os.mkdir(self.bin)
        self.install("game")
        super().configure(program_folders=[self.bin, self.folder + "/nowhere"], **more)

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)

    def install(self, name, what="/bin/echo"):
        """As package managers do: a new file takes the old one's name."""
        shutil.copy(what, self.bin + "/new")
        os.rename(self.bin + "/new", f"{self.bin}/{name}")

    def make_unique(self, path, what="/bin/echo"):
        """A program that nobody else has: linkers write an id into each."""
        with open(what, "rb") as f:
            data = bytearray(f.read())
        at = data.index(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0") + 16
        data[at:at + 20] = os.urandom(20)
        with open(path + ".new", "wb") as f:
            f.write(data)
        os.chmod(path + ".new", 0o755)
        os.rename(path + ".new", path)

    def by(self, account, *words, before=()):
        try:
            return super().by(account, *words, before=before)
        except PermissionError:
            raise AssertionError("setpriv itself is blocked")

    def runs(self, name="game", account=CHILD):
        done = self.by(account, self.bin + "/" + name, "it", "runs")
        return done.stdout == "it runs\n"


class Programs(Machine):
    def test_a_blocked_program_does_not_start_for_the_child_and_does_for_others(self):
        self.assertTrue(self.runs())
        self.hortctl("block", "mia", "program:game")
        self.assertFalse(self.runs())
        self.assertTrue(self.runs(account=OTHER))
        self.assertTrue(self.runs(account=0))
        self.assertIn("asks about 1 file of programs", self.hortctl("doctor"))
        self.hortctl("child", "set", "mia", "--enforcement", "watch-only")
        self.assertTrue(self.runs(), "it is only watched")
        self.hortctl("child", "set", "mia", "--enforcement", "on")
        self.assertFalse(self.runs())
        self.hortctl("unset", "mia", "program:game")
        self.assertTrue(self.runs())
        self.assertNotIn("asks about", self.hortctl("doctor"))

    def test_a_service_is_its_programs_too(self):
        self.install("RobloxPlayerBeta.exe")
        self.hortctl("block", "mia", "roblox")
        self.assertFalse(self.runs("RobloxPlayerBeta.exe"))

    def test_a_program_with_a_budget_starts_until_it_is_used_up_and_none_does_when_the_time_is_up(self):
        self.hortctl("budget", "set", "mia", "30m", "--of", "program:game")
        self.assertTrue(self.runs())
        self.hortctl("pause", "mia")
        self.assertFalse(self.runs())
        self.hortctl("resume", "mia")
        self.assertTrue(self.runs())

    def test_upgrades_and_new_programs_are_held_and_the_old_file_stays_so(self):
        self.hortctl("block", "mia", "program:game")
        os.link(self.bin + "/game", self.bin + "/kept")
        self.install("game")
        wait_until("the upgraded program to be held", lambda: not self.runs())
        self.assertFalse(self.runs("kept"), "a link to what it was")
        self.hortctl("block", "mia", "program:later")
        self.assertFalse(os.path.exists(self.bin + "/later"))
        self.install("later")
        wait_until("the new program to be held", lambda: not self.runs("later"))

    def test_what_stands_for_many_programs_is_not_held_by_a_link_of_one(self):
        os.symlink("/usr/bin/env", self.bin + "/tool")
        self.hortctl("block", "mia", "program:tool")
        self.assertEqual(self.by(CHILD, "/usr/bin/env", "true").returncode, 0)

    def test_without_a_daemon_nobody_hangs(self):
        self.hortctl("block", "mia", "program:game")
        self.assertFalse(self.runs())
        stop(self.hortd.pid)  # whoever starts it now waits
        waiting = threading.Thread(target=self.runs)
        waiting.start()
        waiting.join(0.2)
        self.assertTrue(waiting.is_alive())
        self.assertTrue(self.by(CHILD, "true").returncode == 0, "what is not held waits for nobody")
        self.stop_hortd(signal.SIGKILL)
        waiting.join(30)
        self.assertFalse(waiting.is_alive())

    def test_many_starts_at_once_are_all_answered(self):
        self.hortctl("block", "mia", "program:game")
        script = f"for i in $(seq 50); do ({self.bin}/game it runs 2>/dev/null; true) & done; wait"
        self.assertEqual(self.by(CHILD, "sh", "-c", script).stdout, "")
        self.assertEqual(self.by(OTHER, "sh", "-c", script).stdout.count("it runs"), 50)


if __name__ == "__main__":
    unittest.main()
