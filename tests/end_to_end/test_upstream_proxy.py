"""Everything goes out by another proxy: requests, tunnels, what is looked into; and what is blocked does not."""
import socket
import threading
import unittest

from household import free_port, wait_until
from secure_web import SecureWeb

PAGE = "hello from nginx\n"


class Parent:
    """A proxy that keeps the heads it got and leads every name to this machine. Asks for a password."""

    def __init__(self):
        self.port = free_port()
        self.heads = []
        self.server = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.attend, args=(client,), daemon=True).start()

    @staticmethod
    def pump(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def attend(self, client):
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                piece = client.recv(1)
                if not piece:
                    return
                head += piece
            text = head.decode()
            self.heads.append(text)
            method, target, _ = text.split("\r\n")[0].split(" ")
            if "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n" not in text:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            authority = target if method == "CONNECT" else target.split("/")[2]
            server = socket.create_connection(("127.0.0.1", int(authority.rpartition(":")[2])))
            with server:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 fine\r\nX: y\r\n\r\n")
                else:
                    path = "/" + target.split("/", 3)[3]
                    server.sendall(text.replace(target, path, 1).replace("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n", "").encode())
                threading.Thread(target=self.pump, args=(client, server), daemon=True).start()
                self.pump(server, client)


class UpstreamProxy(SecureWeb):
    password = "me:secret@"

    def configure(self, **more):
        self.parent = Parent()
        self.addCleanup(self.parent.server.close)
        super().configure(upstream_proxy=f"http://{self.password}127.0.0.1:{self.parent.port}", trusted_certificates=self.certificates.ca, **more)

    def test_requests_and_tunnels_go_out_by_it(self):
        plain, secure = self.urls()
        for who in self.as_each_person():
            with self.subTest(who):
                self.assertEqual(self.curl(plain).stdout, PAGE)
                self.assertEqual(self.curl(secure, "--cacert", self.certificates.ca).stdout, PAGE)
        self.assertIn(f"GET http://www.good.test:{self.web}/ HTTP/1.1", self.parent.heads[0])
        self.assertIn(f"\r\nHost: www.good.test:{self.web}\r\n", self.parent.heads[0])
        self.assertTrue(any(head.startswith(f"CONNECT www.good.test:{self.secure} HTTP/1.1\r\n") for head in self.parent.heads))
        self.assertIn("Proxy-Authorization", self.parent.heads[0])
        self.assertNotIn("Via", "".join(self.parent.heads))

    def test_a_name_that_only_it_knows_is_reached(self):
        self.assertEqual(self.curl(self.web_url("only-there.example.org")).stdout, PAGE)

    def test_what_is_blocked_does_not_reach_it(self):
        plain, secure = self.urls(host="www.casino.test")
        self.assertEqual(self.status_code(plain), "403")
        self.assertNotEqual(self.curl(secure, "-k").returncode, 0)
        self.assertEqual(self.parent.heads, [])

    def test_what_is_looked_into_goes_out_by_it(self):
        self.hortctl("child", "add", "mia", "--age", "9", "--device", "127.0.0.1")
        self.hortctl("intercept", "on")
        self.hortctl("block", "mia", "page:good.test/forum")
        _, secure = self.urls()
        for path, code in (("", "200"), ("forum", "403")):
            self.assertEqual(self.status_code(secure + path, "--cacert", self.data + "/authority.pem"), code)
        self.assertTrue(self.parent.heads[0].startswith("CONNECT "))

    def test_without_it_nothing_goes_out(self):
        self.parent.server.close()
        wait_until("its end", lambda: socket.socket().connect_ex(("127.0.0.1", self.parent.port)) != 0)
        plain, secure = self.urls()
        self.assertEqual(self.status_code(plain), "502")
        self.assertNotEqual(self.curl(secure, "-k").returncode, 0)


class Refused(UpstreamProxy):
    password = "me:wrong@"

    def test_requests_and_tunnels_go_out_by_it(self):
        plain, secure = self.urls()
        self.assertEqual(self.status_code(plain), "407", "as it says")
        self.assertNotEqual(self.curl(secure, "-k").returncode, 0)

    test_a_name_that_only_it_knows_is_reached = test_what_is_looked_into_goes_out_by_it = None


if __name__ == "__main__":
    unittest.main()
