"""DNS over TLS and over HTTPS as clients speak them: kdig, curl, Chromium, and clients that keep to no rule."""
import base64
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import tempfile
import threading
import unittest

from household import PATIENCE, Household, free_port, run, wait_until
from upstreams import Certificates, Reply, question

NAME = "hort.example"  # in the certificate
MESSAGE = "application/dns-message"


class Encrypted(Household):
    """Clients of this machine are the household's: supervised, and nobody's device."""

    is_encrypted = True

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="hort-certificates-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.certificates = Certificates(folder)
        for leaf in ("ours", "renewed"):
            cls.certificates.issue(leaf, f"DNS:{NAME},DNS:*.{NAME},IP:127.0.0.1")

    def configure(self, **more):
        self.dot, self.doh = free_port(), free_port()
        self.use_certificate("ours")
        tls = {"certificate": self.data + "/tls.pem", "key": self.data + "/tls.key", "name": NAME}
        super().configure(**({"dot": f"127.0.0.1:{self.dot}", "doh": f"127.0.0.1:{self.doh}", "tls": tls} if self.is_encrypted else {}), **more)

    def use_certificate(self, leaf):
        os.makedirs(self.data, exist_ok=True)
        for kind in ("pem", "key"):
            shutil.copy(f"{self.certificates.folder}/{leaf}.{kind}", f"{self.data}/tls.{kind}")

    # --- clients ---

    def kdig(self, name, *more, port=None, expect=0):
        done = run("kdig", "@127.0.0.1", "-p", port or self.dot, "+time=10", "+retry=0", "+tls-ca=" + self.certificates.ca, "+edns", name, *more)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def connect(self, port, name=NAME, protocols=(), highest=None):
        context = ssl.create_default_context(cafile=self.certificates.ca)
        if highest:
            context.minimum_version = context.maximum_version = highest
            context.set_ciphers("ALL:@SECLEVEL=0")
        if protocols:
            context.set_alpn_protocols(protocols)
        out = context.wrap_socket(socket.create_connection(("127.0.0.1", port), PATIENCE), server_hostname=name)
        self.addCleanup(out.close)
        return out

    @staticmethod
    def take(stream, count):
        """Messages of DNS over TLS, by their ids."""
        out = {}
        with stream.makefile("rb") as f:
            for _ in range(count):
                reply = Reply(f.read(struct.unpack("!H", f.read(2))[0]))
                out[reply.ident] = reply
        return out

    def ask_dot(self, name, *, server_name=NAME, stream=None):
        stream = stream or self.connect(self.dot, server_name)
        asked = question(name)
        stream.sendall(struct.pack("!H", len(asked)) + asked)
        return next(iter(self.take(stream, 1).values())).addresses

    def fetch(self, path, *more, version="--http2", body=None):
        """What a request for DNS over HTTPS is answered with: status, headers by name, body."""
        where = self.folder + "/reply"
        sent = ("-H", "content-type: " + MESSAGE, "--data-binary", "@" + self.write("query", body)) if body is not None else ()
        done = run("curl", "-sS", "-m", PATIENCE, version, "--cacert", self.certificates.ca, "--resolve", f"{NAME}:{self.doh}:127.0.0.1", *sent,
                   *more, "-D", "-", "-o", where, f"https://{NAME}:{self.doh}{path}")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.strip().splitlines()
        self.assertTrue(lines[0].startswith("HTTP/2 " if version == "--http2" else "HTTP/1.1 "), lines)
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        with open(where, "rb") as f:
            return int(lines[0].split()[1]), headers, f.read()

    def write(self, name, octets):
        with open(f"{self.folder}/{name}", "wb") as f:
            f.write(octets)
        return f.name

    @staticmethod
    def path_of(name, kind="A", path="/dns-query"):
        return path + "?dns=" + base64.urlsafe_b64encode(question(name, kind, ident=0)).decode().rstrip("=")


