"""The HTTP proxy as browsers and hostile clients use it, before a real nginx."""
import hashlib
import os
import socket
import threading
import unittest

from household import Household, free_port, wait_until
from origin import Recorder


class Proxy(Household):
    def raw(self, data, finish=True):
        with socket.create_connection(("127.0.0.1", self.proxy)) as s:
            s.settimeout(20)
            s.sendall(data)
            if finish:
                s.shutdown(socket.SHUT_WR)
            out = b""
            while True:
                try:
                    piece = s.recv(65536)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                out += piece
            return out

    def code(self, head, body=b""):
        answer = self.raw(head.replace(b"\n", b"\r\n") + body)
        return int(answer.split(b" ")[1]) if answer else None

    def get(self, more="", version="HTTP/1.1", host="www.good.test", path="/"):
        return f"GET http://{host}:{self.web}{path} {version}\nHost: {host}:{self.web}\n{more}\n".encode()

    def seen(self):
        with open(self.folder + "/nginx.seen") as f:
            return f.read()

    def test_large_downloads_and_uploads_arrive_whole(self):
        data = os.urandom(20 << 20)
        with open(self.folder + "/www/big", "wb") as f:
            f.write(data)
        want = hashlib.sha256(data).hexdigest()
        for more in ((), ("-p",), ("--http1.0",)):
            out = self.folder + "/out"
            done = self.curl(self.web_url("www.good.test", "/big"), "-o", out, *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(out, "rb") as f:
                self.assertEqual(hashlib.sha256(f.read()).hexdigest(), want)
        upload = self.curl(self.web_url("www.good.test", "/upload"), "-T", self.folder + "/www/big")
        self.assertEqual(upload.stdout, "hello from nginx\n", upload.stderr)
        chunked = self.curl(self.web_url("www.good.test", "/upload"), "-T", self.folder + "/www/big", "-H", "Transfer-Encoding: chunked")
        self.assertEqual(chunked.stdout, "hello from nginx\n", chunked.stderr)

    def test_one_connection_serves_many_requests_in_order(self):
        for name in "ab":
            with open(f"{self.folder}/www/{name}", "w") as f:
                f.write(f"this is {name}\n")
        answer = self.raw((self.get(path="/a") + self.get(path="/b") + self.get(host="casino.test") + self.get("Connection: close\n", path="/a")).replace(b"\n", b"\r\n"))
        self.assertEqual(answer.count(b"HTTP/1.1 200"), 3)
        self.assertLess(answer.index(b"this is a"), answer.index(b"this is b"))
        self.assertLess(answer.index(b"this is b"), answer.index(b"403 Forbidden"))
        self.assertNotIn("casino", self.seen())

    def test_a_long_body_ends_where_it_ends(self):
        """Long ones go on inside the kernel; what comes after them on the same connections is none of theirs."""
        long = os.urandom(3 << 20)
        with open(self.folder + "/www/long", "wb") as f:
            f.write(long)
        answer = self.raw((self.get(path="/long") + self.get(path="/long") + self.get("Connection: close\n")).replace(b"\n", b"\r\n"))
        self.assertEqual(answer.count(long), 2)
        self.assertTrue(answer.endswith(b"\r\n\r\nhello from nginx\n"), answer[-200:])

    def test_a_long_body_that_breaks_is_not_taken_for_a_whole_one(self):
        class Breaks(Recorder):
            def serve(self, connection, record):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 3000000)

        origin = Breaks()
        done = self.curl(f"http://www.good.test:{origin.port}/", "-o", "/dev/null")
        self.assertEqual(done.returncode, 18, done.stderr)  # CURLE_PARTIAL_FILE
        self.assertEqual(self.curl(self.web_url("www.good.test", "/")).stdout, "hello from nginx\n")

    def test_what_a_server_says_beyond_a_long_body_reaches_nobody(self):
        class SaysMore(Recorder):
            def serve(self, connection, record):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3000000 + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra")
                connection.recv(65536)

        origin = SaysMore()
        request = f"GET http://www.good.test:{origin.port}/ HTTP/1.1\r\nHost: www.good.test:{origin.port}\r\n\r\n".encode()
        answer = self.raw(request + self.get("Connection: close\n").replace(b"\n", b"\r\n"))
        self.assertNotIn(b"extra", answer)
        self.assertEqual(answer.count(b"x" * 3000000), 1)
        self.assertTrue(answer.endswith(b"hello from nginx\n"))

    def test_an_address_that_failed_comes_last_for_a_while(self):
        port = free_port()

        def serve(address, family, answer):
            server = socket.create_server((address, port), family=family)
            self.addCleanup(server.close)

            def accept():
                while True:
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    with connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n" + answer)

            threading.Thread(target=accept, daemon=True).start()

        serve("127.0.0.1", socket.AF_INET, b"four")
        url = f"http://localhost:{port}/"
        self.assertEqual(self.curl(url).stdout, "four")
        serve("::1", socket.AF_INET6, b"six!")
        self.assertEqual(self.curl(url).stdout, "four", "IPv6 did not lead there a moment ago")

    def test_nothing_of_this_hop_goes_on(self):
        self.assertEqual(self.code(self.get("X-Seen: yes\nConnection: X-Secret\nX-Secret: 1\nProxy-Authorization: Basic eA==\nTE: trailers\nUpgrade: h2c\n")), 200)
        wait_until("nginx's log", self.seen)  # nginx writes it after its answer
        self.assertRegex(self.seen(), r"GET www.good.test / yes - -\n")

    def test_the_host_of_the_url_is_what_the_server_sees(self):
        head = f"GET http://www.good.test:{self.web}/ HTTP/1.1\r\nHost: casino.test\r\nConnection: close\r\n\r\n".encode()
        self.assertIn(b"200 OK", self.raw(head))
        wait_until("nginx's log", self.seen)
        self.assertIn("GET www.good.test / ", self.seen())

    def test_ambiguous_and_broken_requests_are_refused_and_never_reach_the_server(self):
        before = self.seen()
        post = f"POST http://www.good.test:{self.web}/ HTTP/1.1\nHost: x\n"
        cases = [
            (b"GET / HTTP/1.1\nHost: a\n\n", 400), (b"nonsense\n\n", 400), (b"GET  http://www.good.test/ HTTP/1.1\nHost: a\n\n", 400),
            (b"G@T http://www.good.test/ HTTP/1.1\nHost: a\n\n", 400), (b"GET ftp://www.good.test/ HTTP/1.1\nHost: a\n\n", 501),
            (b"GET http://u:p@www.good.test/ HTTP/1.1\nHost: a\n\n", 400), (b"GET http://www.good.test:0/ HTTP/1.1\nHost: a\n\n", 400),
            (b"GET http://www.good.test:99999/ HTTP/1.1\nHost: a\n\n", 400), (b"GET http://-bad-/ HTTP/1.1\nHost: a\n\n", 400),
            (b"GET http://www.good.test/ HTTP/2.0\nHost: a\n\n", 505), (b"CONNECT www.good.test HTTP/1.1\nHost: a\n\n", 400),
            (b"TRACE http://www.good.test/ HTTP/1.1\nHost: a\n\n", 405), (self.get("Host: two\n"), 400), (self.get("Bad Name: x\n"), 400), (self.get("Bad : x\n"), 400),
            (self.get(" folded\n"), 400), (self.get("A: \x01\n"), 400), (self.get("Expect: magic\n"), 417),
            (f"GET http://www.good.test:{self.web}/ HTTP/1.1\n\n".encode(), 400),
            ((post + "Content-Length: 5\nTransfer-Encoding: chunked\n\n").encode(), 400), ((post + "Content-Length: 5\nContent-Length: 5\n\n").encode(), 400),
            ((post + "Content-Length: -5\n\n").encode(), 400), ((post + "Content-Length: 5x\n\n").encode(), 400), ((post + "Content-Length: 99999999999999999999\n\n").encode(), 400),
            ((post + "Transfer-Encoding: gzip, chunked\n\n").encode(), 501), ((post + "Transfer-Encoding: chunked, identity\n\n").encode(), 501),
            ((post.replace("1.1", "1.0") + "Transfer-Encoding: chunked\n\n").encode(), 400),
            (self.get("A: " + "x" * 17000 + "\n"), 431), (self.get("A: x\n" * 200), 431), (self.get("A: " + "x" * 8000 + "\n" + ("B: " + "y" * 8000 + "\n") * 9), 431),
        ]
        for head, want in cases:
            self.assertEqual(self.code(head), want, head[:200])
        self.assertEqual(int(self.raw(b"GET http://www.good.test/ HTTP/1.1\nHost: a\r\n\r\n").split(b" ")[1]), 400)
        self.assertEqual(int(self.raw(b"GET http://www.good.test/ HTTP/1.1\r\nHost: a\rb\r\n\r\n").split(b" ")[1]), 400)
        self.assertEqual(int(self.raw(b"GET http://" + b"a" * 20000).split(b" ")[1]), 414)
        self.assertEqual(self.seen(), before)

    def test_a_broken_chunk_ends_the_request(self):
        head = f"POST http://www.good.test:{self.web}/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        for body in (b"-5\r\nhello\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"ffffffffffffffffff\r\n", b"5;a=\x01\r\nhello\r\n0\r\n\r\n"):
            self.assertNotIn(b"200 OK", self.raw(head + body))
        self.assertIn(b"200 OK", self.raw(head + b"5;x=y\r\nhello\r\n0\r\nTrailer: dropped\r\n\r\n"))

    def answer_with(self, answer):
        """An origin that answers every connection with these octets and closes."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve():
            while True:
                try:
                    s, _ = server.accept()
                except OSError:
                    return
                s.recv(65536)
                s.sendall(answer)
                s.close()

        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        return self.raw(f"GET http://www.good.test:{port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), finish=False)

    def test_broken_answers_of_a_server_become_502(self):
        for bad in (b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
                    b"HTTP/1.1 100 Continue\r\n\r\n" * 20, b"HTTP/1.1 200 OK\r\nA: " + b"x" * 20000 + b"\r\n\r\n"):
            self.assertIn(b"502 Bad Gateway", self.answer_with(bad), bad[:80])
        self.assertIn(b"hi", self.answer_with(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 200 OK\r\n\r\nhi"))

    def test_a_tunnel_passes_half_closes_on(self):
        self.hortctl("child", "add", "parent", "--age", "18", "--device", "127.0.0.1")  # into whose tunnels nobody looks
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve():
            s, _ = server.accept()
            data = b""
            while piece := s.recv(65536):
                data += piece
            s.sendall(b"got %d" % len(data))
            s.close()

        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        answer = self.raw(f"CONNECT www.good.test:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + b"x" * 300000)
        self.assertTrue(answer.endswith(b"got 300000"), answer[-100:])

    def test_it_never_connects_to_itself(self):
        self.assertEqual(self.status_code(f"http://localhost:{self.proxy}/"), "508")
        self.assertEqual(self.status_code("http://nothing.test/"), "502")

    def test_descriptors_come_back_and_it_serves_on_after_rude_clients(self):
        count = lambda: len(os.listdir(f"/proc/{self.hortd.pid}/fd"))
        self.status_code(self.web_url("www.good.test"))
        before = count()
        rude = []
        for i in range(300):
            s = socket.create_connection(("127.0.0.1", self.proxy))
            s.sendall([b"", b"GET http://", self.get().replace(b"\n", b"\r\n")][i % 3])
            rude.append(s)
        self.assertEqual(self.status_code(self.web_url("www.good.test")), "200")
        for s in rude:
            s.close()
        wait_until("descriptors to come back", lambda: count() <= before + 8 + 2)  # eight connections to a server rest for the next client

    def test_the_daemon_ends_in_good_order_while_something_passes(self):
        with socket.create_connection(("127.0.0.1", self.proxy)) as s:
            s.sendall(f"CONNECT www.good.test:{self.web} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.assertIn(b" 200 ", s.recv(4096))
            s.sendall(b"GET / HTTP/1.1\r\nHost: www.good.test\r\n\r\n")
            self.assertIn(b" 200 ", s.recv(4096))
            self.assertEqual(self.stop_hortd(), 0)


if __name__ == "__main__":
    unittest.main()
