"""Connections that name no proxy: the firewall sends them to hortd, which filters them by the host that they name and leads
them where they were to lead. In a network namespace of its own, with the rules of a real nftables."""
import ctypes
import os
import socket
import subprocess
import unittest

from household import Household, free_port, run, wait_until
from octets import table
from secure_web import SecureWeb

ALERT = b"\x15\x03\x03\x00\x02\x02\x31"
CHILD = 65534  # an account that is nobody's; its connections are redirected


def setUpModule():
    if os.getuid() != 0:
        raise unittest.SkipTest("needs root, for a network namespace and its firewall")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000) != 0:  # CLONE_NEWNET: for this process and all that it starts
        raise OSError(ctypes.get_errno(), "unshare")
    run("ip", "link", "set", "lo", "up", check=True)
    run("ip", "addr", "add", "192.0.2.1/32", "dev", "lo", check=True)


class Redirected(Household):
    """The child's connections to the web are led to hortd."""

    web_address = "192.0.2.1"
    zones = Household.zones.replace("127.0.0.1", "192.0.2.1")

    def configure(self, **more):
        self.web, self.redirected = 80, free_port()
        super().configure(transparent=[f"127.0.0.1:{self.redirected}", f"[::1]:{self.redirected}"], **more)

    def setUp(self):
        super().setUp()
        rules = f"""
table ip hort_test {{
  chain out {{
    type nat hook output priority -100;
    meta skuid {CHILD} tcp dport {{ 80, 443 }} redirect to :{self.redirected}
  }}
}}
"""
        run("nft", "-f", "-", stdin=rules, check=True)
        self.addCleanup(run, "nft", "delete", "table", "ip", "hort_test")

    def child(self, *words):
        """curl as the account whose connections are redirected, with the address that DNS would give it."""
        names = [part for name in ("www.good.test", "www.casino.test") for port in (80, 443) for part in ("--resolve", f"{name}:{port}:192.0.2.1")]
        return run("setpriv", f"--reuid={CHILD}", "--clear-groups", "curl", "-sS", "-m", "20", *names, *words)

    def code(self, url, *more):
        done = self.child(url, "-o", "/dev/null", "-w", "%{http_code}", *more)
        return done.stdout if done.returncode == 0 else f"{done.returncode}: {done.stderr}"