class Transports(Encrypted):
    web_address = "127.0.0.9"  # where 0.0.0.0, which is this machine, too, does not lead
    zones = Household.zones.replace("good.test. 300 IN A 127.0.0.1", "good.test. 300 IN A 127.0.0.9")

    def test_kdig_over_tls_and_https(self):
        for way in (("+tls", "+tls-hostname=" + NAME), ("+tls", "+tls-hostname=127.0.0.1"), ("+https=/dns-query", "+tls-hostname=" + NAME),
                    ("+https=/dns-query", "+https-get", "+tls-hostname=" + NAME)):
            with self.subTest(way):
                port = self.dot if way[0] == "+tls" else self.doh
                self.assertIn("127.0.0.9", self.kdig("www.good.test", *way, port=port))
                blocked = self.kdig("casino.test", *way, port=port)
                self.assertRegex(blocked, r"casino\.test\.\s+\d+\s+IN\s+A\s+0\.0\.0\.0")
                self.assertIn("gambling", blocked)

    def test_a_certificate_for_another_name_is_not_what_kdig_asked_for(self):
        self.assertNotIn("127.0.0.9", self.kdig("www.good.test", "+tls", "+tls-hostname=elsewhere.example", expect=1))

    def test_answers_over_tls_are_padded_for_those_who_pad(self):
        sizes = set()
        for name in ("www.good.test", "casino.test", "nothing.test"):
            out = self.kdig(name, "+tls", "+padding=128", "+tls-hostname=" + NAME)
            self.assertIn("PADDING", out)
            sizes.add(int(out.split("Received ")[1].split()[0]))
        self.assertEqual({size % 468 for size in sizes}, {0}, "RFC 8467 section 4.1")
        self.assertNotIn("PADDING", self.kdig("www.good.test", "+tls", "+nopadding", "+tls-hostname=" + NAME))

    def curl_page(self, host):
        return run("curl", "-sSv", "-m", PATIENCE, "--doh-url", f"https://127.0.0.1:{self.doh}/dns-query", "--cacert", self.certificates.ca,
                   f"http://{host}:{self.web}/")

    def test_curl_finds_a_page_by_dns_over_https(self):
        done = self.curl_page("www.good.test")
        self.assertEqual(done.stdout, "hello from nginx\n", done.stderr)
        blocked = self.curl_page("casino.test")
        self.assertIn("Trying 0.0.0.0:", blocked.stderr)
        self.assertNotIn("hello", blocked.stdout)

    def test_get_and_post_in_both_versions_of_http(self):
        for version in ("--http1.1", "--http2"):
            for method in ("GET", "POST"):
                for name, address in (("www.good.test", "127.0.0.9"), ("casino.test", "0.0.0.0")):
                    with self.subTest(f"{version} {method} {name}"):
                        status, headers, body = (self.fetch(self.path_of(name), version=version) if method == "GET" else
                                                 self.fetch("/dns-query", version=version, body=question(name, ident=0)))
                        reply = Reply(body)
                        self.assertEqual((status, headers["content-type"], reply.addresses), (200, MESSAGE, [address]))
                        self.assertEqual(headers["cache-control"], f"max-age={reply.ttl}", "RFC 8484 section 5.1")
                        self.assertEqual(int(headers["content-length"]), len(body))

    def test_a_request_that_asks_nothing_gets_the_status_that_says_why(self):
        post = lambda kind, octets: ("-H", "content-type: " + kind, "--data-binary", "@" + self.write(f"body-of-{len(octets)}", octets))
        asked = question("www.good.test")
        good = self.path_of("www.good.test")
        for status, path, *more in ((404, "/"), (404, "/other"), (404, "/dns-queryx"), (404, "/dns-query/a.b"), (404, "/dns-query/a/b"),
                                    (415, "/dns-query", *post("text/plain", asked)), (415, "/dns-query", *post("", asked)),
                                    (405, good, "-X", "PUT"), (405, good, "-X", "DELETE"), (405, good, "--head"),
                                    (400, "/dns-query"), (400, "/dns-query?dns="), (400, "/dns-query?dns=!!!!"), (400, "/dns-query?dns=AAAAA"),
                                    (400, good.replace("?dns=", "?name=")), (400, good + "&" + good.partition("?")[2]), (400, good + "=="),
                                    (400, "/dns-query?dns=AAAA"), (400, "/dns-query", *post(MESSAGE, b"")),
                                    (413, "/dns-query", *post(MESSAGE, asked + bytes(5000))), (413, "/dns-query", *post(MESSAGE, bytes(70_000))),
                                    (413, "/dns-query", *post(MESSAGE, bytes(900_000))),
                                    (414, "/dns-query?dns=" + "A" * 7000)):
            for version in ("--http1.1", "--http2"):
                with self.subTest(f"{status} {version} {path[:40]} {' '.join(more)}"):
                    got, headers, _ = self.fetch(path, *more, version=version)
                    self.assertEqual(got, status)
                    if status == 405:
                        self.assertEqual(headers.get("allow"), "get, post", "RFC 9110 section 15.5.6")
        self.assertEqual(Reply(self.fetch(good)[2]).addresses, ["127.0.0.9"])

    def test_what_is_no_question_is_answered_as_over_udp(self):
        self.assertEqual(Reply(self.fetch("/dns-query", body=question("www.good.test")[:-12])[2]).rcode, 1)

    def test_negative_answers_are_kept_no_longer_than_the_zone_says(self):
        status, headers, body = self.fetch(self.path_of("nothing.test"))
        self.assertEqual((status, Reply(body).rcode, headers["cache-control"]), (200, 3, "max-age=60"))

    def test_a_connection_stays_for_more_requests(self):
        with self.connect(self.doh, protocols=["http/1.1"]) as s:
            self.assertEqual(s.selected_alpn_protocol(), "http/1.1")
            get = f"GET {self.path_of('www.good.test')} HTTP/1.1\r\nHost: {NAME}\r\n\r\n"
            post = question("casino.test", ident=0)
            s.sendall(get.encode() + f"POST /dns-query HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: {MESSAGE}\r\nContent-Length: {len(post)}\r\n\r\n".encode()
                      + post + get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").encode())  # all at once
            with s.makefile("rb") as f:
                got = []
                for _ in range(3):
                    head = b"".join(iter(f.readline, b"\r\n")).lower()
                    got.append(Reply(f.read(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))).addresses)
                self.assertEqual((got, f.read()), ([["127.0.0.9"], ["0.0.0.0"], ["127.0.0.9"]], b""))

    def test_many_questions_over_one_connection_are_answered_in_whatever_order(self):
        asked = {i: ("www.good.test", "casino.test", f"n{i}.test")[i % 3] for i in range(1, 200)}
        s = self.connect(self.dot, protocols=["dot"])
        self.assertEqual(s.selected_alpn_protocol(), "dot")
        messages = b"".join(struct.pack("!H", len(q)) + q for q in (question(name, ident=i) for i, name in asked.items()))
        threading.Thread(target=s.sendall, args=(messages,)).start()
        replies = self.take(s, len(asked))
        self.assertEqual(replies.keys(), asked.keys())
        for ident, reply in replies.items():
            name, address = asked[ident], (["127.0.0.9"], ["0.0.0.0"], [])[ident % 3]
            self.assertEqual((reply.question, reply.addresses), (name, address))

    def test_who_has_said_all_still_hears_the_answers(self):
        s = self.connect(self.dot)
        asked = [question(f"late{i}.test", ident=i) for i in range(1, 20)]
        s.sendall(b"".join(struct.pack("!H", len(q)) + q for q in asked))
        socket.socket.shutdown(s, socket.SHUT_WR)
        self.assertEqual(len(self.take(s, len(asked))), len(asked))

    def test_a_question_may_come_octet_by_octet(self):
        s = self.connect(self.dot)
        asked = question("www.good.test")
        for octet in struct.pack("!H", len(asked)) + asked:
            s.sendall(bytes([octet]))
        self.assertEqual([r.addresses for r in self.take(s, 1).values()], [["127.0.0.9"]])

    def test_connections_that_say_nothing_keep_nobody_out(self):
        idle = [self.connect(port) for port in (self.dot, self.doh) for _ in range(50)]
        silent = [socket.create_connection(("127.0.0.1", port), PATIENCE) for port in (self.dot, self.doh) for _ in range(50)]  # not even TLS
        for s in silent:
            self.addCleanup(s.close)
        for s in silent[::3]:
            s.sendall(b"GET / HTTP/1.1\r\n\r\n")
        for s in silent[1::3]:
            s.sendall(b"\x16\x03\x01\x40\x00\x01" + bytes(50))
        self.assertEqual(self.ask_dot("www.good.test"), ["127.0.0.9"])
        self.assertEqual(Reply(self.fetch(self.path_of("www.good.test"))[2]).addresses, ["127.0.0.9"])
        self.assertEqual(self.ask_dot("www.good.test", stream=idle[0]), ["127.0.0.9"], "it was only waiting")
        self.assertEqual(idle[1].recv(1), b"", "RFC 7766 section 6.2.3: closed after some seconds")

    @staticmethod
    def say_all(s, octets):
        """Says it, and hears what comes until the other side closes."""
        s.sendall(octets)
        try:
            socket.socket.shutdown(s, socket.SHUT_WR)
            while s.recv(4096):
                pass
        except OSError:
            pass

    def test_rubbish_ends_its_connection_only(self):
        for octets in (b"\0\0", b"\0\5hello", struct.pack("!H", 60000) + os.urandom(60000), b"GET / HTTP/1.1\r\n\r\n"):
            self.say_all(self.connect(self.dot), octets)
        for octets in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(500), os.urandom(500), b"\0" * 20000, b"GET\r\n\r\n"):
            for protocol in ("h2", "http/1.1"):
                self.say_all(self.connect(self.doh, protocols=[protocol]), octets)
        self.assertEqual(self.ask_dot("www.good.test"), ["127.0.0.9"])
        self.assertIsNone(self.hortd.poll())

    def test_old_versions_of_tls_are_refused(self):
        for port in (self.dot, self.doh):
            for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
                with self.assertRaisesRegex(ssl.SSLError, "ALERT_PROTOCOL_VERSION"):
                    self.connect(port, highest=version)
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                self.connect(port, highest=version)

    def test_sighup_takes_the_renewed_certificate(self):
        def key(port):
            return ssl.DER_cert_to_PEM_cert(self.connect(port).getpeercert(binary_form=True))

        before, old = key(self.dot), self.connect(self.dot)
        self.use_certificate("renewed")
        self.hortd.send_signal(signal.SIGHUP)
        wait_until("the renewed certificate", lambda: key(self.dot) != before)
        wait_until("the renewed certificate", lambda: key(self.doh) == key(self.dot))
        self.assertEqual(self.ask_dot("www.good.test"), ["127.0.0.9"])
        self.assertEqual(self.ask_dot("www.good.test", stream=old), ["127.0.0.9"], "who is connected stays so")
        renewed = key(self.dot)
        self.write("data/tls.pem", b"nonsense")
        self.hortd.send_signal(signal.SIGHUP)
        wait_until("the complaint", lambda: "certificate" in self.said())
        self.assertEqual(key(self.dot), renewed, "a broken file changes nothing")

    def test_devices_find_our_encrypted_listeners(self):
        out = self.dig("_dns.resolver.arpa", "SVCB", "+short").splitlines()
        self.assertEqual(out, [f'1 {NAME}. alpn="dot" port={self.dot}', f'2 {NAME}. alpn="h2" port={self.doh} key7="/dns-query{{?dns}}"'])
        self.assertIn("ANSWER: 0", self.dig("_dns.resolver.arpa", "A"))
        self.assertIn("status: NXDOMAIN", self.dig("other.resolver.arpa", "SVCB"))
        self.assertEqual(self.said("unbound.log").count("resolver.arpa"), 0, "RFC 9462 section 6.4: never asked of others")


