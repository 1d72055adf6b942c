"""Chromium, told of the proxy and not: pages, blocked pages in its language, and WebSockets, before a real nginx."""
import base64
import hashlib
import os
import shutil
import tempfile
import unittest

import test_transparent
from household import PATIENCE, run, wait_until
from origin import Recorder
from secure_web import ACCOUNT, SecureWeb

BLOCKED = {"en": "This site is blocked here", "de": "Diese Seite ist hier gesperrt"}


class Browser(SecureWeb):
    user = ()  # the words before the browser that make it another account's

    def setUp(self):
        super().setUp()
        self.home = tempfile.mkdtemp(prefix="hort-browser-")
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)

    def command(self, *words):
        profile = tempfile.mkdtemp(dir=self.home)
        if self.user:
            shutil.chown(self.home, test_transparent.CHILD)
            shutil.chown(profile, test_transparent.CHILD)
        return [*self.user, "chromium", "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                *(["--no-sandbox"] if os.getuid() == 0 else []), "--user-data-dir=" + profile,
                "--ignore-certificate-errors-spki-list=" + self.certificates.pin("web"), *words]

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.home, "TMPDIR": self.home, "LANG": "C.UTF-8"}

    def browse(self, url, *more):
        """What the browser shows, as HTML."""
        done = run(*self.command("--timeout=20000", *more, "--dump-dom", url), env=self.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def assert_pages(self, *more):
        for url in self.urls():
            self.assertIn("hello from nginx", self.browse(url, *more), url)
        plain, secure = self.urls(host="www.casino.test")
        self.assertIn(BLOCKED["en"], self.browse(plain, *more))
        shown = self.browse(secure, *more)
        for said in ("hello from nginx", BLOCKED["en"]):
            self.assertNotIn(said, shown)
        self.assertNotIn("casino", self.seen())


class Explicit(Browser):
    zones = Browser.zones + '  local-zone: "." static\n'  # of what the browser asks by itself nothing is there

    def setUp(self):
        self.echo = Echo()
        super().setUp()
        self.addCleanup(self.echo.server.close)
        self.through = "--proxy-server=http://127.0.0.1:%d" % self.proxy

    def more_of_nginx(self):
        return super().more_of_nginx() + f"""    location = /chat {{
      proxy_pass http://127.0.0.1:{self.echo.port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }}
"""

    def test_pages_load_and_blocked_ones_do_not(self):
        self.assert_pages(self.through)

    def test_a_grown_up_sees_every_page(self):
        self.hortctl("child", "add", "parent", "--age", "40", "--account", ACCOUNT)
        for host in ("www.good.test", "www.casino.test"):
            for url in self.urls(host=host):
                self.assertIn("hello from nginx", self.browse(url, self.through), url)

    def test_the_page_of_a_blocked_site_is_in_the_browsers_language(self):
        for said, *flags in (("de", "--accept-lang=de"), ("de", "--accept-lang=de-AT,en"), ("en", "--accept-lang=en-GB,de"), ("en", "--accept-lang=fr")):
            with self.subTest(flags):
                shown = self.browse(self.urls(host="www.casino.test")[0], self.through, *flags)
                self.assertIn(f'<html lang="{said}">', shown)
                self.assertIn(BLOCKED[said], shown)
        self.hortctl("child", "add", "mia", "--age", "9", "--account", ACCOUNT)
        self.assertIn("Diese Seite ist für dich zu", self.browse(self.urls(host="www.casino.test")[0], self.through, "--accept-lang=de"))

    def test_a_page_of_its_own_says_what_was_refused_where_the_browser_cannot(self):
        self.hortctl("child", "add", "mia", "--age", "13", "--account", ACCOUNT)
        shown = self.browse(self.urls(host="www.casino.test")[1], self.through)
        self.assertNotIn("gambling", shown.lower())
        own = self.browse("http://hort.home.arpa/", self.through, "--accept-lang=de")
        self.assertIn("<h2>www.casino.test</h2>", own)
        self.assertIn("steht unter „Glücksspiel und Wetten“", own)

    def test_web_sockets_open_plain_and_secure_but_not_to_a_blocked_site(self):
        plain, secure = self.urls("/chat")
        bad_plain, bad_secure = self.urls("/chat", "www.casino.test")
        self.serve("chat.html", f"""<script>
for (const [name, url] of Object.entries({{"plain": "{plain}", "secure": "{secure}", "bad-plain": "{bad_plain}", "bad-secure": "{bad_secure}"}})) {{
  const socket = new WebSocket(url.replace("http", "ws"));
  socket.onopen = () => socket.send("good morning".repeat(20000));
  socket.onmessage = (event) => fetch("/" + name + "/got/" + event.data.length + event.data.slice(-12).replace(" ", "-"));
  socket.onerror = () => fetch("/" + name + "/failed");
}}
</script>""".encode())
        for who in self.as_each_person():
            with self.subTest(who):
                before = len(self.seen())
                browser = self.spawn(*self.command(self.through, self.urls("/chat.html")[0]), log="browser.log", env=self.environment())
                answer = "got/240000gninrom-doog"
                refused = answer if who == "parent" else "failed"
                ends = {"plain": answer, "secure": answer, "bad-plain": refused, "bad-secure": refused}
                wait_until("the web sockets", lambda: all(f" /{name}/{end} " in self.seen()[before:] for name, end in ends.items()))
                browser.terminate()
                browser.wait(PATIENCE)


class Echo(Recorder):
    """A WebSocket server (RFC 6455) that says messages backwards."""

    def serve(self, connection, record):
        with connection.makefile("rb") as f:
            head = b"".join(iter(f.readline, b"\r\n"))
            key = head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            message, is_last = b"", False
            while not is_last:
                first, length = f.read(2)
                is_last, length = first & 0x80, length & 0x7f
                if length > 125:
                    length = int.from_bytes(f.read(2 if length == 126 else 8), "big")
                mask = f.read(4)
                message += bytes(octet ^ mask[i % 4] for i, octet in enumerate(f.read(length)))
            connection.sendall(b"\x81\x7f" + len(message).to_bytes(8, "big") + message[::-1])
            f.read(1)


@unittest.skipUnless(os.getuid() == 0, "needs root, for a network namespace and its firewall")
class Transparent(Browser, test_transparent.Redirected):
    """After the others: the network namespace stays to the end of this process."""

    secure = 443
    user = ("setpriv", f"--reuid={test_transparent.CHILD}", "--clear-groups")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        test_transparent.setUpModule()

    def test_pages_load_and_blocked_ones_do_not(self):
        self.assert_pages("--host-resolver-rules=MAP *.test 192.0.2.1")


if __name__ == "__main__":
    unittest.main()
