"""A household for end-to-end tests: the real hortd, a real resolver (unbound) with zones of its own, a real web server
(nginx), all on loopback and on free ports. Everything ends with the test."""
import fcntl
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BIN = os.environ["HORT_BIN"]
WORKER = "_hort"
SANITIZED = BIN.endswith(("/asan/bin", "/tsan/bin"))  # sanitizers keep memory of their own
# Wine and sanitizers start slowly; a healthy start takes a fraction of this.
PATIENCE = 30
CRASHES = [-s for s in (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGTRAP)]


def _slot():
    """A number that no other test program has at the same time; the lock ends with the process."""
    for number in range(40):
        try:
            _slot.lock = open(f"{tempfile.gettempdir()}/hort-test-ports-{os.getuid()}-{number}", "w")
            fcntl.flock(_slot.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        except OSError:
            pass
    return os.getpid() % 40


# Below the ports that the kernel gives to outgoing connections (32768 and up), and apart from the other test programs
# that run at the same time: nobody takes a port between looking and listening.
_first_port = 10_000 + _slot() * 500
_next_port = _first_port


def free_port():
    global _next_port
    while True:
        _next_port = _first_port if _next_port >= _first_port + 499 else _next_port + 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind(("127.0.0.1", _next_port))
                tcp.bind(("127.0.0.1", _next_port))
                return _next_port
            except OSError:
                pass


def run(*command, check=False, stdin=None, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60, check=check, input=stdin, **more)


def stop(pid):
    """Stops a process, and waits until all of its threads have stopped: on a busy machine one goes on for a while."""
    os.kill(pid, signal.SIGSTOP)

    def has_stopped():
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] != "T":
                    return False
        return True

    wait_until("the process to stop", has_stopped)


def is_frozen(pid):
    """Whether a process is in a group that hortd made, and the kernel has stopped all of it."""
    with open(f"/proc/{pid}/cgroup") as f:
        group = next(line for line in f if line.startswith("0::"))[3:].strip()
    if "/held-" not in group:
        return False
    with open("/proc/self/mountinfo") as f:
        mount = next(line.split()[4] for line in f if " - cgroup2 " in line)
    with open(f"{mount}{group}/cgroup.events") as f:
        return "frozen 1" in f.read()


def wait_until(what, is_so, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.02)
    raise AssertionError("never came: " + what)


def can_connect(port, address="127.0.0.1"):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex((address, port)) == 0


