"""Programs that run when they may no longer, and copies of them from elsewhere: real processes, groups, file systems and a real
fanotify."""
import os
import shutil
import subprocess
import sys
import threading
import unittest

import test_programs
import test_transparent
from household import BIN, is_frozen, run, wait_until
from test_enforce import CHILD, OTHER

GAMES = 5  # an account that every Debian has, and no other test
HOME = os.open("/proc/self/ns/net", os.O_RDONLY)
FIRST = ["nsenter", f"--net=/proc/{os.getpid()}/fd/{HOME}"]

setUpModule = test_transparent.setUpModule

# Counts for ever; TERM is heard, or not.
COUNT = 'while :; do echo >> "$0"; sleep 0.01; done'


def process_state(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(") ", 1)[1][0]


class Held(test_programs.Machine):
    def count(self, out, before="", account=CHILD, program=None):
        """Starts the game, which counts into a file."""
        path = f"{self.folder}/{out}"
        with open(path, "w"):
            os.chown(path, account, account)
        p = subprocess.Popen(["setpriv", f"--reuid={account}", "--clear-groups", *(program or [self.bin + "/game"]), "-c", before + COUNT, path])
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        wait_until("the game to count", lambda: self.counted(out) > 2)
        return p

    def counted(self, out):
        return os.path.getsize(f"{self.folder}/{out}")

    def goes_on(self, out):
        before = self.counted(out)
        wait_until(f"{out} to go on", lambda: self.counted(out) > before + 2)

    def own_files(self, what):
        """A file system of the child's own, which keeps others waiting for ever; see own_files.cc."""
        folder = self.folder + "/own"
        for path in (folder, folder + "/files", folder + "/above", folder + "/below"):
            os.mkdir(path)
            os.chmod(path, 0o777)
        # As everywhere where udev makes it: anybody's.
        os.mknod(folder + "/fuse", 0o20666, os.makedev(10, 229))
        os.chmod(folder + "/fuse", 0o666)
        p = subprocess.Popen(["setpriv", f"--reuid={CHILD}", "--clear-groups", BIN + "/own_files", folder + "/fuse", "/bin/sleep", folder, what],
                             start_new_session=True)
        self.addCleanup(p.wait)
        self.addCleanup(os.killpg, p.pid, 9)
        return p

    def group(self, pid):
        with open(f"/proc/{pid}/cgroup") as f:
            return next(line for line in f if line.startswith("0::"))


class Running(Held):
    def configure(self, **more):
        super().configure(**more)
        self.install("game", "/bin/sh")

    def test_a_program_that_is_blocked_while_it_runs_ends_and_nothing_else_does(self):
        mine, theirs = self.count("mine"), self.count("theirs", account=OTHER)
        other = self.count("other", program=["sh"])
        self.hortctl("block", "mia", "program:game")
        self.assertEqual(mine.wait(30), -15)
        self.goes_on("theirs")
        self.goes_on("other")
        self.assertIsNone(theirs.poll())
        self.assertIsNone(other.poll())

    def test_who_keeps_a_look_into_its_memory_waiting_keeps_nobody_else(self):
        mine = self.count("mine")
        hanging = self.own_files("memory")
        wait_until("it to hang", lambda: process_state(hanging.pid) == "D")
        self.hortctl("block", "mia", "program:game")
        self.assertEqual(mine.wait(30), -15)
        self.assertIn("mia", self.hortctl("apps", "mia"))

    def test_one_that_does_not_hear_is_made_to_end(self):
        deaf = self.count("deaf", before="trap '' TERM; ")
        self.hortctl("block", "mia", "program:game")
        self.assertEqual(deaf.wait(60), -9)

    def test_while_it_is_a_matter_of_time_it_is_stopped_and_goes_on_with_nothing_lost(self):
        game = self.count("game")
        group = self.group(game.pid)
        self.hortctl("budget", "set", "mia", "none", "--of", "program:game")
        wait_until("the game to be stopped", lambda: is_frozen(game.pid))
        stands_at = self.counted("game")
        self.assertEqual(run("setpriv", f"--reuid={CHILD}", "--clear-groups", "kill", "-CONT", str(game.pid)).returncode, 0)
        moved = run("setpriv", f"--reuid={CHILD}", "--clear-groups", "sh", "-c", f"echo {game.pid} > /sys/fs/cgroup/unified/cgroup.procs")
        self.assertNotEqual(moved.returncode, 0)
        self.assertLessEqual(self.counted("game"), stands_at + 1, "the child lets nothing go on")
        self.hortctl("bonus", "mia", "30m", "--of", "program:game")
        wait_until("the game to go on", lambda: not is_frozen(game.pid))
        self.goes_on("game")
        self.assertEqual(self.group(game.pid), group, "where it came from")
        self.assertGreater(self.counted("game"), stands_at)

    def test_a_group_that_was_taken_away_meanwhile_is_made_again(self):
        """As systemd does with the group of an application when nobody is in it any more."""
        with open("/proc/self/mountinfo") as f:
            mount = next(line.split()[4] for line in f if " - cgroup2 " in line)
        slice = f"{mount}/hort-test-{os.getpid()}"
        app = slice + "/app-game.scope"
        os.mkdir(slice)
        self.addCleanup(wait_until, "the groups to be empty", lambda: run("rmdir", app, slice).returncode == 0)
        os.chown(slice, CHILD, CHILD)
        os.mkdir(app)
        game = self.count("game")
        with open(app + "/cgroup.procs", "w") as f:
            f.write(str(game.pid))
        self.hortctl("budget", "set", "mia", "none", "--of", "program:game")
        wait_until("the game to be stopped", lambda: is_frozen(game.pid))
        wait_until("nobody to be in it", lambda: run("rmdir", app).returncode == 0)
        self.hortctl("bonus", "mia", "30m", "--of", "program:game")
        wait_until("the game to go on", lambda: not is_frozen(game.pid))
        self.goes_on("game")
        wait_until("it to be where it was", lambda: self.group(game.pid).strip().endswith("/app-game.scope"))
        for path in (app, app + "/cgroup.procs"):
            self.assertEqual(os.stat(path).st_uid, CHILD, "whose it was")
        self.hortctl("budget", "clear", "mia", "--of", "program:game")
        game.kill()
        game.wait()

    def test_what_is_stopped_goes_on_when_hortd_ends_and_is_found_after_a_crash(self):
        game = self.count("game")
        self.hortctl("budget", "set", "mia", "none", "--of", "program:game")
        wait_until("the game to be stopped", lambda: is_frozen(game.pid))
        self.stop_hortd(9)
        self.assertTrue(is_frozen(game.pid), "no daemon, no time")
        self.start_hortd()
        wait_until("the game to be stopped again", lambda: is_frozen(game.pid))
        self.hortctl("budget", "clear", "mia", "--of", "program:game")
        self.goes_on("game")

    def test_children_that_a_program_has_are_stopped_with_it(self):
        """They fork all the time; none is left that runs."""
        game = self.count("game", before=f'(i=0; while :; do "{self.bin}/game" -c "sleep 0.02" & wait; done) & ')
        self.hortctl("budget", "set", "mia", "none", "--of", "program:game")
        wait_until("all to be stopped", lambda: all(is_frozen(pid) for pid in self.games()))
        self.assertIn(game.pid, self.games())
        self.hortctl("budget", "clear", "mia", "--of", "program:game")
        self.hortctl("block", "mia", "program:game")
        wait_until("all to end", lambda: not self.games())

    def games(self):
        out = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/exe") == self.bin + "/game" and os.stat(f"/proc/{pid}").st_uid == CHILD:
                    out.append(int(pid))
            except OSError:
                pass
        return out


class InFirstNamespace(Held):
    """The kernel tells of processes in the machine's first network namespace only: this hortd is there, with an account that is
    nobody else's."""

    settings = {**test_programs.Machine.settings, "fail": "open"}

    def setUp(self):
        super().setUp()
        self.addCleanup(run, *FIRST, "nft", "delete", "table", "inet", "hort")
        self.hortctl("child", "add", "tom", "--age", "13", "--account", "games")

    def hortd_command(self):
        return [*FIRST, *super().hortd_command()]


class Seen(InFirstNamespace):
    def test_what_another_program_runs_is_known_too(self):
        """The kernel asks nobody about a script that is told to its interpreter."""
        script, out = self.folder + "/play.sh", self.folder + "/out"
        with open(script, "w") as f:
            f.write(COUNT.replace("$0", out))
        with open(out, "w"):
            os.chown(out, GAMES, GAMES)
        self.hortctl("block", "tom", "program:play.sh")
        for account, ending in ((GAMES, -9), (OTHER, None)):
            p = subprocess.Popen(["setpriv", f"--reuid={account}", "--clear-groups", "bash", script], stderr=subprocess.DEVNULL)
            self.addCleanup(p.wait)
            self.addCleanup(p.kill)
            if ending:
                self.assertEqual(p.wait(30), ending)
        self.assertIsNone(p.poll())

    def test_a_copy_that_the_kernel_asks_nobody_about_is_ended_at_once(self):
        """From memory, and without a loader."""
        still = self.bin + "/still"
        run("cc", "-static", "-o", still, "-x", "c", "-", stdin="#include <unistd.h>\nint main(void) { for (;;) pause(); }\n", check=True)
        copy = f"import os; fd = os.memfd_create('x'); os.write(fd, open('{self.folder}/copy', 'rb').read()); os.execve(fd, ['x'], {{}})"
        shutil.copy(still, self.folder + "/copy")
        home = self.folder + "/home"
        os.mkdir(home)
        os.chmod(home, 0o777)
        on_its_own = "mount -t {0} m {1} && cp {2}/copy {1}/x && exec {1}/x".format
        # As browsers do it for what they show: from there no file is seen, not even its own.
        shut_in = "import ctypes, os, signal; libc = ctypes.CDLL(None); assert libc.unshare(0x10000000) == 0; os.chroot('/proc/self/fdinfo'); " \
                  "os.write(1, b'in'); signal.pause()"
        browser = subprocess.Popen(["setpriv", f"--reuid={GAMES}", "--clear-groups", sys.executable, "-c", shut_in], stdout=subprocess.PIPE)
        self.addCleanup(browser.wait)
        self.addCleanup(browser.kill)
        self.addCleanup(browser.stdout.close)
        self.assertEqual(browser.stdout.read(2), b"in")
        self.hortctl("block", "tom", still)
        ways = [[sys.executable, "-c", copy],
                ["unshare", "-Urm", "sh", "-c", on_its_own("tmpfs", home, self.folder)],
                ["unshare", "-Urm", "sh", "-c", on_its_own("ramfs", home, self.folder)],
                # What lies on others may keep whoever reads it waiting for ever: there nothing is started while copies are held.
                ["unshare", "-Urm", "sh", "-c", f"mount -t tmpfs t {home} && mkdir {home}/l {home}/o && cp {self.folder}/copy {home}/l/x && "
                                                f"mount -t overlay -o lowerdir={home}/l:{self.bin} o {home}/o && exec {home}/o/x"]]
        for way in ways:
            for account in (GAMES, OTHER):
                with self.subTest(way=way, account=account):
                    p = subprocess.Popen(["setpriv", f"--reuid={account}", "--clear-groups", *way])
                    self.addCleanup(p.wait)
                    self.addCleanup(p.kill)
                    if account == GAMES:
                        self.assertEqual(p.wait(30), -9)
                    else:
                        wait_until("it to run", lambda: os.readlink(f"/proc/{p.pid}/exe").rsplit("/", 1)[1] in ("x", "memfd:x (deleted)"))
                        self.assertIsNone(p.poll())
        self.assertIsNone(browser.poll())


class Copies(Held):
    def configure(self, **more):
        super().configure(**more)
        self.make_unique(self.bin + "/game")
        self.kept = self.folder + "/elsewhere"
        os.mkdir(self.kept)

    def runs(self, path, account=CHILD, before=()):
        return self.by(account, *before, path, "it", "runs").stdout == "it runs\n"

    def copy(self, folder=None):
        path = (folder or self.kept) + "/innocent"
        shutil.copy(self.bin + "/game", path)
        return path

    def mount(self):
        folder = self.folder + "/stick"
        os.mkdir(folder)
        run("mount", "-t", "tmpfs", "stick", folder, check=True)
        self.addCleanup(run, "umount", "-l", folder)
        return folder

    def test_a_rule_for_a_file_holds_its_copies_by_whatever_name(self):
        copy, before = self.copy(), self.copy(self.mount())
        self.assertTrue(self.runs(copy))
        self.assertIn("and its copies", self.hortctl("block", "mia", self.bin + "/game"))
        for path in (self.bin + "/game", copy, before):
            self.assertFalse(self.runs(path), path)
            self.assertTrue(self.runs(path, account=OTHER), path)
            self.assertTrue(self.runs(path, account=0), path)
        self.assertFalse(self.runs(copy, before=("/lib64/ld-linux-x86-64.so.2",)), "by the loader")
        self.assertFalse(self.runs(copy, before=("sh", "-c", 'exec "$0" "$@"')))
        self.assertTrue(self.runs("/bin/echo"), "what is no copy")
        self.assertIn("Copies of 1 program are known", self.hortctl("doctor"))
        self.hortctl("unset", "mia", self.bin + "/game")
        self.assertTrue(self.runs(copy))
        self.assertTrue(self.runs(copy, before=("/lib64/ld-linux-x86-64.so.2",)))

    def test_what_is_mounted_later_is_looked_at_too(self):
        self.hortctl("block", "mia", self.bin + "/game")
        copy = self.copy(self.mount())
        wait_until("the stick to be seen", lambda: not self.runs(copy))
        self.assertTrue(self.runs(copy, account=OTHER))

    def test_a_copy_that_was_changed_is_known_by_what_its_linker_wrote(self):
        self.hortctl("block", "mia", self.bin + "/game")
        copy = self.copy()
        with open(copy, "ab") as f:
            f.write(b"one more")
        self.assertFalse(self.runs(copy))

    def test_a_file_that_becomes_another_one_is_looked_at_again(self):
        self.hortctl("block", "mia", self.bin + "/game")
        path = self.kept + "/tool"
        shutil.copy("/bin/echo", path)
        self.assertTrue(self.runs(path))
        with open(self.bin + "/game", "rb") as f, open(path, "wb") as out:
            out.write(f.read())
        self.assertFalse(self.runs(path))

    def test_what_was_started_before_is_held_by_a_rule_that_comes_later(self):
        """Nobody is asked about a program of root's that is none of a rule's, as long as there is no other rule."""
        self.make_unique(self.bin + "/toy")
        copy = self.kept + "/innocent"
        shutil.copy(self.bin + "/toy", copy)
        self.hortctl("block", "mia", self.bin + "/game")
        for _ in range(3):
            self.assertTrue(self.runs(copy))
        self.hortctl("block", "mia", self.bin + "/toy")
        self.assertFalse(self.runs(copy))
        self.assertTrue(self.runs("/bin/echo"))
        self.hortctl("unset", "mia", self.bin + "/toy")
        for _ in range(3):
            self.assertTrue(self.runs(copy))
        # What is the child's by now may change at any time.
        os.chmod(copy, 0o777)
        self.assertTrue(self.runs(copy))
        with open(self.bin + "/game", "rb") as f, open(copy, "wb") as out:
            out.write(f.read())
        self.assertFalse(self.runs(copy))

    def test_what_lies_where_nobody_can_look_is_ended_and_keeps_nobody_waiting(self):
        hidden = self.own_files("overlay")
        wait_until("it to run", lambda: os.readlink(f"/proc/{hidden.pid}/exe") == self.folder + "/own/above/game")
        copy = self.copy()
        self.hortctl("block", "mia", self.bin + "/game")
        self.assertEqual(hidden.wait(30), -15)
        self.assertFalse(self.runs(copy))
        self.assertTrue(self.runs("/bin/echo"))

    def test_upgrades_of_the_file_are_followed(self):
        self.hortctl("block", "mia", self.bin + "/game")
        self.make_unique(self.bin + "/game")
        copy = self.copy()
        wait_until("the upgrade to be seen", lambda: not self.runs(copy))

    def test_a_lease_keeps_nobody_waiting(self):
        """Who opens a file on which somebody holds a lease (fcntl(2)) waits 45 seconds: not for whoever asks about it."""
        self.hortctl("block", "mia", self.bin + "/game")
        leased = f"{self.folder}/leased"
        shutil.copy("/bin/true", leased)
        os.chown(leased, OTHER, OTHER)
        hold = "import fcntl, os, signal, sys; signal.signal(signal.SIGIO, signal.SIG_IGN); f = os.open(sys.argv[1], os.O_RDWR); " \
               "fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_WRLCK); print('held', flush=True); signal.pause()"
        ended = []
        holder = subprocess.Popen(["setpriv", f"--reuid={OTHER}", "--clear-groups", sys.executable, "-c", hold, leased], stdout=subprocess.PIPE)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.addCleanup(holder.stdout.close)
        self.assertEqual(holder.stdout.readline(), b"held\n")
        with open("/proc/sys/fs/lease-break-time", "r+") as f:
            usual = f.read()
            f.write("600")
        self.addCleanup(run, "sysctl", "-q", "fs.lease-break-time=" + usual.strip())
        threading.Thread(target=self.by, args=(OTHER, leased), daemon=True).start()
        threading.Thread(target=lambda: ended.append(run("/bin/true")), daemon=True).start()
        wait_until("root's program to end", lambda: ended)
        self.assertTrue(self.runs("/bin/echo"))
        self.assertFalse(self.runs(self.bin + "/game"))

    def test_without_a_daemon_nobody_hangs(self):
        self.hortctl("block", "mia", self.bin + "/game")
        copy = self.copy()
        self.assertFalse(self.runs(copy))
        self.stop_hortd(9)
        self.assertTrue(self.runs(copy))


if __name__ == "__main__":
    unittest.main()
