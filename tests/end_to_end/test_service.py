"""hort.service as an installation has it, under systemd itself: a machine of its own in namespaces, over this one's files.

As root, and by hand (it is no CTest test: not every machine lends itself to this): HORT_BIN=build/dev/bin tests/end_to_end/test_service.py"""
import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import household

BIN = os.environ["HORT_BIN"]
BUILD = os.path.dirname(os.path.abspath(BIN))
# systemd's watchdog takes half a minute.
wait_until = functools.partial(household.wait_until, patience=60)
COUNT = "while :; do echo >> /tmp/{0}; sleep 0.05; done"

# Runs as the first process of new namespaces: the machine's file systems, then systemd in its place.
BOOT = """set -e
mount --make-rprivate /
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 run run
mount -t tmpfs tmp tmp
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
ip link set lo up
exec env -i container=hort TERM=linux PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd --unit=multi-user.target
"""


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hort-machine-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.host("mount", "-t", "tmpfs", "machine", cls.folder)
        cls.addClassCleanup(subprocess.run, ["umount", "-l", cls.folder])
        cls.root = cls.folder + "/root"
        for name in ("upper", "work", "root"):
            os.mkdir(f"{cls.folder}/{name}")
        cls.host("mount", "-t", "overlay", "-o", f"lowerdir=/,upperdir={cls.folder}/upper,workdir={cls.folder}/work", "overlay", cls.root)
        cls.addClassCleanup(subprocess.run, ["umount", "-l", cls.root])
        cls.install()
        cls.group = cls.cgroups() + "/" + os.path.basename(cls.folder)
        os.mkdir(cls.group)
        cls.addClassCleanup(cls.remove_groups)
        with open(cls.folder + "/boot", "w") as f:
            f.write(BOOT)
        holder = f"echo $$ > {cls.group}/cgroup.procs && exec unshare -p -m -n -i -u -C --fork --kill-child sh {cls.folder}/boot"
        cls.machine = subprocess.Popen(["sh", "-c", holder], cwd=cls.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.machine.wait)
        cls.addClassCleanup(cls.machine.kill)
        wait_until("systemd", lambda: cls.inside("true").returncode == 0)
        wait_until("hort.service", lambda: cls.say("systemctl", "is-active", "hort") == "active")

    @classmethod
    def host(cls, *words):
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    @staticmethod
    def cgroups():
        with open("/proc/self/mountinfo") as f:
            return next(line.split()[4] for line in f if " - cgroup2 " in line)

    @classmethod
    def remove_groups(cls):
        wait_until("the groups to be empty", lambda: subprocess.run(["find", cls.group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], capture_output=True).returncode == 0
                   and not os.path.exists(cls.group))

    @classmethod
    def install(cls):
        """As the README says."""
        cls.host("env", "DESTDIR=" + cls.root, "cmake", "--install", BUILD, "--prefix", "/usr")
        within = ["chroot", cls.root]
        shutil.rmtree(cls.root + "/etc/systemd/system/multi-user.target.wants", ignore_errors=True)
        units = ("systemd-udevd", "systemd-udev-trigger", "systemd-timesyncd", "getty@tty1", "console-getty", "systemd-networkd", "e2scrub_all.timer", "apt-daily.timer")
        subprocess.run([*within, "systemctl", "--root=/", "mask", *units], capture_output=True)
        subprocess.run([*within, "userdel", "_hort"], capture_output=True)
        subprocess.run([*within, "userdel", "hort-mia"], capture_output=True)
        cls.host(*within, "systemd-sysusers")
        cls.host(*within, "useradd", "--create-home", "hort-mia")
        cls.host(*within, "systemctl", "--root=/", "enable", "hort")
        if os.path.lexists(cls.root + "/etc/resolv.conf"):
            os.remove(cls.root + "/etc/resolv.conf")
        with open(cls.root + "/etc/resolv.conf", "w") as f:
            f.write("nameserver 192.0.2.53\n")

    @classmethod
    def enter(cls):
        """The words before a command that runs it there; nothing while there is no systemd yet."""
        with open(f"/proc/{cls.machine.pid}/task/{cls.machine.pid}/children") as f:
            first = f.read().split()
        return ["nsenter", "-t", first[0], "-m", "-p", "-n", "-i", "-u", "-C", "-r", "-w"] if first else []

    @classmethod
    def inside(cls, *words):
        enter = cls.enter()
        if not enter:
            return subprocess.CompletedProcess(words, 1, "", "not yet")
        return subprocess.run([*enter, *words], capture_output=True, text=True, timeout=60)

    @classmethod
    def say(cls, *words):
        done = cls.inside(*words)
        return (done.stdout + done.stderr).strip()

    def parts(self):
        """The monitor and the worker."""
        main = self.say("systemctl", "show", "-p", "MainPID", "--value", "hort")
        return main, self.say("pgrep", "-u", "_hort")

    def restarted(self, before):
        def is_so():
            now = self.parts()
            return re.fullmatch(r"\d+", now[1]) and now[1] != before[1] and self.say("systemctl", "is-active", "hort") == "active"
        wait_until("another one", is_so)

    def test_1_it_runs_in_two_parts_each_shut_in(self):
        monitor, worker = self.parts()
        self.assertRegex(self.say("cat", f"/proc/{worker}/status"), r"CapEff:\s0*400\n")
        for part in (monitor, worker):
            self.assertRegex(self.say("cat", f"/proc/{part}/status"), r"Seccomp:\s2\n")
        self.say("hortctl", "child", "add", "mia", "--age", "12", "--account", "hort-mia")
        self.assertIn("is read by the account _hort", self.say("hortctl", "doctor"))
        self.assertIn("table inet hort", self.say("nft", "list", "tables"))

    def test_2_a_child_can_neither_end_it_nor_command_it(self):
        for words in ("systemctl stop hort", "hortctl pause mia", f"kill -9 {' '.join(self.parts())}"):
            self.assertNotEqual(self.inside("su", "hort-mia", "-s", "/bin/sh", "-c", words).returncode, 0, words)
        self.assertEqual(self.say("systemctl", "is-active", "hort"), "active")

    def test_2_programs_are_held_wherever_they_lie(self):
        with open(self.root + "/toy.c", "w") as f:
            f.write('#include <stdio.h>\nint main(void) { puts("it runs"); }\n')
        self.assertEqual(self.say("cc", "-o", "/tmp/toy", "/toy.c"), "")
        tries = ("/tmp/toy", "/home/hort-mia/copy", "/lib64/ld-linux-x86-64.so.2 /home/hort-mia/copy",
                 "/home/hort-mia/ld /home/hort-mia/copy")

        def run(words, account="hort-mia"):
            return self.say("su", account, "-s", "/bin/sh", "-c", words)
        self.assertEqual(run("cp /tmp/toy ~/copy; cp /lib64/ld-linux-x86-64.so.2 ~/ld; ls ~"), "copy\nld")
        for words in tries:
            self.assertEqual(run(words), "it runs", words)
        self.assertIn("and its copies", self.say("hortctl", "block", "mia", "/tmp/toy"))
        for words in tries:
            self.assertNotIn("it runs", run(words), words)
            self.assertEqual(run(words, "root"), "it runs", words)
        self.assertEqual(run("echo other programs"), "other programs")
        self.say("hortctl", "unset", "mia", "/tmp/toy")
        self.assertEqual(run(tries[0]), "it runs")

    def test_3_whatever_dies_or_hangs_comes_back(self):
        for who, number in ((1, "-KILL"), (0, "-KILL"), (1, "-STOP")):
            before = self.parts()
            self.say("kill", number, before[who])
            self.restarted(before)
        self.assertEqual(self.say("systemctl", "show", "-p", "NRestarts", "--value", "hort"), "2", "the worker's death is the monitor's to mend")

    def test_4_a_session_with_its_own_manager_is_frozen_and_goes_on(self):
        self.say("hortctl", "child", "set", "mia", "--at-end", "freeze")
        session = ("export XDG_RUNTIME_DIR=/run/user/$(id -u); systemd-run --user --unit app-game --slice app.slice sh -c '" + COUNT.format("game") + "'; " +
                   COUNT.format("plain"))
        child = subprocess.Popen([*self.enter(), "env", "XDG_SESSION_CLASS=user", "XDG_SESSION_TYPE=tty", "su", "hort-mia", "-s", "/bin/sh", "-c", session],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        self.addCleanup(child.send_signal, signal.SIGKILL)

        def counted():
            return [int(n) for n in re.findall(r"^(\d+)", self.say("wc", "-l", "/tmp/game", "/tmp/plain"), re.M)[:2]]

        def go_on():
            before = counted()
            wait_until("both to go on", lambda: len(counted()) == 2 and all(a > b + 3 for a, b in zip(counted(), before)))
        wait_until("both to count", lambda: len(counted()) == 2)
        go_on()
        self.say("hortctl", "pause", "mia")

        def stand():
            before = counted()
            time.sleep(1)
            return counted() == before
        wait_until("both to stand", stand)
        self.say("hortctl", "resume", "mia")
        go_on()
        self.assertIn("app-game.service", self.say("systemd-cgls", "--no-pager", "-u", "user.slice"), "in its own group")

    def test_5_it_ends_in_order(self):
        self.say("systemctl", "stop", "hort")
        self.assertEqual(self.say("systemctl", "show", "-p", "Result", "--value", "hort"), "success")
        self.assertIn("table inet hort", self.say("nft", "list", "tables"), "closed without it")
        self.assertEqual(self.say("pgrep", "-u", "_hort"), "")


if __name__ == "__main__":
    unittest.main()
