"""Time runs out in a real session: elogind's own login1, a session by the real su with PAM, a program that runs in it, real rules of
the firewall. hortd's clock alone is moved."""
import ctypes
import datetime
import os
import shutil
import socket
import subprocess
import time
import unittest

import test_enforce
import test_transparent
from household import Household, is_frozen, run, wait_until
from test_enforce import CHILD, OTHER, RESOLVER, WEB
from usage import MovedHousehold

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ELOGIND = ROOT + "/build/elogind"
SHARED = {**os.environ, "LD_LIBRARY_PATH": ELOGIND + "/lib/elogind"}
COUNT = 'while :; do echo >> "$0"; sleep 0.01; done'
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_type="signal"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/></policy></busconfig>
"""


def setUpModule():
    # elogind in place of this machine's session manager would take half of the machine with it: it is only unpacked.
    run(ROOT + "/packaging/unpack", ELOGIND, "elogind", "libelogind0", "libpam-elogind", check=True)
    test_transparent.setUpModule()  # from here on there is no internet
    if ctypes.CDLL(None).unshare(0x20000) != 0:  # CLONE_NEWNS: /run and /etc/pam.d are others here
        raise unittest.SkipTest("it needs root")
    run("mount", "--make-rprivate", "/", check=True)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run", check=True)
    for folder in ("dbus", "user", "systemd"):
        os.mkdir("/run/" + folder)
    shutil.copytree("/etc/pam.d", "/run/pam.d")
    with open("/run/pam.d/su", "a") as f:
        f.write(f"session required {ELOGIND}/lib/x86_64-linux-gnu/security/pam_elogind.so\n")
    run("mount", "--bind", "/run/pam.d", "/etc/pam.d", check=True)
    with open("/run/bus.conf", "w") as f:
        f.write(BUS)


class Session(MovedHousehold, test_enforce.Machine):
    sessions = False  # of the mock
    has_worker = True
    zones = test_enforce.Machine.zones
    start = datetime.datetime(2026, 3, 27, 14, 50)
    at_end = "freeze"

    def setUp(self):
        with open("/run/log", "ab") as log:
            for command, environment, is_there in (
                    (["dbus-daemon", "--config-file=/run/bus.conf", "--nofork", "--nopidfile"], os.environ, lambda: os.path.exists("/run/dbus/system_bus_socket")),
                    ([ELOGIND + "/lib/elogind/elogind"], SHARED, lambda: "c" in self.login1("org.freedesktop.DBus.Peer.GetMachineId").stdout)):
                p = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
                self.addCleanup(p.wait)
                self.addCleanup(p.kill)
                wait_until(command[0], is_there)
        self.addCleanup(lambda: os.path.exists("/run/dbus/system_bus_socket") and os.unlink("/run/dbus/system_bus_socket"))
        super().setUp()

    def hortd_command(self):
        return Household.hortd_command(self)  # what moves the clock begins with the first program of a command

    def start_hortd(self):
        self.bus = "unix:path=/run/dbus/system_bus_socket"
        super().start_hortd()

    def login1(self, method, path="/org/freedesktop/login1"):
        return run("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.login1", path, method)

    def log_in(self):
        """A session in which a program counts."""
        os.chmod(self.folder, 0o755)
        self.hortctl("child", "set", "mia", "--at-end", self.at_end)
        self.hortctl("hours", "set", "mia", "daily", "08:00-15:00")
        self.out = self.folder + "/count"
        with open(self.out, "w"):
            os.chown(self.out, CHILD, CHILD)
        su = subprocess.Popen(["su", "-s", "/bin/sh", "nobody", "-c", COUNT, self.out], env={**SHARED, "XDG_SESSION_CLASS": "user"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(su.wait)
        self.addCleanup(su.kill)
        self.addCleanup(run, "pkill", "-KILL", "-u", str(CHILD), "-f", self.out)
        wait_until("the program to count", lambda: self.counted() > 2)
        wait_until("hortd to hear of the session", lambda: self.ask("child", "show", "mia")["in_use"])
        return su

    def counted(self):
        return os.path.getsize(self.out)

    def goes_on(self):
        before = self.counted()
        wait_until("the program to go on", lambda: self.counted() > before + 2)

    def is_stopped(self):
        pids = run("pgrep", "-u", str(CHILD), "-f", self.out).stdout.split()
        return bool(pids) and all(is_frozen(pid) for pid in pids)

    def test_the_time_runs_out_and_comes_back_and_nothing_is_lost(self):
        self.log_in()
        monitor = subprocess.Popen(["dbus-monitor", "--system", "interface=org.freedesktop.login1.Session"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(monitor.stdout.close)
        self.addCleanup(monitor.wait)
        self.addCleanup(monitor.kill)
        self.until(14, 55)
        wait_until("the first warning", lambda: self.said().count("time ends soon") >= 1)
        self.until(14, 59)
        wait_until("the second warning", lambda: self.said().count("time ends soon") >= 2)
        self.until(14, 59, 59)
        self.goes_on()
        self.assertEqual(self.reach(CHILD, "tcp", WEB[0], 22), "reached")
        self.until(15, 0, 0)
        began = time.monotonic()
        wait_until("the program to be stopped", self.is_stopped)
        stopped_after = time.monotonic() - began
        stands_at = self.counted()
        self.assertRegex(self.reach(CHILD, "tcp", WEB[0], 22), "no: ")
        self.assertEqual(self.ask_dns(CHILD, RESOLVER[0], "www.childline.org.uk"), WEB[0], "help is there")
        self.assertEqual(self.reach(OTHER, "tcp", WEB[0], 22), "reached")
        self.assertLessEqual(self.counted(), stands_at + 1)
        for line in monitor.stdout:
            if "member=Lock" in line:
                break
        self.hortctl("bonus", "mia", "20m")
        began = time.monotonic()
        self.goes_on()
        print(f"\nstopped {stopped_after:.2f} s after the end, counting again {time.monotonic() - began:.2f} s after the bonus")
        self.assertEqual(self.reach(CHILD, "tcp", WEB[0], 22), "reached")
        self.assertGreater(self.counted(), stands_at)
        self.assertFalse(self.is_stopped())


class End(Session):
    def test_the_time_runs_out_and_comes_back_and_nothing_is_lost(self):
        """What is stopped stays so after a crash, and goes on when a guardian ends hortd."""
        self.log_in()
        self.until(15, 0, 0)
        wait_until("the program to be stopped", self.is_stopped)
        self.stop_hortd(9)
        self.assertTrue(self.is_stopped())
        self.start_hortd()
        self.assertTrue(self.is_stopped())
        self.stop_hortd()
        self.goes_on()


class Told(Session):
    def test_the_time_runs_out_and_comes_back_and_nothing_is_lost(self):
        """Who tells the child is a process of the child's account: it has nothing of the daemon's."""
        self.log_in()
        os.makedirs(f"/run/user/{CHILD}", exist_ok=True)
        with socket.socket(socket.AF_UNIX) as bus:  # that takes the call and never answers
            bus.bind(f"/run/user/{CHILD}/bus")
            os.chmod(f"/run/user/{CHILD}/bus", 0o777)
            bus.listen()
            bus.settimeout(30)
            self.until(14, 55)
            held, _ = bus.accept()
            with held:
                (pid,) = run("pgrep", "-u", str(CHILD), "-f", "deliver-notification").stdout.split()
                files = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        self.assertEqual([f for f in files if "hort.db" in f or "fanotify" in f or "netlink" in f], [])
        self.assertEqual(sum(f.startswith("socket:") for f in files), 1, files)


class LogOut(Session):
    at_end = "log-out"

    def test_the_time_runs_out_and_comes_back_and_nothing_is_lost(self):
        su = self.log_in()
        self.until(15, 0, 0)
        su.wait(30)
        wait_until("everything of the session to end", lambda: not run("pgrep", "-u", str(CHILD), "-f", self.out).stdout)


if __name__ == "__main__":
    unittest.main()