class Transparent(Redirected):
    lists = {"gambling": {"own.txt": "casino.test\nblocked.test\n"}, "malware": {"bad.networks": "192.0.2.66/32\n"}}

    def setUp(self):
        super().setUp()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", self.folder + "/key", "-out", self.folder + "/cert",
            "-subj", "/CN=www.good.test", "-addext", "subjectAltName=DNS:www.good.test,DNS:www.casino.test", check=True)
        self.processes.append(subprocess.Popen(["openssl", "s_server", "-quiet", "-accept", "192.0.2.1:443", "-cert", self.folder + "/cert", "-key", self.folder + "/key", "-www"],
                                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_until("s_server", lambda: socket.socket().connect_ex(("192.0.2.1", 443)) == 0)

    def test_http_is_filtered_by_its_host(self):
        self.assertEqual(self.code("http://www.good.test/"), "200")
        self.assertEqual(self.code("http://www.casino.test/"), "403")
        # Whatever else the connection says of itself.
        self.assertEqual(self.code("http://www.good.test/", "-H", "Host: casino.test"), "403")
        self.assertEqual(self.code("http://192.0.2.1/"), "200")

    def test_https_is_filtered_by_its_server_name(self):
        self.assertEqual(self.code("https://www.good.test/", "-k"), "200")
        refused = self.code("https://www.casino.test/", "-k")
        self.assertIn("access denied", refused)

    def test_who_names_no_server_is_asked_about_by_the_names_that_dns_gave_the_address_for(self):
        bare = "https://192.0.2.1/"
        self.assertEqual(self.code(bare, "-k"), "200", "nobody asked for a name of it")
        self.assertEqual(self.address("www.videos.test"), "192.0.2.1")
        self.hortctl("block", "household", "videos.test")
        self.assertIn("access denied", self.code(bare, "-k"))
        self.assertEqual(self.address("www.good.test"), "192.0.2.1")
        self.assertEqual(self.code(bare, "-k"), "200", "one that is allowed is there, too")

    def test_it_leads_where_it_was_to_lead(self):
        with open(self.folder + "/www/here", "w") as f:
            f.write("the right one\n")
        # A name that nobody resolves: the address was found in another way.
        self.assertEqual(self.child("http://nowhere.example/here", "--resolve", "nowhere.example:80:192.0.2.1").stdout, "the right one\n")

    def test_the_person_is_the_one_whose_connection_it_was(self):
        self.hortctl("child", "add", "mia", "--age", "9", "--account", "nobody")
        self.hortctl("block", "mia", "www.good.test")
        self.assertEqual(self.code("http://www.good.test/"), "403")
        self.assertEqual(self.code("https://www.good.test/", "-k")[:3], "35:")
        self.hortctl("child", "set", "mia", "--age", "40")
        self.assertEqual(self.code("http://www.casino.test/"), "200", "an adult")
        self.assertEqual(self.code("https://www.casino.test/", "-k"), "200", "an adult")

    def test_what_has_lost_its_port_on_the_way_is_closed(self):
        """Of two connections from one port the second gets another one, so that the kernel does not say whose it is."""
        self.hortctl("child", "add", "mia", "--age", "9", "--account", "nobody")
        self.hortctl("block", "mia", "www.good.test")
        both = ("import socket, sys\n"
                "def connect(port):\n"
                "    s = socket.socket()\n"
                "    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                "    s.bind(('', int(sys.argv[1])))\n"
                "    s.connect(('192.0.2.1', port))\n"
                "    return s\n"
                "kept, s = connect(443), connect(80)\n"
                "s.settimeout(10)\n"
                "s.send(b'GET / HTTP/1.1\\r\\nHost: www.good.test\\r\\n\\r\\n')\n"
                "print(s.recv(12))\n")
        done = run("setpriv", f"--reuid={CHILD}", "--clear-groups", "python3", "-c", both, free_port())
        self.assertNotIn("HTTP", done.stdout)
        self.assertRegex(done.stdout + done.stderr, "b''|reset")

    def test_who_hides_the_name_or_speaks_something_else_is_not_let_through(self):
        def through(data):
            with subprocess.Popen(["setpriv", f"--reuid={CHILD}", "--clear-groups", "python3", "-c", (
                    "import socket,sys\n"
                    "s=socket.create_connection(('192.0.2.1',443)); s.settimeout(20); s.sendall(sys.stdin.buffer.read())\n"
                    "sys.stdout.buffer.write(s.recv(100))")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
                return p.communicate(data)[0]

        for row in table("client_hellos.tsv"):
            if row["outcome"] != "closed" or row["name"] in ("hello-then-half-close", "http-on-443"):
                continue
            with self.subTest(row["name"]):
                self.assertEqual(through(bytes.fromhex(row["hex"])), ALERT)
        self.assertEqual(through(b"\x00\x01\x02\x03 no protocol that we know"), ALERT)
        self.assertIn(b" 400 ", through(b"SSH-2.0-OpenSSH_9.2\r\n"))

    def test_an_address_on_a_list_of_networks_is_blocked_whatever_name_it_is_given(self):
        run("ip", "addr", "add", "192.0.2.66/32", "dev", "lo", check=True)
        self.addCleanup(run, "ip", "addr", "del", "192.0.2.66/32", "dev", "lo")
        with socket.create_server(("192.0.2.66", 80)):
            self.assertEqual(self.code("http://innocent.example/", "--resolve", "innocent.example:80:192.0.2.66"), "403")
            self.assertEqual(self.code("http://192.0.2.66/"), "403")

    def test_who_speaks_to_the_listener_itself_is_not_led_in_circles(self):
        with socket.create_connection(("127.0.0.1", self.redirected)) as s:
            s.settimeout(20)
            s.sendall(b"GET / HTTP/1.1\r\nHost: www.good.test\r\n\r\n")
            self.assertEqual(s.recv(100), b"")


class LookedInto(Redirected, SecureWeb):
    secure = 443

    def configure(self, **more):
        super().configure(trusted_certificates=self.certificates.ca, **more)

    def setUp(self):
        super().setUp()
        self.hortctl("child", "add", "mia", "--age", "13", "--account", "nobody")
        self.hortctl("intercept", "on")

    def test_in_tls_the_server_and_the_host_of_each_request_need_leave(self):
        self.assertEqual(self.code("https://www.good.test/", "-k"), "200")
        self.assertIn("Hort", self.child("-k", "-v", "https://www.good.test/").stderr, "our certificate")
        before = self.seen()
        self.assertEqual(self.code("https://www.casino.test/", "-k"), "403")
        self.assertEqual(self.code("https://www.casino.test/", "-k", "-H", "Host: www.good.test"), "403")
        self.assertEqual(self.code("https://www.good.test/", "-k", "-H", "Host: www.casino.test"), "403")
        self.assertEqual(self.seen(), before)


if __name__ == "__main__":
    unittest.main()
