"""Upstream resolvers that a test bends, with certificates of their own, and a client that reads answers to the bit.

All upstreams live in one thread of the test's process; `with Upstream("dot", certificates) as it` opens one and ends it."""
import asyncio
import base64
import collections
import dataclasses
import errno
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-h2, whichever python3 runs this
import h2.config  # noqa: E402
import h2.connection  # noqa: E402
import h2.events  # noqa: E402
import h2.exceptions  # noqa: E402

from household import free_port  # noqa: E402

GOOD, NEW, EVIL = "198.51.100.7", "198.51.100.8", "203.0.113.66"
HOST = "dns.example.test"
BELOW = (".good.example", ".lan", ".in-addr.arpa")  # what the upstreams know
A, SOA, PTR, TXT, AAAA, OPT, HTTPS = 1, 6, 12, 16, 28, 41, 65
TYPES = {"A": A, "PTR": PTR, "MX": 15, "TXT": TXT, "AAAA": AAAA, "HTTPS": HTTPS}
ports_lock = threading.Lock()  # free_port is not made for threads, nor for processes that start while it looks


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def read_name(message, at):
    """The name and where it ends."""
    labels, end = [], 0
    while message[at]:
        if message[at] >= 0xC0:
            end = end or at + 2
            at = struct.unpack_from("!H", message, at)[0] & 0x3FFF
        else:
            labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
            at += 1 + message[at]
    return ".".join(labels), end or at + 1


# --- the client ---


@dataclasses.dataclass
class Reply:
    raw: bytes

    def __post_init__(self):
        self.ident, self.flags, questions, *counts = struct.unpack_from("!6H", self.raw)
        self.rcode = self.flags & 15
        at, self.question = 12, ""
        for _ in range(questions):
            self.question, at = read_name(self.raw, at)
            at += 4
        self.answers, self.errors, self.has_edns = [], set(), False  # (type, TTL, octets); Extended DNS Errors
        for i in range(sum(counts)):
            _, at = read_name(self.raw, at)
            kind, _, ttl, size = struct.unpack_from("!2HIH", self.raw, at)
            data, at = self.raw[at + 10:at + 10 + size], at + 10 + size
            if i < counts[0]:
                self.answers.append((kind, ttl, data))
            if kind == OPT:
                self.has_edns = True
                while data:
                    code, size = struct.unpack_from("!2H", data)
                    if code == 15:
                        self.errors.add(struct.unpack_from("!H", data, 4)[0])
                    data = data[4 + size:]

    @property
    def addresses(self):
        return [socket.inet_ntoa(data) for kind, _, data in self.answers if kind == A]

    @property
    def ttl(self):
        return min(ttl for _, ttl, _ in self.answers)


def question(name, kind="A", edns=True, ident=None):
    ident = int.from_bytes(os.urandom(2), "big") if ident is None else ident
    return (struct.pack("!6H", ident, 0x0100, 1, 0, 0, int(edns)) + wire_name(name) + struct.pack("!2H", TYPES[kind], 1)
            + (b"\0\0\x29\x04\xd0\0\0\0\0\0\0" if edns else b""))


def send_question(port, packet, tcp=False):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
    s.connect(("127.0.0.1", port))
    s.sendall((struct.pack("!H", len(packet)) if tcp else b"") + packet)
    return s


def take_reply(s, packet, tcp=False, patience=10):
    """The reply to `packet`; it must come within the patience of a client and match the question to the letter."""
    with s:
        s.settimeout(patience)
        if tcp:
            f = s.makefile("rb")
            reply = Reply(f.read(struct.unpack("!H", f.read(2))[0]))
        else:
            reply = Reply(s.recv(65535))
    if (reply.ident, reply.question) != (struct.unpack("!H", packet[:2])[0], read_name(packet, 12)[0]):
        raise AssertionError(f"the reply is to another question: {reply}")
    return reply


def ask(port, name, kind="A", edns=True, tcp=False, patience=10):
    packet = question(name, kind, edns)
    try:
        return take_reply(send_question(port, packet, tcp), packet, tcp, patience)
    except TimeoutError:
        raise AssertionError(f"no reply to {name} {kind} in {patience} s") from None


# --- certificates ---


