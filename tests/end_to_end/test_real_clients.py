"""Programs that people have, through the proxy: curl, wget, git, apt and npm, over plain HTTP and over HTTPS, before a real nginx.
npm is no package of the tests (Debian's takes hundreds of others with it, and conflicts with the Node.js that comes with an npm of its own): its test
is left out where there is none, and says so. HORT_HUGE=1 makes the large download 10 GiB."""
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import unittest
from base64 import b64encode
from email.utils import formatdate

from household import SANITIZED, run, wait_until
from secure_web import SecureWeb

MIB = 1 << 20
HUGE = bool(os.environ.get("HORT_HUGE"))
LARGE = (10 << 30) if HUGE else 300 * MIB
HELLO = "hello from nginx\n"


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Clients(SecureWeb):
    def setUp(self):
        super().setUp()
        self.ca, self.address = self.certificates.ca, f"http://127.0.0.1:{self.proxy}"

    def client(self, *command, fails=False, **more):
        """What a program says that has none of this machine's settings."""
        bare = {"PATH": os.environ["PATH"], "HOME": self.folder, "LANG": "C.UTF-8"}
        done = run(*command, cwd=self.folder, env=bare | more.pop("env", {}), **more)
        self.assertEqual(done.returncode != 0, fails, f"{command}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr


class Curl(Clients):
    def more_of_nginx(self):
        return super().more_of_nginx() + "    location /put/ { dav_methods PUT; create_full_put_path on; }\n"

    def curl(self, url, *more, **options):
        return super().curl(url, "--cacert", self.ca, *more, **options)

    def test_curl_gets_pages_in_both_versions_of_http(self):
        plain, secure = self.urls()
        for who in self.as_each_person():
            for url, version, got in ((plain, "--http1.1", "1.1"), (secure, "--http1.1", "1.1"), (secure, "--http2", "2")):
                with self.subTest(f"{who} {url} {version}"):
                    done = self.curl(url, version, "-w", "%{http_version} %{http_code}")
                    self.assertEqual((done.stdout, done.stderr), (f"{HELLO}{got} 200", ""))

    def test_curl_is_refused_a_blocked_site(self):
        for who in self.as_each_person():
            with self.subTest(who):
                codes = [self.curl(url, "-o", "/dev/null", "-w", "%{http_connect} %{http_code}").stdout for url in self.urls(host="www.casino.test")]
                self.assertEqual(codes, ["000 200", "200 200"] if who == "parent" else ["000 403", "403 000"])

    def test_50_mib_from_curl_arrive_as_they_were_sent(self):
        data = b64encode(os.urandom(50 * MIB * 3 // 4))
        sent = self.folder + "/sent"
        with open(sent, "wb") as f:
            f.write(data)
        for who in self.as_each_person():
            for url in self.urls("/put/arrived"):
                for way in (("-T", sent), ("-T", "-", "--http1.1")):  # with its length (over HTTPS as HTTP/2), and in chunks
                    with self.subTest(f"{who} {url} {way}"):
                        done = self.curl(url, *way, "-w", "%{http_code}", stdin=data.decode() if "-" in way else None)
                        self.assertIn(done.stdout, ("201", "204"), done.stderr)
                        self.assertEqual(digest(self.folder + "/www/put/arrived"), digest(sent))
                        os.unlink(self.folder + "/www/put/arrived")

    def test_curl_goes_on_with_a_download_that_broke_off(self):
        whole = self.serve("whole", os.urandom(20 * MIB))
        part = self.folder + "/part"
        got = lambda: os.path.exists(part) and os.path.getsize(part)
        for who in self.as_each_person():
            for url in self.urls("/whole"):
                with self.subTest(f"{who} {url}"):
                    broken = self.spawn("curl", "-sS", "-x", self.address, "--cacert", self.ca, "--limit-rate", "4M", "-o", part, url, log="curl.log")
                    wait_until("a part", lambda: got() > MIB)
                    broken.kill()
                    broken.wait()
                    self.assertLess(got(), 20 * MIB)
                    self.assertEqual(self.curl(url, "-C", "-", "-o", part, "-w", "%{http_code}").stdout, "206")
                    self.assertEqual(digest(part), digest(whole))
                    os.unlink(part)

    def resident(self):
        with open(f"/proc/{self.hortd.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])

    def test_a_large_download_takes_no_memory(self):
        os.truncate(self.serve("large", b""), LARGE)  # a hole: it takes no disk
        for who in self.as_each_person():
            for url in self.urls("/large"):
                with self.subTest(f"{who} {url}"):
                    self.curl(url, "-r", "0-99", "-o", "/dev/null")
                    before = peak = self.resident()
                    with subprocess.Popen(["curl", "-sS", "-x", self.address, "--cacert", self.ca, "-o", "/dev/null", "-w", "%{size_download} %{time_total}",
                                           url], stdout=subprocess.PIPE, text=True) as p:
                        while p.poll() is None:
                            peak = max(peak, self.resident())
                            try:
                                p.wait(0.05)
                            except subprocess.TimeoutExpired:
                                pass
                        size, seconds = p.stdout.read().split()
                    self.assertEqual((p.returncode, int(size)), (0, LARGE))
                    if not SANITIZED:
                        self.assertLess(peak - before, 8 * 1024, "kB")
                    if HUGE:
                        print(f"{who} {url.split(':')[0]}: {LARGE // MIB} MiB in {seconds} s; hortd {before} kB, {peak} kB at most")


class Wget(Clients):
    def wget(self, url, **more):
        return self.client("wget", "-nv", "-O", "-", "-e", "use_proxy=yes", "-e", "http_proxy=" + self.address, "-e", "https_proxy=" + self.address,
                           "--ca-certificate=" + self.ca, "--tries=1", url, **more)

    def test_wget_gets_pages_but_none_of_a_blocked_site(self):
        for who in self.as_each_person():
            for good, blocked in zip(self.urls(), self.urls(host="www.casino.test")):
                with self.subTest(f"{who} {good}"):
                    self.assertIn(HELLO, self.wget(good))
                    if who == "parent":
                        self.assertIn(HELLO, self.wget(blocked))
                    else:
                        self.assertIn("Forbidden", self.wget(blocked, fails=True))


class GitServer(http.server.BaseHTTPRequestHandler):
    """git's own CGI program, behind nginx."""

    protocol_version = "HTTP/1.0"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        field = self.headers.get
        body = self.rfile.read(int(field("Content-Length", 0)))
        done = subprocess.run(["git", "http-backend"], input=body, stdout=subprocess.PIPE, env=dict(
            PATH=os.environ["PATH"], HOME=self.server.folder, GIT_PROJECT_ROOT=self.server.folder, GIT_HTTP_EXPORT_ALL="1",
            REQUEST_METHOD=self.command, PATH_INFO=path.removeprefix("/smart"), QUERY_STRING=query, CONTENT_TYPE=field("Content-Type", ""),
            CONTENT_LENGTH=str(len(body)), HTTP_CONTENT_ENCODING=field("Content-Encoding", ""), GIT_PROTOCOL=field("Git-Protocol", "")))
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Git(Clients):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GitServer)
        super().setUp()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.server.folder = self.folder + "/www"
        self.git("init", "-q", "first")
        with open(self.folder + "/first/noise", "wb") as f:
            f.write(os.urandom(3 * MIB))
        self.commit("first")
        self.git("clone", "-q", "--bare", "first", "www/toys.git")
        self.git("-C", "www/toys.git", "config", "http.receivepack", "true")
        self.git("-C", "www/toys.git", "update-server-info")

    def more_of_nginx(self):
        return super().more_of_nginx() + f"    location /smart/ {{ proxy_pass http://127.0.0.1:{self.server.server_port}; }}\n"

    def git(self, *words, **more):
        settings = (f"http.proxy={self.address}", f"http.sslCAInfo={self.ca}", "user.name=test", "user.email=test@good.test")
        return self.client("git", *(part for setting in settings for part in ("-c", setting)), *words,
                           env={"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}, **more)

    def commit(self, folder):
        self.git("-C", folder, "add", ".")
        self.git("-C", folder, "commit", "-q", "-m", "more")
        return self.git("-C", folder, "rev-parse", "HEAD")

    def test_git_clones_from_files_and_from_a_server_of_its_own(self):
        head = self.git("-C", "first", "rev-parse", "HEAD")
        for who in self.as_each_person():
            for path in ("/toys.git", "/smart/toys.git"):
                for url in self.urls(path):
                    with self.subTest(f"{who} {url}"):
                        self.git("clone", "-q", url, "copy")
                        self.assertEqual(self.git("-C", "copy", "rev-parse", "HEAD"), head)
                        self.assertEqual(digest(self.folder + "/copy/noise"), digest(self.folder + "/first/noise"))
                        shutil.rmtree(self.folder + "/copy")

    def test_git_pushes_more_than_it_buffers(self):
        """Its body then is chunked, after a question with a small one."""
        for who in self.as_each_person():
            for url in self.urls("/smart/toys.git"):
                with self.subTest(f"{who} {url}"):
                    self.git("clone", "-q", url, "copy")
                    with open(self.folder + "/copy/noise", "wb") as f:
                        f.write(os.urandom(3 * MIB))
                    pushed = self.commit("copy")
                    self.git("-C", "copy", "push", "-q")
                    self.assertEqual(self.git("-C", "www/toys.git", "rev-parse", "HEAD"), pushed)
                    shutil.rmtree(self.folder + "/copy")

    def test_git_says_that_a_blocked_site_is_forbidden(self):
        for url in self.urls("/toys.git", "www.casino.test"):
            self.assertIn("403", self.git("clone", "-q", url, "copy", fails=True))


class Apt(Clients):
    def setUp(self):
        super().setUp()
        os.makedirs(self.folder + "/tree/DEBIAN")
        with open(self.folder + "/tree/DEBIAN/control", "w") as f:
            f.write("Package: hort-toy\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <test@good.test>\nDescription: a toy\n")
        with open(self.folder + "/tree/noise", "wb") as f:
            f.write(os.urandom(MIB))
        os.makedirs(self.folder + "/www/apt")
        self.package = self.folder + "/www/apt/hort-toy_1.0_all.deb"
        self.client("dpkg-deb", "--root-owner-group", "-b", "tree", self.package)
        more = f"Filename: ./hort-toy_1.0_all.deb\nSize: {os.path.getsize(self.package)}\nSHA256: {digest(self.package)}\n"
        path = self.serve("apt/Packages", (self.client("dpkg-deb", "-f", self.package) + more).encode())
        self.serve("apt/Release", f"Date: {formatdate(usegmt=True)}\nSHA256:\n {digest(path)} {os.path.getsize(path)} Packages\n".encode())

    def apt(self, url, *words, **more):
        """apt-get with a world of its own in self.folder/apt."""
        root = self.folder + "/apt"
        for name in ("etc/apt.conf.d", "etc/preferences.d", "etc/trusted.gpg.d", "state/lists/partial", "cache/archives/partial"):
            os.makedirs(f"{root}/{name}", exist_ok=True)
        for name, text in (("status", ""), ("etc/sources.list", f"deb [trusted=yes] {url} ./\n"), ("conf", f"""
Dir::Etc "{root}/etc"; Dir::State "{root}/state"; Dir::State::status "{root}/status"; Dir::Cache "{root}/cache";
APT::Sandbox::User ""; Acquire::Retries "0"; Acquire::Languages "none";
Acquire::http::Proxy "{self.address}"; Acquire::https::Proxy "{self.address}"; Acquire::https::CaInfo "{self.ca}";
""")):
            with open(f"{root}/{name}", "w") as f:
                f.write(text)
        return self.client("apt-get", "-q", *words, env={"APT_CONFIG": root + "/conf"}, **more)

    def test_apt_updates_and_downloads_a_package(self):
        for who in self.as_each_person():
            for url in self.urls("/apt"):
                with self.subTest(f"{who} {url}"):
                    self.assertNotIn("W:", self.apt(url, "update"))
                    self.apt(url, "download", "hort-toy")
                    self.assertEqual(digest(self.folder + "/hort-toy_1.0_all.deb"), digest(self.package))
                    os.unlink(self.folder + "/hort-toy_1.0_all.deb")
                    shutil.rmtree(self.folder + "/apt")

    def test_apt_says_that_a_blocked_site_is_forbidden(self):
        for url in self.urls("/apt", "www.casino.test"):
            self.assertIn("403", self.apt(url, "update", "-o", "APT::Update::Error-Mode=any", fails=True))


@unittest.skipUnless(shutil.which("npm"), "there is no npm here")
class Npm(Clients):
    def more_of_nginx(self):
        return super().more_of_nginx() + "    location /npm/ { default_type application/json; }\n"

    def publish_toy(self, registry):
        os.makedirs(self.folder + "/package", exist_ok=True)
        with open(self.folder + "/package/package.json", "w") as f:
            json.dump({"name": "hort-toy", "version": "1.0.0"}, f)
        with open(self.folder + "/package/noise", "wb") as f:
            f.write(os.urandom(MIB))
        os.makedirs(self.folder + "/www/toys", exist_ok=True)
        self.client("tar", "-czf", "www/toys/hort-toy-1.0.0.tgz", "package")
        with open(self.folder + "/www/toys/hort-toy-1.0.0.tgz", "rb") as f:
            integrity = "sha512-" + b64encode(hashlib.sha512(f.read()).digest()).decode()
        toy = {"name": "hort-toy", "version": "1.0.0", "dist": {"tarball": registry.replace("/npm/", "/toys/") + "hort-toy-1.0.0.tgz", "integrity": integrity}}
        self.serve("npm/hort-toy", json.dumps({"name": "hort-toy", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": toy}}).encode())

    def npm(self, registry, *words, **more):
        shutil.rmtree(self.folder + "/home", ignore_errors=True)
        os.makedirs(self.folder + "/home/project")
        with open(self.folder + "/home/.npmrc", "w") as f:
            f.write(f"registry={registry}\nproxy={self.address}\nhttps-proxy={self.address}\ncafile={self.ca}\n"
                    "fetch-retries=0\naudit=false\nfund=false\nupdate-notifier=false\n")
        with open(self.folder + "/home/project/package.json", "w") as f:
            f.write("{}")
        return self.client("npm", "--prefix", self.folder + "/home/project", *words, env={"HOME": self.folder + "/home"}, **more)

    def test_npm_installs_a_package(self):
        for registry in self.urls("/npm/"):
            with self.subTest(registry):
                self.publish_toy(registry)
                self.npm(registry, "install", "hort-toy")
                self.assertEqual(digest(self.folder + "/home/project/node_modules/hort-toy/noise"), digest(self.folder + "/package/noise"))

    def test_npm_says_that_a_blocked_site_is_forbidden(self):
        for registry in self.urls("/npm/", "www.casino.test"):
            with self.subTest(registry):
                self.publish_toy(registry)
                self.assertIn("403", self.npm(registry, "install", "hort-toy", fails=True))


if __name__ == "__main__":
    unittest.main()
