"""What goes into a tunnel: the server that a TLS client names is decided on like any other, and what hides it is not
passed on. Each row of a table of ClientHello messages against the real proxy, with an origin that records."""
import socket
import subprocess
import threading
import time

import unittest

from household import Household, free_port, run, wait_until
from octets import table
from origin import Recorder

ALERT = b"\x15\x03\x03\x00\x02\x02\x31"  # fatal, access_denied


class ClientHello(Household):
    lists = {"gambling": {"own.txt": "casino.test\nblocked.test\n"}}

    def setUp(self):
        self.origin = Recorder()
        self.settings = {"connect_ports": [443, self.origin.port]}
        super().setUp()
        self.addCleanup(self.origin.server.close)

    def connect(self, target):
        s = socket.create_connection(("127.0.0.1", self.proxy))
        self.addCleanup(s.close)
        s.settimeout(20)
        s.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        return s, int(head.split()[1])

    def through(self, data, cut="1", target="www.good.test", finish=True, pause=0.0):
        """What comes back through a tunnel into which `data` went, and what the origin got (None: no connection)."""
        seen = len(self.origin.connections)
        s, status = self.connect(f"{target}:{self.origin.port}")
        self.assertEqual(status, 200)
        out = b""
        try:
            if cut.startswith("1x"):
                for i in range(len(data)):
                    s.sendall(data[i:i + 1])
                    if pause:
                        time.sleep(pause)
            elif cut.endswith(",rest"):
                first = int(cut.split(",")[0])
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                s.sendall(data[:first])
                s.sendall(data[first:])
            else:
                s.sendall(data)
            if finish:
                s.shutdown(socket.SHUT_WR)
            while piece := s.recv(65536):
                out += piece
        except OSError:
            pass
        came = self.origin.connections[seen:]
        return out, bytes(came[0]) if came else None

    def test_every_row_reaches_an_allowed_server_whole_or_not_at_all(self):
        for row in table("client_hellos.tsv"):
            data = bytes.fromhex(row["hex"])
            if row["outcome"] == "late":
                continue
            with self.subTest(row["name"]):
                out, came = self.through(data, row["cut"])
                if row["outcome"] == "closed":
                    self.assertIsNone(came)
                    self.assertNotEqual(out, b"!")
                else:
                    self.assertEqual(came, data)
                    self.assertEqual(out, b"!")

    def test_every_row_that_names_a_blocked_server_is_refused_with_an_alert(self):
        self.hortctl("block", "household", "example.com")
        for row in table("client_hellos.tsv"):
            if row["outcome"] != "named":
                continue
            with self.subTest(row["name"]):
                out, came = self.through(bytes.fromhex(row["hex"]), row["cut"], finish=False)
                self.assertIsNone(came)
                self.assertEqual(out, ALERT)

    def test_who_says_nothing_or_too_slowly_has_ten_seconds_for_all_of_it(self):
        results = {}

        def one(row):
            begin = time.monotonic()
            results[row["name"]] = (*self.through(bytes.fromhex(row["hex"]), row["cut"], finish=False, pause=0.25), time.monotonic() - begin)

        threads = [threading.Thread(target=one, args=(row,)) for row in table("client_hellos.tsv") if row["outcome"] == "late"]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(results), 2)
        for name, (out, came, seconds) in results.items():
            self.assertIsNone(came, name)
            self.assertGreater(seconds, 9, name)

    def test_the_name_in_the_tunnel_needs_leave_too(self):
        """Domain fronting: one name to the proxy, another one to the server."""
        row = next(r for r in table("client_hellos.tsv") if r["name"] == "grease-everywhere")
        hello = bytes.fromhex(row["hex"])
        self.assertEqual(self.through(hello)[0], b"!")
        # An address instead of a name hides nothing either.
        self.assertEqual(self.through(hello, target="127.0.0.1")[0], b"!")
        self.hortctl("block", "household", "www.example.com")
        self.assertEqual(self.through(hello), (ALERT, None))
        self.assertEqual(self.through(hello, target="127.0.0.1"), (ALERT, None))

    def test_a_tunnel_ends_when_the_name_in_it_is_blocked_meanwhile(self):
        row = next(r for r in table("client_hellos.tsv") if r["name"] == "grease-everywhere")
        s, _ = self.connect(f"www.good.test:{self.origin.port}")
        s.sendall(bytes.fromhex(row["hex"]))
        wait_until("the origin's connection", lambda: self.origin.connections and self.origin.connections[-1])
        self.hortctl("block", "household", "www.example.com")
        self.assertEqual(s.recv(100), b"")

    def test_http_in_a_tunnel_is_filtered_like_any_other(self):
        s, status = self.connect(f"www.good.test:{self.origin.port}")
        s.sendall(b"GET / HTTP/1.1\r\nHost: casino.test\r\n\r\n")
        self.assertIn(b" 403 ", s.recv(4096))
        self.assertEqual(self.origin.connections, [])
        s, status = self.connect(f"www.good.test:{self.origin.port}")
        s.sendall(b"GET /page HTTP/1.1\r\nHost: www.good.test\r\nVia: x\r\nConnection: close\r\n\r\n")
        wait_until("the request", lambda: self.origin.connections and self.origin.connections[-1])
        self.assertTrue(self.origin.connections[-1].startswith(b"GET /page HTTP/1.1\r\nHost: www.good.test\r\n"), self.origin.connections)

    def test_ports_other_than_those_of_the_web_are_closed_to_children(self):
        self.assertEqual(self.connect("www.good.test:25")[1], 403)
        self.assertEqual(self.connect("www.good.test:22")[1], 403)
        self.hortctl("child", "add", "parent", "--age", "18", "--device", "127.0.0.1")
        self.assertEqual(self.connect("www.good.test:25")[1], 403)
        # For adults it is a proxy like any other: what speaks first, or no TLS, passes.
        s, status = self.connect(f"www.good.test:{self.origin.port}")
        self.assertEqual(status, 200)
        s.sendall(b"SSH-2.0-x\r\n")
        wait_until("the octets", lambda: self.origin.connections and self.origin.connections[-1] == b"SSH-2.0-x\r\n")

    def test_real_tls_through_it(self):
        """curl and openssl against nginx with a certificate."""
        port = free_port()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", self.folder + "/key", "-out", self.folder + "/cert",
            "-subj", "/CN=www.good.test", "-addext", "subjectAltName=DNS:www.good.test,DNS:www.casino.test", check=True)
        self.processes.append(subprocess.Popen(["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-cert", self.folder + "/cert", "-key", self.folder + "/key", "-www", "-alpn", "http/1.1"],
                                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_until("s_server", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        self.stop_hortd()
        self.configure(connect_ports=[port])
        self.start_hortd()
        tls = ("--cacert", self.folder + "/cert", "-o", "/dev/null", "-w", "%{http_code}")
        self.assertEqual(self.curl(f"https://www.good.test:{port}/", *tls).stdout, "200")
        fronted = self.curl(f"https://www.casino.test:{port}/", "--connect-to", f"www.casino.test:{port}:www.good.test:{port}", *tls)
        self.assertEqual(fronted.returncode, 35, fronted.stderr)
        self.assertIn("access denied", fronted.stderr)


if __name__ == "__main__":
    unittest.main()