class PlainOnly(Encrypted):
    is_encrypted = False

    def test_without_encrypted_listeners_devices_are_shown_none(self):
        out = self.dig("_dns.resolver.arpa", "SVCB")
        self.assertIn("status: NOERROR", out)
        self.assertIn("ANSWER: 0", out)
        self.assertEqual(self.said("unbound.log").count("resolver.arpa"), 0)


class ClientIds(Encrypted):
    """One address, several devices: each is known by the name in its settings."""

    def setUp(self):
        super().setUp()
        self.hortctl("child", "add", "mia", "--age", "9", "--device", "mia-phone")
        self.hortctl("block", "mia", "videos.test")

    def ask_doh(self, path, name="www.videos.test"):
        status, _, body = self.fetch(self.path_of(name, path=path))
        self.assertEqual(status, 200)
        return Reply(body).addresses

    def test_a_phone_is_known_by_the_name_in_its_private_dns_setting(self):
        for ours, name in ((True, "mia-phone." + NAME), (True, "MIA-Phone." + NAME), (False, NAME), (False, "other." + NAME)):
            self.assertEqual(self.ask_dot("www.videos.test", server_name=name), ["0.0.0.0" if ours else "127.0.0.1"], name)
        self.assertIn("0.0.0.0", self.kdig("www.videos.test", "+tls", f"+tls-sni=mia-phone.{NAME}", "+tls-hostname=mia-phone." + NAME))

    def test_a_browser_is_known_by_the_path_in_its_secure_dns_setting(self):
        for ours, path in ((True, "/dns-query/mia-phone"), (True, "/dns-query/Mia-Phone"), (False, "/dns-query"), (False, "/dns-query/other")):
            self.assertEqual(self.ask_doh(path), ["0.0.0.0" if ours else "127.0.0.1"], path)
        self.assertIn("0.0.0.0", self.kdig("www.videos.test", "+https=/dns-query/mia-phone", "+tls-hostname=" + NAME, port=self.doh))

    def test_who_names_nobody_gets_the_households_rules(self):
        self.assertEqual(self.ask_dot("casino.test"), ["0.0.0.0"])
        self.assertEqual(self.ask_doh("/dns-query/unknown", "casino.test"), ["0.0.0.0"])

    def test_an_id_moves_to_another_child_and_goes_with_its_owner(self):
        self.assertIn("belongs to mia already", self.hortctl("child", "add", "ben", "--device", "mia-phone", expect=1))
        self.hortctl("child", "set", "mia", "--unbind", "mia-phone", "--device", "mia-tablet")
        self.assertEqual(self.ask_doh("/dns-query/mia-phone"), ["127.0.0.1"])
        self.assertEqual(self.ask_doh("/dns-query/mia-tablet"), ["0.0.0.0"])
        self.stop_hortd(signal.SIGKILL)
        self.start_hortd()
        self.assertEqual(self.ask_doh("/dns-query/mia-tablet"), ["0.0.0.0"], "it is kept")
        self.hortctl("child", "remove", "mia")
        self.assertEqual(self.ask_doh("/dns-query/mia-tablet"), ["127.0.0.1"])

    def test_a_grown_ups_id_goes_before_the_address_of_a_childs_machine(self):
        self.hortctl("child", "set", "mia", "--device", "127.0.0.1")
        self.hortctl("child", "add", "tom", "--age", "40", "--device", "toms-laptop")
        self.assertEqual(self.ask_doh("/dns-query"), ["0.0.0.0"])
        self.assertEqual(self.ask_doh("/dns-query/toms-laptop"), ["127.0.0.1"])
        self.assertEqual(self.ask_doh("/dns-query/toms-laptop", "casino.test"), ["127.0.0.1"])


