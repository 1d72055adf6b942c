"""A household whose time the test moves, and whose sessions are told by a mock of logind on a bus of its own."""
import datetime
import os
import pwd
import socket
import subprocess
import zoneinfo

from household import BIN, Household, can_connect, run, wait_until  # noqa: F401

PLACE = "Europe/Berlin"


class MovedHousehold(Household):
    """`start` is the local time at which hortd starts; `account` is the one that the test runs as, and the child's."""

    start = datetime.datetime(2026, 3, 27, 14, 50)
    uid = os.getuid()
    account = pwd.getpwuid(os.getuid()).pw_name
    sessions = True
    has_worker = False  # hortd is one process
    sync = 1  # whether a time server vouches for the clock
    zones = Household.zones + """
  local-zone: "game.test." static
  local-data: "www.game.test. 3600 IN A 127.0.0.1"
"""

    def setUp(self):
        self.wall = int(self.start.replace(tzinfo=zoneinfo.ZoneInfo(PLACE)).timestamp())
        self.boot = self.awake = 100_000
        self.bus = None
        super().setUp()

    def start_hortd(self):
        if self.sessions and self.bus is None:
            self.start_logind()
        super().start_hortd()

    def spawn(self, *command, log):
        if log != "hortd.log":
            return super().spawn(*command, log=log)
        environment = dict(os.environ, TZ=PLACE, LD_PRELOAD=BIN + "/libmoved_clock.so",
                           MOVED_CLOCK=self.folder + "/clock", MOVED_CLOCK_START=f"{self.wall} {self.boot} {self.awake} {self.sync}",
                           DBUS_SYSTEM_BUS_ADDRESS=self.bus or "unix:path=/nowhere")
        if self.has_worker:
            environment["MOVED_CLOCK_OF_WORKER"] = "1"
        # The clock stands before the sanitizers' own library.
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        with open(f"{self.folder}/{log}", "ab") as out:
            p = subprocess.Popen([str(c) for c in command], stdout=out, stderr=out, env=environment)
        self.processes.append(p)
        return p

    def hortctl(self, *words, **more):
        return super().hortctl(*words, env=dict(os.environ, TZ=PLACE), **more)

    # --- the clock ---

    def move(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            own = self.folder + "/clock-test"
            if os.path.exists(own):
                os.unlink(own)
            s.bind(own)
            os.chmod(own, 0o666)  # hortd's account may be another one
            s.settimeout(30)
            s.sendto(command.encode(), self.folder + "/clock")
            self.assertEqual(s.recv(16), b"ok")

    def go(self, seconds):
        self.wall, self.boot, self.awake = self.wall + seconds, self.boot + seconds, self.awake + seconds
        self.move(f"pass {seconds}")

    def suspend(self, seconds):
        self.wall, self.boot = self.wall + seconds, self.boot + seconds
        self.move(f"sleep {seconds}")

    def set_clock(self, seconds):
        self.wall += seconds
        self.move(f"set {seconds}")

    def set_sync(self, sync):
        self.sync = sync
        self.move(f"sync {sync}")

    def until(self, hour, minute=0, second=0):
        """Goes on to this time today, or tomorrow when it is over."""
        now = datetime.datetime.fromtimestamp(self.wall, zoneinfo.ZoneInfo(PLACE))
        then = now.replace(hour=hour, minute=minute, second=second)
        if then <= now:
            then += datetime.timedelta(days=1)
        self.go(int(then.timestamp()) - self.wall)

    def clock(self):
        return datetime.datetime.fromtimestamp(self.wall, zoneinfo.ZoneInfo(PLACE)).strftime("%a %H:%M:%S")

    # --- logind ---

    def start_logind(self):
        self.bus = f"unix:path={self.folder}/bus"
        super().spawn("dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=" + self.bus, log="bus.log")
        wait_until("the bus", lambda: os.path.exists(self.folder + "/bus"))
        with open(self.folder + "/logind.log", "ab") as out:
            self.logind = subprocess.Popen(
                ["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind"], stdout=out, stderr=out,
                env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus))
        self.processes.append(self.logind)
        wait_until("logind", lambda: self.call_logind("/org/freedesktop/login1", "org.freedesktop.login1.Manager.ListSessions").returncode == 0)
        self.add_session("c1", self.uid, self.account)

    def call_logind(self, path, method, *arguments):
        return run("dbus-send", "--bus=" + self.bus, "--print-reply", "--dest=org.freedesktop.login1", path, method, *arguments)

    def add_session(self, name, uid, account):
        done = self.call_logind("/org/freedesktop/login1", "org.freedesktop.DBus.Mock.AddSession", f"string:{name}",
                                "string:seat0", f"uint32:{uid}", f"string:{account}", "boolean:true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.lock(True, name)

    def set_of_session(self, name, value, session="c1"):
        done = self.call_logind(f"/org/freedesktop/login1/session/{session}", "org.freedesktop.DBus.Properties.Set",
                                "string:org.freedesktop.login1.Session", f"string:{name}", f"variant:{value}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def lock(self, is_locked, name="c1"):
        done = self.call_logind(f"/org/freedesktop/login1/session/{name}", "org.freedesktop.login1.Session.SetLockedHint",
                                f"boolean:{str(is_locked).lower()}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def use(self, is_in_use):
        """The child sits down, or locks the screen; hortd has heard of it when this returns."""
        self.lock(not is_in_use)
        wait_until("hortd to hear of the session", lambda: self.ask("child", "show", "mia")["in_use"] == is_in_use)

    def logind_was_asked(self, method):
        with open(self.folder + "/logind.log") as f:
            return f.read().count(method)

