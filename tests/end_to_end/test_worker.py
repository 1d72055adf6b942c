"""hortd in two parts: what strangers send is read by a process that may do nothing, and what is held stays held when that one dies."""
import fcntl
import os
import re
import signal
import socket
import stat
import subprocess
import unittest

import test_enforce
import test_programs
from household import BIN, SANITIZED, WORKER, run, wait_until
from test_enforce import CHILD, OTHER, RESOLVER, WEB

setUpModule = test_enforce.setUpModule


def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(re.findall(r"^(\w+):[ \t]*(.*)$", f.read(), re.M))


class Worker(test_programs.Machine):
    def worker(self):
        return next((int(pid) for pid in run("pgrep", "-P", str(self.hortd.pid), "-u", WORKER).stdout.split()), None)

    def restarted(self, before):
        wait_until("another worker", lambda: self.worker() not in (None, before))
        wait_until("it to be ready", lambda: run(BIN + "/hortctl", "--data", self.data, "status").returncode == 0)

    def test_who_reads_what_strangers_send_may_do_nothing(self):
        monitor, worker = status_of(self.hortd.pid), status_of(self.worker())
        account = run("id", "-u", WORKER).stdout.strip()
        self.assertEqual(worker["Uid"].split(), [account] * 4)
        self.assertEqual(worker["Groups"], "")
        self.assertEqual([int(worker[key], 16) for key in ("CapEff", "CapPrm", "CapInh", "CapAmb")], [1 << 10, 1 << 10, 0, 0], "ports below 1024 alone")
        self.assertEqual((worker["NoNewPrivs"], worker["Seccomp"]), ("1", "2"))
        self.assertEqual(monitor["Uid"].split(), ["0"] * 4)
        # No socket of the monitor is one that others reach.
        sockets = run("ss", "-Hlnp", "-A", "inet,unix").stdout
        self.assertIn(f"pid={self.worker()},", sockets)
        self.assertNotIn(f"pid={self.hortd.pid},", sockets)
        self.assertEqual(os.stat(self.data + "/hort.db").st_uid, int(account))

    def test_whoever_takes_it_over_gets_nothing_else(self):
        os.symlink("/usr/bin/true", self.data + "/program")
        said = run(BIN + "/confined", self.data, check=True).stdout
        for line in said.splitlines():
            what, _, is_done = line.partition(": ")
            allowed = ("keeps what is its own", "reads settings of the machine", "has threads", "has sockets of the internet")
            # What the sanitizers need is open in their builds: there is no Landlock, and programs may be started.
            if SANITIZED and what in ("reads what everybody may", "writes elsewhere", "starts a program", "starts a program of its own folder", "has a process beside it", "writes its code"):
                continue
            self.assertEqual(is_done, "yes" if what in allowed else "no", what)
        self.assertEqual(len(said.splitlines()), 18, said)

    def test_a_guardian_gives_it_files_that_it_may_not_open(self):
        self.hortctl("block", "mia", "casino.test")
        home = self.folder + "/closed"
        os.mkdir(home, 0o700)
        self.hortctl("export", "-o", home + "/all.json")
        self.hortctl("unset", "mia", "casino.test")
        self.assertIn("is taken over", self.hortctl("import", home + "/all.json", "--replace"))
        self.assertIn("casino.test", self.hortctl("child", "show", "mia"))
        with open(home + "/x.hortbundle", "wb") as f:
            f.write(b"no bundle")
        self.assertIn("bundle", self.hortctl("rules", "install", home + "/x.hortbundle", expect=1))
        os.mkfifo(home + "/pipe")
        writer = os.open(home + "/pipe", os.O_RDWR)  # so that it opens
        self.addCleanup(os.close, writer)
        self.assertIn("it is no file", self.hortctl("import", home + "/pipe", expect=1))
        self.assertIn("No such file", self.hortctl("import", home + "/none.json", expect=2))

    def test_what_is_held_stays_held_while_the_worker_is_away(self):
        self.hortctl("block", "mia", "program:game")
        self.assertFalse(self.runs())
        for number in range(3):
            before = self.worker()
            os.kill(self.hortd.pid, signal.SIGSTOP)  # so that nobody starts another one now
            os.kill(before, signal.SIGKILL)
            wait_until("its end", lambda: not os.path.exists(f"/proc/{before}/fd/3"))
            # The guard is a thread of the monitor, and the firewall is the kernel's.
            self.assertRegex(self.reach(CHILD, "tcp", RESOLVER[0], 853), "no: ")
            self.assertRegex(self.reach(CHILD, "tcp", WEB[0], 80), "no: ")
            os.kill(self.hortd.pid, signal.SIGCONT)
            self.assertFalse(self.runs())
            self.restarted(before)
            self.assertFalse(self.runs())
            self.assertTrue(self.runs(account=OTHER))
        self.assertEqual(self.said().count("the worker died; it is started anew"), 3)
        self.hortctl("unset", "mia", "program:game")
        self.assertTrue(self.runs())

    def test_the_worker_does_not_outlive_the_monitor(self):
        worker = self.worker()
        self.hortd.kill()
        self.hortd.wait()
        wait_until("its end", lambda: not os.path.exists(f"/proc/{worker}") or status_of(worker)["State"].startswith("Z"))
        self.start_hortd()
        self.assertIn("mia", self.hortctl("status"))

    def test_a_worker_that_cannot_start_says_why_and_ends_hortd(self):
        self.stop_hortd()
        with open(self.data + "/hort.db", "wb") as f:
            f.write(b"no database")
        os.chmod(self.data + "/hort.db", 0)
        hortd = self.spawn(*self.hortd_command(), log="other.log")
        self.assertEqual(hortd.wait(30), 1)
        self.assertIn("not started", self.said("other.log"))

    def test_root_takes_no_settings_from_the_worker(self):
        self.stop_hortd()
        run("chown", WORKER, self.data + "/hort.json", check=True)
        done = subprocess.run(self.hortd_command(), capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("belongs to somebody else than root", done.stderr)

    def test_root_does_not_read_what_a_worker_wrote_without_a_worker(self):
        """It may have taken away the settings that say so."""
        self.stop_hortd()
        os.remove(self.data + "/hort.json")
        done = run(BIN + "/hortd", "--data", self.data, "--dns", f"127.0.0.1:{self.dns}", "--proxy", f"127.0.0.1:{self.proxy}")
        self.assertEqual(done.returncode, 2)
        self.assertIn("it belongs to _hort", done.stderr)

    def test_a_second_one_says_that_there_is_one_and_changes_nothing(self):
        self.hortctl("block", "mia", "program:game")
        done = subprocess.run(self.hortd_command(), capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another hortd runs with this data folder", done.stderr)
        self.assertFalse(self.runs())
        self.assertNotIn("deleted by somebody", self.said())

    def test_it_waits_for_the_worker_of_one_that_was_killed(self):
        self.stop_hortd(9)
        before = self.said().count(">ready ")
        # As a worker has it that takes its time.
        folder = os.open(self.data, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self.hortd = self.spawn(*self.hortd_command(), log="hortd.log")
            wait_until("it to wait", lambda: self.is_waiting_for_a_lock(self.hortd.pid))
        finally:
            os.close(folder)
        wait_until("it to be ready", lambda: self.said().count(">ready ") > before)

    @staticmethod
    def is_waiting_for_a_lock(pid):
        with open("/proc/locks") as f:
            return any("-> FLOCK" in line and f" {pid} " in line for line in f)

    def test_the_service_manager_hears_of_the_worker(self):
        self.stop_hortd()
        path = self.folder + "/notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            os.chmod(path, 0o777)
            manager.settimeout(30)
            heard = []
            hortd = self.spawn(*self.hortd_command(), log="other.log", env=dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC="300000", WATCHDOG_PID="1"))
            while heard.count("WATCHDOG=1") < 3:
                heard.append(manager.recv(100).decode())
            self.assertEqual(heard[0], "READY=1")
            hortd.terminate()
            while heard[-1] != "STOPPING=1":
                heard.append(manager.recv(100).decode())
            self.assertEqual(hortd.wait(30), 0)

    def test_an_installation_makes_the_account_and_its_folders(self):
        root, packaging = self.folder + "/machine", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packaging")
        os.makedirs(root + "/etc")
        run("systemd-sysusers", "--root=" + root, packaging + "/hort.sysusers", check=True)
        with open(root + "/etc/passwd") as f:
            account = next(line.split(":") for line in f if line.startswith(WORKER + ":"))
        self.assertEqual(account[6].strip(), "/usr/sbin/nologin")
        run("systemd-tmpfiles", "--create", "--root=" + root, packaging + "/hort.tmpfiles", check=True)
        for path, mode in (("/var/lib/hort", 0o700), ("/run/hort", 0o755)):
            info = os.stat(root + path)
            self.assertEqual((info.st_uid, stat.S_IMODE(info.st_mode)), (int(account[2]), mode))

    def test_doctor_says_whether_it_is_two_parts(self):
        self.assertIn("What strangers send is read by the account _hort", self.hortctl("doctor"))


if __name__ == "__main__":
    unittest.main()