@unittest.skipUnless(shutil.which("chromium"), "there is no Chromium here")
class Chromium(Encrypted):
    """A real browser with its secure DNS set to us. The machine's own resolver knows none of the names."""

    web_address = Transports.web_address
    zones = Transports.zones

    def setUp(self):
        super().setUp()
        with open(self.folder + "/www/pixel.gif", "wb") as f:
            f.write(b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;")
        # Images come before a page is complete.
        with open(self.folder + "/www/sites.html", "w") as f:
            f.writelines(f'<p><img src="{self.web_url(name, "/pixel.gif")}" onload="this.replaceWith(\'{name} is there\')" '
                         f'onerror="this.replaceWith(\'{name} is not there\')">\n' for name in ("good.test", "casino.test"))

    def browse(self, url, *, path="/dns-query{?dns}"):
        """What the browser shows, as HTML; nothing when it shows its own page for errors."""
        profile = tempfile.mkdtemp(dir=self.folder)
        with open(profile + "/Local State", "w") as f:
            json.dump({"dns_over_https": {"mode": "secure", "templates": f"https://{NAME}:{self.doh}{path}"}}, f)
        done = run("chromium", "--headless=new", "--disable-gpu", "--no-first-run", "--user-data-dir=" + profile, "--timeout=20000",
                   *(["--no-sandbox"] if os.getuid() == 0 else []), f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
                   "--ignore-certificate-errors-spki-list=" + self.certificates.pin("ours"), "--dump-dom", url,
                   env=dict(os.environ, HOME=self.folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def seen_by_the_web_server(self):
        with open(self.folder + "/nginx.seen") as f:
            return {line.split()[1] for line in f}

    def test_a_browser_finds_allowed_sites_by_secure_dns_and_no_blocked_ones(self):
        for path in ("/dns-query{?dns}", "/dns-query"):  # by GET and by POST
            shown = self.browse(self.web_url("www.good.test", "/sites.html"), path=path)
            for said in ("good.test is there", "casino.test is not there"):
                self.assertIn(said, shown)
        self.assertGreaterEqual(self.ask("status")["counters"]["dns_queries"], 4)
        blocked = self.ask("status")["counters"]["dns_blocked"]
        self.assertGreater(blocked, 0)
        self.assertNotIn("hello", self.browse(self.web_url("casino.test")))
        self.assertGreater(self.ask("status")["counters"]["dns_blocked"], blocked)
        self.assertEqual(self.seen_by_the_web_server(), {"www.good.test", "good.test"})

    def test_a_browser_is_known_by_the_address_in_its_secure_dns_setting(self):
        self.hortctl("child", "add", "mia", "--age", "9", "--device", "mia-laptop")
        self.hortctl("block", "mia", "good.test")
        self.assertIn("hello", self.browse(self.web_url("www.good.test")))
        self.assertNotIn("hello", self.browse(self.web_url("www.good.test"), path="/dns-query/mia-laptop{?dns}"))


if __name__ == "__main__":
    unittest.main()
