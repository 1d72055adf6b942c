"""Programs as Flatpak and Wine really run them, held by their names. By hand: it needs the packages flatpak, bindfs, wine64 and wine, and
root. A Flatpak is made here from a program and a runtime of one file."""
import os
import shutil
import subprocess
import unittest

import test_running_programs
from household import run, wait_until
from test_running_programs import GAMES

setUpModule = test_running_programs.setUpModule

STILL = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n"
# The system's bus is asked for by 'flatpak install'; any bus will do.
IN_A_SESSION = 'export DBUS_SYSTEM_BUS_ADDRESS="$DBUS_SESSION_BUS_ADDRESS"; exec "$@"'


class Real(test_running_programs.InFirstNamespace):
    def setUp(self):
        for program in ("flatpak", "wine", "bindfs", "dbus-run-session"):
            self.assertTrue(shutil.which(program), f"'{program}' is missing")
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.home = self.folder + "/home"
        os.makedirs(self.home + "/run")
        for folder in (self.home, self.home + "/run"):
            os.chown(folder, GAMES, GAMES)
            os.chmod(folder, 0o700)

    def tearDown(self):
        run("pkill", "-KILL", "-u", str(GAMES))
        super().tearDown()

    def as_tom(self, *words):
        return ["setpriv", f"--reuid={GAMES}", f"--regid={GAMES}", "--clear-groups", "env", "-i", "PATH=/usr/bin:/bin", "WINEDEBUG=-all",
                "HOME=" + self.home, f"XDG_RUNTIME_DIR={self.home}/run", *words]

    def in_a_session(self, *words):
        return self.as_tom("dbus-run-session", "--", "sh", "-c", IN_A_SESSION, "sh", *words)

    def toms(self, name):
        """Processes of Tom's that call themselves so."""
        return run("pgrep", "-u", str(GAMES), "-x", name).stdout.split()

    def start(self, command, name):
        with open(self.folder + "/real.log", "ab") as out:
            p = subprocess.Popen(command, stdout=out, stderr=out)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        wait_until(f"{name} to run", lambda: self.toms(name) or p.poll() is not None)

    def test_a_flatpak_is_known_by_its_id_where_no_group_tells_it(self):
        place = self.folder + "/build"
        for kind, text in (("runtime", "[Runtime]\nname=org.example.Platform\n"),
                           ("app", "[Application]\nname=org.example.Game\ncommand=nameless\n")):
            os.makedirs(f"{place}/{kind}/files/bin")
            os.makedirs(f"{place}/{kind}/export")
            with open(f"{place}/{kind}/metadata", "w") as f:
                f.write(text + "".join(f"{key}=org.example.Platform/x86_64/stable\n" for key in ("runtime", "sdk")))
            run("cc", "-static", "-o", f"{place}/{kind}/files/bin/nameless", "-x", "c", "-", stdin=STILL, check=True)
            run("flatpak", "build-export", *(["--runtime", "--files=files"] if kind == "runtime" else []), place + "/repo",
                f"{place}/{kind}", "stable", check=True)
        run("chmod", "-R", "a+rX", place, check=True)
        run(*self.as_tom("flatpak", "--user", "remote-add", "--no-gpg-verify", "here", f"file://{place}/repo"), check=True)
        run(*self.in_a_session("flatpak", "--user", "install", "-y", "--noninteractive", "here", "org.example.Game"), check=True)
        command = self.in_a_session("flatpak", "run", "org.example.Game")
        self.start(command, "nameless")
        self.assertTrue(self.toms("nameless"))
        self.hortctl("block", "tom", "program:org.example.Game")
        wait_until("what runs to end", lambda: not self.toms("nameless"))
        self.start(command, "nameless")
        wait_until("the next one, too", lambda: not self.toms("nameless"))
        self.hortctl("unset", "tom", "program:org.example.Game")
        self.start(command, "nameless")
        self.assertTrue(self.toms("nameless"))

    def test_what_wine_runs_is_known_by_its_own_name(self):
        for words, name, process in ((("cmd", "/c", "ping -n 600 127.0.0.1"), "ping.exe", "ping"),
                                     (("cmd", "/c", "pause"), "cmd.exe", "cmd.exe")):
            with self.subTest(name):
                self.start(self.as_tom("script", "-qec", "wine " + " ".join(f"'{word}'" for word in words), "/dev/null"), process)
                self.assertTrue(self.toms(process))
                self.hortctl("block", "tom", "program:" + name)
                wait_until("it to end", lambda: not self.toms(process))
                self.hortctl("unset", "tom", "program:" + name)

    def test_nothing_starts_from_a_file_system_of_ones_own_while_copies_are_held(self):
        self.make_unique(self.bin + "/game")
        kept, own = self.home + "/kept", self.home + "/own"
        for folder in (kept, own):
            os.mkdir(folder)
            os.chown(folder, GAMES, GAMES)
        shutil.copy(self.bin + "/game", kept + "/innocent")
        self.addCleanup(os.chmod, "/dev/fuse", os.stat("/dev/fuse").st_mode & 0o777)
        os.chmod("/dev/fuse", 0o666)
        run(*self.as_tom("bindfs", "--no-allow-other", kept, own), check=True)
        self.addCleanup(run, "umount", "-l", own)
        start = self.as_tom(own + "/innocent", "it", "runs")
        self.assertEqual(run(*start).stdout, "it runs\n")
        self.hortctl("block", "tom", self.bin + "/game")
        self.assertEqual(run(*start).stdout, "")


if __name__ == "__main__":
    unittest.main()
