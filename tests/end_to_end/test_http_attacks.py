"""Requests and answers by which programs were tricked: each row of a table against the real proxy, between a client that
sends raw octets and an origin that records them. In data/http_attacks.tsv: the status that the client gets (-: none), how
many requests may reach the origin at most, the octets (of the request, or of the answer: resp-*), where the case is from.

What reached the origin is read again by a second, strict parser (below), which shares no code with the proxy."""
import re
import socket
import time
import unittest

from household import Household, SANITIZED, wait_until
from octets import octets, table
from origin import Recorder


class Broken(Exception):
    pass


def parse_requests(data):
    """Strict HTTP/1.1 requests in a row: [(method, target, fields, body)]. Raises on anything that two could read differently."""
    out = []
    while data:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return out  # it is still coming
        lines = data[:end].split(b"\r\n")
        if re.search(rb"[\r\n\0]", b"".join(lines)):
            raise Broken("a control character in the head")
        match = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (/[^ ]*|\*) HTTP/1\.1", lines[0])
        if not match:
            raise Broken(f"not a request line: {lines[0][:100]!r}")
        fields = []
        for line in lines[1:]:
            field = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
            if not field:
                raise Broken(f"not a field: {line[:100]!r}")
            fields.append((field[1].lower(), field[2]))
        names = [name for name, _ in fields]
        if names.count(b"host") != 1:
            raise Broken("not one Host")
        if names.count(b"content-length") + names.count(b"transfer-encoding") > 1:
            raise Broken("more than one framing")
        data = data[end + 4:]
        body = b""
        values = dict(fields)
        if b"content-length" in values:
            if not re.fullmatch(rb"0|[1-9][0-9]*", values[b"content-length"]):
                raise Broken("a length that is no number")
            size = int(values[b"content-length"])
            body, data = data[:size], data[size:]
            if len(body) < size:
                out.append((match[1], match[2], fields, None))  # cut off
                return out
        elif b"transfer-encoding" in values:
            if values[b"transfer-encoding"].lower() != b"chunked":
                raise Broken("a coding other than chunked")
            while True:
                line = re.match(rb"([0-9a-fA-F]{1,15})\r\n", data)
                if not line:
                    if len(data) < 20 and b"\n" not in data:
                        out.append((match[1], match[2], fields, None))
                        return out
                    raise Broken(f"not a chunk: {data[:40]!r}")
                size = int(line[1], 16)
                piece, rest = data[line.end():line.end() + size], data[line.end() + size:]
                if len(piece) < size or len(rest) < 2:
                    out.append((match[1], match[2], fields, None))
                    return out
                if rest[:2] != b"\r\n":
                    raise Broken("no line end behind a chunk, or trailers")
                data = rest[2:]
                body += piece
                if size == 0:
                    break
        out.append((match[1], match[2], fields, body))
    return out


class Origin(Recorder):
    """Answers every request, or with octets that it was told."""

    answer = None

    def serve(self, connection, record):
        answered = 0
        while piece := connection.recv(65536):
            record += piece
            if self.answer is not None:
                connection.sendall(self.answer)
                return
            try:
                requests = [r for r in parse_requests(bytes(record)) if r[3] is not None]
            except Broken:
                return  # the test finds it in the record
            while answered < len(requests):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                answered += 1

    def settle(self):
        """Until nothing more came for a while: what a proxy gave up half-way may be on its way still."""
        size = -1
        while size != (size := sum(len(record) for record in list(self.connections))):
            time.sleep(0.2)

    def requests(self):
        """All that came so far. Raises where two could read it differently."""
        return [request for connection in list(self.connections) for request in parse_requests(bytes(connection))]