class Certificates:
    """An authority (`ca`, a file) and leaves for HOST and 127.0.0.1: good, expired, other_name, other_ca."""

    def __init__(self, folder):
        self.folder, self.ca = folder, folder + "/ca.pem"
        for ca in ("ca", "other"):
            self.openssl("req", "-x509", *self.new_key(ca), "-out", f"{folder}/{ca}.pem", "-subj", "/CN=Authority of the test " + ca, "-days", "2",
                         "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        self.issue("good", f"DNS:{HOST},IP:127.0.0.1")
        self.issue("expired", f"DNS:{HOST},IP:127.0.0.1", days=-1)
        self.issue("other_name", "DNS:dns.elsewhere.test")
        self.issue("other_ca", f"DNS:{HOST},IP:127.0.0.1", ca="other")

    def issue(self, leaf, names, ca="ca", days=2):
        path = f"{self.folder}/{leaf}"
        with open(path + ".ext", "w") as f:
            f.write(f"basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName={names}\n")
        self.openssl("req", "-new", *self.new_key(leaf), "-out", path + ".csr", "-subj", "/CN=" + leaf)
        self.openssl("x509", "-req", "-in", path + ".csr", "-CA", f"{self.folder}/{ca}.pem", "-CAkey", f"{self.folder}/{ca}.key", "-CAcreateserial",
                     "-days", days, "-extfile", path + ".ext", "-out", path + ".pem")

    def new_key(self, name):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{self.folder}/{name}.key"

    def openssl(self, *words, stdin=None):
        return subprocess.run(["openssl", *map(str, words)], input=stdin, capture_output=True, check=True, timeout=60).stdout

    def pin(self, leaf):
        key = self.openssl("x509", "-in", f"{self.folder}/{leaf}.pem", "-noout", "-pubkey")
        return base64.b64encode(hashlib.sha256(self.openssl("pkey", "-pubin", "-outform", "der", stdin=key)).digest()).decode()

    def context(self, leaf):
        out = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        out.load_cert_chain(f"{self.folder}/{leaf}.pem", f"{self.folder}/{leaf}.key")
        return out


# --- the upstreams ---


@dataclasses.dataclass
class Query:
    """What an upstream was asked. `stream` is the number of the connection, 0 for UDP."""
    transport: str
    raw: bytes
    port: int
    stream: int = 0
    http: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        self.at = time.monotonic()
        self.ident, self.flags = struct.unpack_from("!2H", self.raw)
        self.name, end = read_name(self.raw, 12)  # as it was spelled
        self.end = end + 4
        self.type = struct.unpack_from("!H", self.raw, end)[0]
        self.has_edns = self.raw[self.end:self.end + 3] == b"\0\0\x29"

    def answer(self, address, ttl=300, rcode=0, flags=0, empty=False):
        name, known = self.name.lower(), ("." + self.name.lower()).endswith(BELOW)
        data = {A: socket.inet_aton(address), AAAA: socket.inet_pton(socket.AF_INET6, "2001:db8::7"), HTTPS: b"\0\1\0\0\1\0\3\2h2",
                PTR: wire_name("router.lan"), TXT: (lambda text: bytes([len(text)]) + text)(("text of " + name).encode())}.get(self.type)
        answer = authority = b""
        if not rcode and not empty and known and data:
            answer = b"\xc0\x0c" + struct.pack("!2HIH", self.type, 1, ttl, len(data)) + data
        elif not rcode and not empty:
            rcode = 0 if known else 3
            soa = wire_name("ns.test") + wire_name("root.test") + struct.pack("!5I", 1, 3600, 600, 86400, 60)
            authority = wire_name("test") + struct.pack("!2HIH", SOA, 1, 60, len(soa)) + soa
        head = struct.pack("!6H", self.ident, 0x8080 | self.flags & 0x0110 | flags | rcode, 1, bool(answer), bool(authority), self.has_edns)
        return head + self.raw[12:self.end] + answer + authority + (b"\0\0\x29\x04\xd0\0\0\0\0\0\0" if self.has_edns else b"")

    def respelled(self, message):
        """The answer to the question in lower case (in upper case when it was asked in lower case)."""
        asked = self.raw[12:self.end - 4]
        other = asked.lower() if asked.lower() != asked else asked.upper()
        # The lengths of labels are below "A".
        return message[:12] + other + message[12 + len(other):]


_loop = None


def loop():
    global _loop
    with ports_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            _loop.set_exception_handler(lambda *_: None)  # clients that refuse a certificate are no fault of the loop
            threading.Thread(target=_loop.run_forever, daemon=True).start()
        return _loop


class Upstream:
    """One resolver on one loopback port. `transport`: udp (with TCP), tcp (the same by another URL), dot, doh.

    Modes: good; silent; slow (answers after `delay` seconds); wrong_id, wrong_question (with EVIL as address); wrong_case (EVIL
    under another spelling over UDP; over TCP in lower case, too, but right); lies (all of those over UDP before the truth);
    truncated (over UDP); garbage; half (of an answer, then closes); servfail; refused; formerr_edns (for any query with
    EDNS); http500; html; closed (takes connections and closes them, its UDP port is unreachable); mute (takes connections
    and says nothing, not even TLS); gone (nothing listens); or a certificate: expired, other_name, other_ca.
    A name that begins with "held" is answered after `release()`, in every mode."""

    CERTIFICATES = ("expired", "other_name", "other_ca")
    LISTENING = ("closed", "mute", "gone", *CERTIFICATES)  # these change who listens

    def __init__(self, transport="udp", certificates=None, mode="good", address=GOOD, ttl=300, delay=0.2):
        self.transport, self.certificates, self.mode = transport, certificates, mode
        self.address, self.ttl, self.delay = address, ttl, delay
        self.queries = []
        self.knocks = self.connections = 0  # begun TCP connections or TLS handshakes; those that were completed
        self.names, self.alpn = set(), set()  # what TLS clients gave
        self.udp, self.servers, self.writers = None, [], set()
        loop()
        self.released = asyncio.Event()
        with ports_lock:
            self.port = free_port()
            self.do(self._listen)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.do(self._hang_up)

    @property
    def url(self):
        return {"udp": f"127.0.0.1:{self.port}", "tcp": f"tcp://127.0.0.1:{self.port}", "dot": f"tls://{HOST}:{self.port}#127.0.0.1",
                "doh": f"https://{HOST}:{self.port}/dns-query#127.0.0.1"}[self.transport]

    @property
    def contacts(self):
        """How often it was turned to, in whatever way."""
        return len(self.queries) + self.knocks

    def asked(self, name):
        return [q for q in list(self.queries) if q.name.lower() == name.lower()]

    def become(self, mode, address=None):
        self.do(self._become, mode, address)

    def release(self):
        self.do(self.released.set)

    def drop_connections(self):
        self.do(self._drop_connections)

    # --- in the loop's thread ---

    @staticmethod
    def do(work, *arguments):
        async def now():
            done = work(*arguments)
            return await done if asyncio.iscoroutine(done) else done

        return asyncio.run_coroutine_threadsafe(now(), _loop).result(10)

    async def _become(self, mode, address):
        before, self.mode, self.address = self.mode, mode, address or self.address
        if before != mode and {before, mode} & set(self.LISTENING):
            await self._listen()

    def _drop_connections(self):
        for writer in list(self.writers):
            writer.transport.abort()

    def _hang_up(self):
        if self.udp:
            _loop.remove_reader(self.udp)
            self.udp.close()
            self.udp = None
        for server in self.servers:
            server.close()
        self.servers = []
        self._drop_connections()

    async def _listen(self):
        while True:  # a process that another test thread starts just now may hold the old socket for a moment
            try:
                return await self._try_to_listen()
            except OSError as fault:
                if fault.errno != errno.EADDRINUSE:
                    raise
                await asyncio.sleep(0.01)

    async def _try_to_listen(self):
        self._hang_up()
        if self.mode == "gone":
            return
        is_plain = self.transport in ("udp", "tcp")
        if is_plain and self.mode != "closed":
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.setblocking(False)
            self.udp.bind(("127.0.0.1", self.port))
            _loop.add_reader(self.udp, self._take_datagram)
        context = None
        if not is_plain and self.mode != "mute":
            context = self.certificates.context(self.mode if self.mode in self.CERTIFICATES else "good")
            context.set_alpn_protocols(["dot" if self.transport == "dot" else "h2"])
            context.sni_callback = self._hello
        self.servers = [await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=context, backlog=200)]

    def _hello(self, _, name, __):
        self.knocks += 1
        self.names.add(name)

    def _take_datagram(self):
        try:
            packet, sender = self.udp.recvfrom(4096)
        except OSError:
            return

        def send(message, half=False, **_):
            if self.udp:
                self.udp.sendto(message[:len(message) // 2] if half else message, sender)

        self._take(Query("udp", packet, sender[1]), send)

    async def _serve(self, reader, writer):
        secure = writer.get_extra_info("ssl_object")
        self.connections += 1
        if secure:
            self.alpn.add(secure.selected_alpn_protocol())
        else:
            self.knocks += 1
        self.writers.add(writer)
        try:
            if self.mode == "closed":
                return
            if self.mode == "mute":
                await reader.read()
            elif self.transport == "doh":
                await self._serve_http(reader, writer, self.connections)
            else:
                await self._serve_stream(reader, writer, self.connections)
        except (OSError, EOFError, h2.exceptions.ProtocolError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _serve_stream(self, reader, writer, number):
        def send(message, half=False, **_):
            writer.write(struct.pack("!H", len(message)) + (message[:len(message) // 2] if half else message))
            if half:
                writer.close()

        while True:
            packet = await reader.readexactly(struct.unpack("!H", await reader.readexactly(2))[0])
            transport = "dot" if self.transport == "dot" else "tcp"
            self._take(Query(transport, packet, writer.get_extra_info("peername")[1], number), send)

    async def _serve_http(self, reader, writer, number):
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        http.initiate_connection()
        requests = collections.defaultdict(lambda: [{}, b""])

        def sender(stream):
            def send(message, half=False, status=200, kind="application/dns-message"):
                try:
                    http.send_headers(stream, [(":status", str(status)), ("content-type", kind), ("content-length", str(len(message)))])
                    http.send_data(stream, message[:len(message) // 2] if half else message, end_stream=not half)
                except h2.exceptions.ProtocolError:  # the client has given it up
                    return
                writer.write(http.data_to_send())
                if half:
                    writer.close()
            return send

        data = b""
        while True:
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    requests[event.stream_id][0] = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    requests[event.stream_id][1] += event.data
                    http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    headers, body = requests.pop(event.stream_id)
                    path, _, encoded = headers[":path"].partition("?dns=")
                    if headers[":method"] == "GET":
                        body = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
                    is_right = path == "/dns-query" and (headers[":method"] == "GET" or headers.get("content-type") == "application/dns-message")
                    if is_right:
                        self._take(Query("doh", body, writer.get_extra_info("peername")[1], number, headers), sender(event.stream_id))
                    else:
                        sender(event.stream_id)(b"", status=404)
            writer.write(http.data_to_send())
            data = await reader.read(65536)
            if not data:
                return

    def _take(self, query, send):
        self.queries.append(query)
        _loop.create_task(self._respond(query, send))

    async def _respond(self, query, send):
        if query.name.lower().startswith("held"):
            await self.released.wait()
        if self.mode == "slow":
            await asyncio.sleep(self.delay)
        is_udp = query.transport == "udp"
        good, evil, mode = query.answer(self.address, self.ttl), query.answer(EVIL, 3600), self.mode
        wrong_id = bytes([evil[0] ^ 1]) + evil[1:]
        wrong_question = evil[:12] + wire_name("evil.example") + evil[query.end - 4:]
        if mode in ("silent", "mute"):
            return
        if mode == "wrong_id":
            send(wrong_id)
        elif mode == "wrong_question":
            send(wrong_question)
        elif mode == "wrong_case":
            send(query.respelled(evil if is_udp else good))
        elif mode == "truncated" and is_udp:
            send(query.answer(self.address, flags=0x0200, empty=True))
        elif mode == "garbage":
            send(os.urandom(60))
            if query.transport != "doh":
                send(good[:2] + os.urandom(60))
        elif mode == "half":
            send(good, half=True)
        elif mode == "servfail":
            send(query.answer(self.address, rcode=2))
        elif mode == "refused":
            send(query.answer(self.address, rcode=5))
        elif mode == "formerr_edns" and query.has_edns:
            send(query.answer(self.address, rcode=1))
        elif mode == "http500":
            send(evil, status=500)
        elif mode == "html":
            send(b"<html>Please log in</html>", kind="text/html")
        else:
            if mode == "lies" and is_udp:
                wrong_type = evil[:query.end - 4] + struct.pack("!H", TXT) + evil[query.end - 2:]
                for lie in (wrong_id, wrong_question, query.respelled(evil), wrong_type, evil[:-1], evil[:query.end], b"", os.urandom(600),
                            query.raw):
                    send(lie)
            send(good)
