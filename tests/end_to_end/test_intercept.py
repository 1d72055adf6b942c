"""Looking into TLS: off by default; with it, https is filtered like http, for the supervised only, and never where it must not be."""
import os
import re
import socket
import ssl
import stat
import unittest

from household import Household, run
from secure_web import SecureWeb

PAGE = "hello from nginx\n"


class Intercept(SecureWeb):
    settings = {"inside_names": ["childline.org.uk", "bing.com", "paypal.com"]}
    zones = Household.zones + """
  local-zone: "bing.com." static
  local-data: "www.bing.com. 300 IN A 127.0.0.1"
  local-data: "strict.bing.com. 300 IN A 127.0.0.1"
  local-zone: "paypal.com." static
  local-data: "www.paypal.com. 300 IN A 127.0.0.1"
"""
    is_on = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates.issue("web", ",".join("DNS:" + name for name in ("www.good.test", "good.test", "www.casino.test", "www.bing.com", "www.paypal.com",
                                                                          "www.childline.org.uk")))

    def configure(self, **more):
        super().configure(**({"trusted_certificates": self.certificates.ca} | more))

    def setUp(self):
        super().setUp()
        self.hortctl("child", "add", "mia", "--age", "13", "--device", "127.0.0.1")
        if self.is_on:
            self.said_on = self.hortctl("intercept", "on")
        self.authority = self.data + "/authority.pem"

    def get(self, host="www.good.test", path="/", *more, ours=True):
        """Status and page of a browser that trusts our authority, or the site's own alone."""
        done = self.curl(self.urls(path, host)[1], "--cacert", self.authority if ours else self.certificates.ca, "-w", "\n%{http_code}", *more)
        if done.returncode != 0:
            return f"curl {done.returncode}", done.stderr
        body, _, code = done.stdout.rpartition("\n")
        return code, body

    def tunnel(self, host="www.good.test"):
        s = socket.create_connection(("127.0.0.1", self.proxy), timeout=20)
        self.addCleanup(s.close)
        s.sendall(f"CONNECT {host}:{self.secure} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        self.assertIn(b" 200 ", head)
        return s

    def certificate(self, host="www.good.test"):
        """What the server shows, as openssl prints it."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(self.tunnel(host), server_hostname=host) as s:
            pem = ssl.DER_cert_to_PEM_cert(s.getpeercert(True))
        return pem, run("openssl", "x509", "-noout", "-text", stdin=pem).stdout


class On(Intercept):
    def test_turning_it_on_says_what_it_means_and_how_to_install_the_certificate(self):
        for said in ("What this means", "Never looked into", "update-ca-certificates", "Fingerprint"):
            self.assertIn(said, self.said_on)
        fingerprint = run("openssl", "x509", "-in", self.authority, "-noout", "-fingerprint", "-sha256").stdout.split("=")[1].strip()
        self.assertIn(fingerprint, self.said_on)
        self.assertEqual(self.ask("intercept", "status")["fingerprint"], fingerprint)
        self.assertEqual(self.hortctl("intercept", "certificate").strip(), open(self.authority).read().strip())
        self.hortctl("intercept", "on")
        self.assertIn(fingerprint, self.hortctl("intercept", "on"), "the same one again")

    def test_the_key_is_the_daemons_alone_and_goes_nowhere(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.data + "/authority.key").st_mode), 0o600)
        self.assertNotIn("PRIVATE", self.hortctl("intercept", "certificate") + self.hortctl("export"))
        before = self.ask("intercept", "status")["fingerprint"]
        self.assertNotEqual(self.ask("intercept", "renew")["fingerprint"], before)
        self.assertEqual(self.get()[0], "200", "the new one is in use")

    def test_certificates_are_what_browsers_take(self):
        pem, text = self.certificate()
        path = self.folder + "/leaf.pem"
        with open(path, "w") as f:
            f.write(pem)
        done = run("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "www.good.test", "-CAfile", self.authority, path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("NIST CURVE: P-256", text)
        self.assertIn("DNS:www.good.test", text)
        self.assertEqual(run("openssl", "x509", "-in", path, "-noout", "-checkend", 199 * 86400).returncode, 1, "199 days at most")
        authority = run("openssl", "x509", "-in", self.authority, "-noout", "-text").stdout
        self.assertRegex(authority, r"Name Constraints: critical\s+Excluded:\s+DNS:")
        for name in ("childline.org.uk", "paypal.com"):
            self.assertIn("DNS:" + name, authority)
        self.assertNotEqual(self.certificate("good.test")[1], text)

    def test_https_is_filtered_like_http(self):
        self.assertEqual(self.get(), ("200", PAGE))
        for rule in ("page:www.good.test/forum", "search:how to cheat", "download:exe"):
            self.hortctl("block", "mia", rule)
        for host, path in (("www.good.test", "/forum/1"), ("www.bing.com", "/search?q=cheat+how+to"), ("www.good.test", "/a.exe")):
            code, page = self.get(host, path)
            self.assertEqual(code, "403", path)
            self.assertIn("There is a rule of your own profile", page)
        self.get("www.bing.com", "/search?q=cats&adlt=off")
        self.assertIn("GET www.bing.com /search?q=cats&adlt=strict ", self.seen())
        self.assertNotIn("cheat", self.seen())

    def test_pages_in_https_are_judged_by_their_words(self):
        self.serve("win.html", b"<p>Online casino, free spins, no deposit bonus, jackpot</p>" * 1000)
        code, page = self.get("www.good.test", "/win.html", "--compressed")
        self.assertEqual(code, "403")
        self.assertIn("What is written there is about", page)

    def test_a_blocked_site_says_why_in_https_too(self):
        code, page = self.get("www.casino.test", "/", "-H", "Accept-Language: de")
        self.assertEqual(code, "403")
        self.assertIn("Diese Seite ist hier gesperrt", page)
        self.hortctl("pause", "mia")
        self.assertIn("A guardian has paused everything", self.get()[1])
        self.assertNotIn("casino", self.seen())

    def test_many_requests_pass_in_one_connection_and_a_large_one_whole(self):
        self.serve("big", os.urandom(5_000_000))
        url = self.urls("/big")[1]
        done = self.curl(url, "-o", self.folder + "/got", "--cacert", self.authority, "--next", "-sS", "-x", f"http://127.0.0.1:{self.proxy}", self.urls()[1], "--cacert",
                         self.authority, "-w", "%{num_connects}")
        self.assertEqual(done.stdout, PAGE + "0", done.stderr)
        with open(self.folder + "/got", "rb") as got, open(self.folder + "/www/big", "rb") as sent:
            self.assertEqual(got.read(), sent.read())
        code, _ = self.get("www.good.test", "/upload", "-T", self.folder + "/www/big")
        self.assertEqual(code, "200")

    def test_what_is_let_through_ends_with_its_leave(self):
        context = ssl.create_default_context(cafile=self.authority)
        with context.wrap_socket(self.tunnel(), server_hostname="www.good.test") as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: www.good.test\r\n\r\n")
            self.assertIn(b"200 OK", s.recv(65536))
            self.hortctl("block", "mia", "good.test")
            s.settimeout(20)
            try:
                while s.recv(65536):
                    pass
            except (ConnectionError, ssl.SSLError):
                pass

    def test_help_banks_and_what_the_owner_says_are_left_alone(self):
        for host in ("www.childline.org.uk", "www.paypal.com"):
            self.assertEqual(self.get(host, ours=False), ("200", PAGE))
        self.hortctl("intercept", "leave", "good.test")
        self.assertEqual(self.get(ours=False), ("200", PAGE))
        self.assertIn("good.test", self.hortctl("intercept", "status"))
        self.hortctl("intercept", "unleave", "good.test")
        self.assertEqual(self.get(), ("200", PAGE))
        self.assertIn("always left alone: Payment", self.hortctl("intercept", "unleave", "paypal.com", expect=1))

    def test_nobody_looks_into_what_grown_ups_do(self):
        self.hortctl("child", "set", "mia", "--age", "30")
        self.assertEqual(self.get(ours=False), ("200", PAGE))

    def test_where_a_servers_certificate_is_in_doubt_the_browser_gets_the_original(self):
        self.certificates.issue("other", "DNS:elsewhere.test")
        self.change_nginx({"web.pem": "other.pem", "web.key": "other.key"})
        self.assertIn("elsewhere.test", self.certificate()[1])
        self.assertEqual(self.get()[0], "curl 60", "the browser warns, as it does without us")

    def test_a_program_that_refuses_our_certificate_three_times_is_left_alone_and_that_is_logged(self):
        for _ in range(3):
            self.assertEqual(self.get(ours=False)[0], "curl 60")
        self.assertEqual(self.get(ours=False), ("200", PAGE))
        self.assertEqual(self.ask("intercept", "status")["left_alone_for_a_day"], ["www.good.test"])
        self.assertRegex(self.said(), r"not looked into for a day.*www\.good\.test")
        self.assertEqual(self.get("good.test")[0], "200", "others are looked into")

    def test_who_speaks_only_http_2_or_names_no_server_is_not_looked_into(self):
        for protocols, name in ((["h2"], "www.good.test"), (None, None)):
            context = ssl.create_default_context(cafile=self.certificates.ca)
            context.check_hostname = False
            if protocols:
                context.set_alpn_protocols(protocols)
            with context.wrap_socket(self.tunnel(), server_hostname=name) as s:
                self.assertEqual(s.selected_alpn_protocol(), "h2" if protocols else None)
        context = ssl.create_default_context(cafile=self.authority)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with context.wrap_socket(self.tunnel(), server_hostname="www.good.test") as s:
            self.assertEqual(s.selected_alpn_protocol(), "http/1.1")

    def test_no_other_site_is_reached_in_a_tunnel_that_was_looked_into(self):
        context = ssl.create_default_context(cafile=self.authority)
        with context.wrap_socket(self.tunnel(), server_hostname="www.good.test") as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: www.casino.test\r\n\r\n")
            self.assertRegex(s.recv(65536), rb"^HTTP/1.1 403 ")
        self.assertNotIn("casino", self.seen())

    def test_what_is_no_tls_and_no_http_inside_ends_and_others_are_served(self):
        context = ssl.create_default_context(cafile=self.authority)
        for said in (b"\x16\x03\x01\x00\x05hello", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"SSH-2.0-x\r\n"):
            with context.wrap_socket(self.tunnel(), server_hostname="www.good.test") as s:
                s.sendall(said)
                self.assertRegex(s.recv(65536), rb"^HTTP/1.1 400 |^$")
        for octets in (b"", b"\x16", b"\x15\x03\x03\x00\x02\x02\x30" * 3):
            s = self.tunnel()
            s.sendall(octets)
            s.close()
        self.assertEqual(self.get(), ("200", PAGE))


class Off(Intercept):
    is_on = False

    def test_without_it_nothing_is_looked_into_and_there_is_no_key(self):
        self.assertEqual(self.get(ours=False), ("200", PAGE))
        self.assertFalse(os.path.exists(self.data + "/authority.key"))
        self.assertFalse(self.ask("intercept", "status")["on"])
        self.assertIn("there is no key", self.hortctl("intercept", "certificate", expect=1))
        self.hortctl("intercept", "on")
        self.assertEqual(self.get(), ("200", PAGE))
        self.stop_hortd()
        self.start_hortd()
        self.assertEqual(self.get(), ("200", PAGE), "after a restart, too")
        self.hortctl("intercept", "off")
        self.assertEqual(self.get(ours=False), ("200", PAGE))

    def test_a_key_that_others_may_read_is_not_used(self):
        self.hortctl("intercept", "on")
        self.stop_hortd()
        os.chmod(self.data + "/authority.key", 0o644)
        self.start_hortd()
        self.assertEqual(self.get(ours=False), ("200", PAGE), "passes unseen")
        self.assertIn("others may read the key", self.hortctl("intercept", "certificate", expect=1))
        self.assertTrue(re.search("Fingerprint", self.hortctl("intercept", "renew")))
        self.assertEqual(self.get(), ("200", PAGE))


if __name__ == "__main__":
    unittest.main()