class Attacks(Household):
    lists = {"gambling": {"own.txt": "blocked.test\n"}}

    def setUp(self):
        super().setUp()
        self.origin = Origin()
        self.addCleanup(self.origin.server.close)
        self.name = b"127.0.0.1:%d" % self.origin.port
        self.good = b"GET http://%s/ HTTP/1.1\r\nHost: x\r\n\r\n" % self.name

    def rows(self, of_answers):
        for row in table("http_attacks.tsv"):
            if row["name"].startswith("resp-") == of_answers:
                data = octets(row["octets"]).replace(b"ORIGIN", self.name).replace(b"PROXYPORT", b"%d" % self.proxy)
                yield row["name"], int(row["status"].replace("-", "0")), row["reach"], data

    def memory(self):
        with open(f"/proc/{self.hortd.pid}/smaps_rollup") as f:
            return int(re.search(r"Private_Dirty:\s+(\d+)", f.read())[1])

    def send(self, data, patience=0.5):
        """What the client gets until it is closed, or nothing came for so many seconds."""
        with socket.create_connection(("127.0.0.1", self.proxy)) as s:
            s.settimeout(20)
            out = b""
            try:
                s.sendall(data)
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        return out, True
                    out += piece
                    s.settimeout(patience)
            except TimeoutError:
                return out, False
            except OSError:
                return out, True

    def test_every_row_of_a_request(self):
        self.send(self.good)
        before = self.memory()
        count = 0
        for name, status, reach, data in self.rows(of_answers=False):
            count += 1
            with self.subTest(name):
                known = len(self.origin.requests())
                if name == "chunk-truncated-then-close":
                    with socket.create_connection(("127.0.0.1", self.proxy)) as s:
                        s.sendall(data)
                        wait_until("the part of the request", lambda: len(self.origin.requests()) > known)
                    answer, closed = b"", True
                else:
                    # A tunnel answers before it is seen what goes in.
                    answer, closed = self.send(data, 15 if name == "connect-non-tls-443" else 0.5)
                    answer = re.sub(rb"^HTTP/1.1 200 Connection established\r\n\r\n", b"", answer)
                statuses = [int(s) for s in re.findall(rb"(?:^|ok)HTTP/1\.1 (\d{3})", answer)]
                if status != 200 and reach != "0":
                    self.origin.settle()
                came = self.origin.requests()[known:]
                self.assertEqual(set(statuses) or {0}, {status}, answer[:200])
                self.assertLessEqual(len(came), int(reach))
                if status == 200:
                    self.assertEqual(len(came), int(reach))
                    self.assertNotIn(None, [body for *_, body in came], "a request that was cut off")
                if status in (400, 408, 413, 414, 431, 501, 505):
                    self.assertTrue(closed, "what follows could be taken for a request")
                for method, target, fields, body in came:
                    self.assertNotIn(b"smuggled", target)
                    names = {field for field, _ in fields}
                    self.assertFalse(names & {b"via", b"proxy-authorization", b"proxy-connection", b"keep-alive", b"te", b"trailer", b"expect"}, names)
                    self.assertEqual(dict(fields)[b"host"], self.name)
        self.assertGreater(count, 80)
        self.assertLess(self.memory() - before, 1024 if not SANITIZED else 1 << 30, "kB more than before")
        self.assertIn(b" 200 OK", self.send(self.good)[0])

    def test_every_row_of_an_answer(self):
        before = None
        for name, status, _, data in self.rows(of_answers=True):
            with self.subTest(name):
                self.origin.answer = data
                answer, closed = self.send(self.good)
                self.origin.answer = None
                self.assertEqual(int(answer[9:12]), status, answer[:200])
                if name == "resp-truncated-chunk":
                    self.assertTrue(closed)
                    self.assertFalse(answer.endswith(b"0\r\n\r\n"), "an end that the origin did not send")
                if name == "resp-chunk-1byte-flood":
                    self.assertTrue(answer.endswith(b"\r\n0\r\n\r\n"), answer[-50:])
                # Nothing of this answer is left for the next one.
                again, _ = self.send(self.good)
                self.assertTrue(again.startswith(b"HTTP/1.1 200 OK") and again.endswith(b"\r\n\r\nok"), again[:200])
                before = before or self.memory()
        self.assertLess(self.memory() - before, 1024 if not SANITIZED else 1 << 30, "kB more than before")

    def test_the_page_of_a_blocked_site_escapes_what_was_asked(self):
        answer, _ = self.send(b"GET http://blocked.test/<script>alert(1)</script>?\"'> HTTP/1.1\r\nHost: blocked.test\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 403 "), answer[:100])
        self.assertNotIn(b"<script>", answer)


if __name__ == "__main__":
    unittest.main()
