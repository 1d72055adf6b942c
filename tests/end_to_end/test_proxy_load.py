"""Many clients at once, rude ones among them: the others are served on, memory stays bounded, descriptors come back."""
import os
import re
import resource
import socket
import struct
import threading
import time
import unittest

from household import Household, SANITIZED, wait_until
from octets import table
from origin import Recorder

HELLO = bytes.fromhex(next(row for row in table("client_hellos.tsv") if row["name"] == "grease-everywhere")["hex"])


class Load(Household):
    @classmethod
    def setUpClass(cls):
        # hortd raises its own; each side of a connection takes one of ours.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        cls.limit = hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (cls.limit, cls.limit))

    def setUp(self):
        self.origin = Recorder()
        self.settings = {"connect_ports": [443, self.origin.port]}
        super().setUp()
        self.addCleanup(self.origin.server.close)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.hortd.pid}/fd"))

    def resident(self):
        with open(f"/proc/{self.hortd.pid}/smaps_rollup") as f:
            return int(re.search(r"Private_Dirty:\s+(\d+)", f.read())[1])

    def served(self):
        return self.status_code(self.web_url("www.good.test")) == "200"

    def assert_memory(self, before, limit):
        if not SANITIZED:
            self.assertLess(self.resident() - before, limit, "kB")

    def idle(self, count, data):
        out = []
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", self.proxy))
            s.sendall(data)
            out.append(s)
        return out

    def test_clients_that_open_connections_and_ask_nothing_lose_them_before_others_are_kept_out(self):
        if self.limit < 12_000 or SANITIZED:
            self.skipTest("needs 12,000 descriptors, and a build that is quick")
        self.assertTrue(self.served())
        before, memory = self.descriptors(), self.resident()
        rude = self.idle(5_500, b"") + self.idle(5_500, b"GET http://www.good.test/ HTTP/1.1\r\nHost:")  # more than there is room for
        self.assertTrue(self.served())
        self.assert_memory(memory, 100_000)
        for s in rude:
            s.close()
        wait_until("descriptors to come back", lambda: self.descriptors() <= before + 8)
        self.assertTrue(self.served())

    def test_a_thousand_open_tunnels_take_little(self):
        if self.limit < 4_000:
            self.skipTest("needs 4,000 descriptors")
        self.assertTrue(self.served())
        before, memory = self.descriptors(), self.resident()
        head = f"CONNECT www.good.test:{self.origin.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        tunnels = []
        for _ in range(1_000):
            s = socket.create_connection(("127.0.0.1", self.proxy))
            s.settimeout(20)
            s.sendall(head)
            self.assertIn(b" 200 ", s.recv(4096))
            s.sendall(HELLO)
            tunnels.append(s)
        wait_until("the tunnels", lambda: len(self.origin.connections) == 1_000)
        self.assert_memory(memory, 20_000)
        for s in tunnels:
            s.close()
        wait_until("descriptors to come back", lambda: self.descriptors() <= before + 8)

    def test_who_never_reads_holds_only_what_fits_its_socket(self):
        with open(self.folder + "/www/big", "wb") as f:
            f.truncate(200 << 20)
        self.assertTrue(self.served())
        memory = self.resident()
        head = f"GET http://www.good.test:{self.web}/big HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        deaf = self.idle(50, head)
        self.assertTrue(self.served())
        self.assert_memory(memory, 30_000)
        for s in deaf:
            s.close()
        self.assertTrue(self.served())

    def test_who_never_reads_pages_holds_little(self):
        os.makedirs(self.folder + "/www/page", exist_ok=True)
        self.change_nginx({"location /upload": "location /page { default_type text/html; }\n    location /upload"})
        with open(self.folder + "/www/page/big", "wb") as f:
            f.truncate(200 << 20)
        self.assertTrue(self.served())
        memory = self.resident()
        deaf = self.idle(300, f"GET http://www.good.test:{self.web}/page/big HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertTrue(self.served())
        self.assert_memory(memory, 120_000)
        for s in deaf:
            s.close()
        self.assertTrue(self.served())

    def test_an_origin_that_resets_or_never_ends(self):
        def serve(connection):
            with connection:
                if b"/reset" in connection.recv(4096):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                try:
                    while True:
                        connection.sendall(bytes(65536))
                except OSError:
                    pass

        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def accept():
            while True:
                try:
                    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        place = f"http://127.0.0.1:{server.getsockname()[1]}"
        self.assertTrue(self.served())
        before, memory = self.descriptors(), self.resident()
        self.assertEqual(self.curl(place + "/reset").returncode, 18, "a body that ended early")
        with socket.create_connection(("127.0.0.1", self.proxy)) as s:
            s.sendall(f"GET {place}/endless HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            got = 0
            while got < 300 << 20:
                got += len(s.recv(1 << 20))
        self.assert_memory(memory, 5_000)
        wait_until("descriptors to come back", lambda: self.descriptors() <= before + 8)
        self.assertTrue(self.served())


if __name__ == "__main__":
    unittest.main()