class Household(unittest.TestCase):
    """Base class. `lists` is {category: {file: text}}."""

    lists = {"gambling": {"own.txt": "casino.test\n"}, "adult": {"own.hosts": "0.0.0.0 www.adult.test\n"}}
    options = ()
    settings = {}  # of hort.json, beside those that the zones need
    web_address = "127.0.0.1"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hort-test-")
        self.processes = []
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(self.end_processes)
        self.data = self.folder + "/data"
        for category, files in self.lists.items():
            os.makedirs(f"{self.data}/lists/{category}")
            for name, text in files.items():
                with open(f"{self.data}/lists/{category}/{name}", "wb") as f:
                    f.write(text if isinstance(text, bytes) else text.encode())
        self.dns, self.proxy, self.upstream, self.web = (free_port() for _ in range(4))
        self.configure()
        self.start_unbound()
        self.start_nginx()
        self.start_hortd()

    def configure(self, **more):
        """hort.json. "test" is a name for special use, and the machine's own addresses are none for public names: both are said to be meant."""
        os.makedirs(self.data, exist_ok=True)
        settings = {"forward": {"test": [f"127.0.0.1:{self.upstream}"]}, "inside_names": ["tiktok.com", "childline.org.uk"], "connect_ports": [443, self.web]}
        with open(self.data + "/hort.json", "w") as f:
            json.dump(settings | self.settings | more, f)

    def tearDown(self):
        self.end_processes()
        said = "".join(self.said(os.path.basename(log)) for log in glob.glob(self.folder + "/hortd*.log"))  # a sanitizer speaks at the end, too
        self.assertFalse("Sanitizer" in said or "runtime error" in said, said)
        self.assertEqual([p.args for p in self.processes if p.returncode in CRASHES], [], said)

    def end_processes(self):
        for p in self.processes:
            if p.poll() is None:
                p.terminate()
        for p in self.processes:
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()

    def spawn(self, *command, log, **more):
        # Beside the data, so that what a process said can be read after it ended.
        with open(f"{self.folder}/{log}", "ab") as out:
            p = subprocess.Popen([str(c) for c in command], stdout=out, stderr=out, **more)
        self.processes.append(p)
        return p

    def said(self, log="hortd.log"):
        with open(f"{self.folder}/{log}", errors="replace") as f:
            return f.read()

    zones = """
  local-zone: "test." static
  local-data: "test. 60 IN SOA ns.test. root.test. 1 3600 600 86400 60"
  local-data: "www.good.test. 300 IN A 127.0.0.1"
  local-data: "www.good.test. 300 IN AAAA ::1"
  local-data: "good.test. 300 IN A 127.0.0.1"
  local-data: "casino.test. 300 IN A 127.0.0.1"
  local-data: "www.casino.test. 300 IN A 127.0.0.1"
  local-data: "www.adult.test. 300 IN A 127.0.0.1"
  local-data: "adult.test. 300 IN A 127.0.0.1"
  local-data: "short.test. 1 IN A 127.0.0.1"
  local-data: "www.videos.test. 300 IN A 127.0.0.1"
  local-zone: "tiktok.com." static
  local-data: "www.tiktok.com. 300 IN A 127.0.0.1"
  local-zone: "childline.org.uk." static
  local-data: "www.childline.org.uk. 300 IN A 127.0.0.1"
""" + "".join(f'  local-data: "large.test. 300 IN A 10.0.{i}.1"\n' for i in range(120))

    def start_unbound(self):
        self.unbound = self.spawn_unbound(self.upstream, self.zones)
        wait_until("unbound", lambda: can_connect(self.upstream))

    def spawn_unbound(self, port, zones, name="unbound", addresses=("127.0.0.1",), within=()):
        """A resolver of its own, not waited for. `within` is the command that runs it elsewhere."""
        path = f"{self.folder}/{name}.conf"
        interfaces = "".join(f"  interface: {address}@{port}\n" for address in addresses)
        with open(path, "w") as f:
            f.write(f"""server:
{interfaces}  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  do-daemonize: no
  chroot: ""
  username: ""
  pidfile: ""
  directory: "{self.folder}"
  use-syslog: no
  logfile: ""
  verbosity: 0
  log-queries: yes
{zones}remote-control:
  control-enable: no
""")
        return self.spawn(*within, shutil.which("unbound") or "/usr/sbin/unbound", "-d", "-c", path, log=name + ".log")

    def more_of_nginx(self):
        """More lines for nginx's one server, which is every host."""
        return ""

    def start_nginx(self):
        os.makedirs(self.folder + "/www")
        with open(self.folder + "/www/index.html", "w") as f:
            f.write("hello from nginx\n")
        path = self.folder + "/nginx.conf"
        temps = "".join(f"  {n}_temp_path {self.folder}/{n};\n" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(path, "w") as f:
            f.write(f"""daemon off;
{"user root;" if os.getuid() == 0 else ""}
worker_processes 1;
pid {self.folder}/nginx.pid;
error_log {self.folder}/nginx.err;
events {{}}
http {{
{temps}  log_format seen '$request_method $host $request_uri $http_x_seen $http_connection $http_via';
  log_format status '$status $request_uri';
  access_log {self.folder}/nginx.seen seen;
  access_log {self.folder}/nginx.status status;
  client_max_body_size 100m;
  server {{
    listen {self.web_address}:{self.web};
    root {self.folder}/www;
    location /upload {{ client_body_in_file_only clean; proxy_pass http://{self.web_address}:{self.web}/; proxy_set_header Host $host; proxy_method GET; }}
{self.more_of_nginx()}  }}
}}
""")
        self.nginx = self.spawn(shutil.which("nginx") or "/usr/sbin/nginx", "-c", path, "-e", self.folder + "/nginx.err", log="nginx.log")
        wait_until("nginx", lambda: can_connect(self.web, self.web_address))

    def change_nginx(self, changes):
        """Replaces texts of nginx's configuration while it runs. The old worker accepts beside the new one for a while: it is waited for."""
        path = self.folder + "/nginx.conf"
        with open(path) as f:
            text = f.read()
        for old, new in changes.items():
            self.assertIn(old, text)
            text = text.replace(old, new)
        with open(path, "w") as f:
            f.write(text)
        before = self.workers_of_nginx()
        self.nginx.send_signal(signal.SIGHUP)
        wait_until("nginx's new worker alone", lambda: (now := self.workers_of_nginx()) and not now & before)

    def workers_of_nginx(self):
        with open(f"/proc/{self.nginx.pid}/task/{self.nginx.pid}/children") as f:
            return set(f.read().split())

    def publish(self, name, source):
        """Puts a file on the web server, with a time of its own: nginx's ETag is the second and the size."""
        self.published = getattr(self, "published", int(time.time()) - 10_000) + 1
        os.utime(source, (self.published, self.published))
        os.makedirs(os.path.dirname(f"{self.folder}/www/{name}"), exist_ok=True)
        os.rename(source, f"{self.folder}/www/{name}")
        return f"http://127.0.0.1:{self.web}/{name}"

    def give_to_worker(self):
        """An installation has the account that hortd's worker is, and its folder belongs to it."""
        adding = ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", WORKER)
        # Another test may be adding it.
        wait_until("the account " + WORKER, lambda: run("id", WORKER).returncode == 0 or run(*adding).returncode == 0)
        os.chmod(self.folder, 0o711)
        for folder, _, names in os.walk(self.data):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                if path != self.data + "/hort.json":
                    shutil.chown(path, WORKER, WORKER)

    def hortd_command(self):
        return [BIN + "/hortd", "--data", self.data, "--dns", f"127.0.0.1:{self.dns}", "--proxy", f"127.0.0.1:{self.proxy}",
                "--upstream", f"127.0.0.1:{self.upstream}", *self.options]

    def start_hortd(self):
        before = self.said().count(">ready ") if os.path.exists(self.folder + "/hortd.log") else 0
        self.hortd = self.spawn(*self.hortd_command(), log="hortd.log")
        wait_until("hortd: " + self.said(), lambda: self.said().count(">ready ") > before or self.hortd.poll() is not None)
        self.assertIsNone(self.hortd.poll(), self.said())

    def stop_hortd(self, number=signal.SIGTERM):
        self.hortd.send_signal(number)
        return self.hortd.wait(PATIENCE)

    # --- what a person types ---

    def hortctl(self, *words, expect=0, **more):
        done = run(BIN + "/hortctl", "--data", self.data, *words, **more)
        self.assertEqual(done.returncode, expect, f"hortctl {words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def ask(self, *words):
        return json.loads(self.hortctl("--json", *words))

    def dig(self, name, *more, **options):
        done = run("dig", "@127.0.0.1", "-p", self.dns, "+time=10", "+tries=1", name, *more, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def address(self, name, *more, **options):
        return self.dig(name, "+short", *more, **options).strip()

    def curl(self, url, *more, **options):
        return run("curl", "-sS", "-m", "30", "-x", f"http://127.0.0.1:{self.proxy}", url, *more, **options)

    def status_code(self, url, *more):
        return self.curl(url, "-o", "/dev/null", "-w", "%{http_code}", *more).stdout

    def web_url(self, host, path="/"):
        return f"http://{host}:{self.web}{path}"
