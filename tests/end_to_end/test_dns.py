"""DNS as clients and hostile clients speak it."""
import random
import re
import socket
import struct
import threading
import unittest

from household import Household, free_port, wait_until


def query(name=b"\3www\4good\4test\0", qtype=1, ident=0x1234, flags=0x0100, counts=(1, 0, 0, 0), klass=1, extra=b""):
    return struct.pack("!6H", ident, flags, *counts) + name + struct.pack("!2H", qtype, klass) + extra


class Dns(Household):
    def udp(self, packet, expect=True):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(10 if expect else 0.3)
            s.sendto(packet, ("127.0.0.1", self.dns))
            try:
                return s.recv(65535)
            except socket.timeout:
                return None

    def rcode(self, packet):
        return self.udp(packet)[3] & 15

    def test_malformed_packets_get_their_error_or_nothing(self):
        opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
        self.assertEqual(self.rcode(query()), 0)
        self.assertIsNone(self.udp(b"", expect=False))
        self.assertIsNone(self.udp(b"\1\2\3", expect=False))
        self.assertIsNone(self.udp(query(flags=0x8100), expect=False))  # an answer
        for bad in (query()[:-1], query(counts=(0, 0, 0, 0)), query(counts=(2, 0, 0, 0)), query(counts=(1, 1, 0, 0)), query(counts=(1, 0, 0, 1)),
                    query(name=b"\x40" + b"a" * 64 + b"\0"), query(name=b"\xc0\x0c"), query(name=b"\3www"), query(name=(b"\x3f" + b"a" * 63) * 4 + b"\0"),
                    query(extra=b"garbage"), query(counts=(1, 0, 0, 2), extra=opt + opt), query(counts=(1, 0, 0, 1), extra=b"\1a" + opt)):
            self.assertEqual(self.rcode(bad), 1, bad)
        self.assertEqual(self.rcode(query(flags=0x2900)), 4)  # opcode UPDATE
        self.assertEqual(self.rcode(query(klass=3)), 5)
        self.assertEqual(self.rcode(query(qtype=252)), 5)
        version1 = self.udp(query(counts=(1, 0, 0, 1), extra=b"\0\0\x29\x04\xd0\0\1\0\0\0\0"))
        self.assertEqual(version1[-6], 1)  # BADVERS, in the OPT record
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")

    def test_a_storm_of_random_packets_changes_nothing(self):
        r = random.Random(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for _ in range(5000):
                packet = bytearray(query(counts=(1, 0, 0, 1), extra=b"\0\0\x29\x04\xd0\0\0\0\0\0\0"))
                for _ in range(r.randrange(1, 6)):
                    packet[r.randrange(len(packet))] = r.randrange(256)
                s.sendto(bytes(packet[: r.randrange(len(packet) + 1)]), ("127.0.0.1", self.dns))
        self.assertEqual(self.address("www.good.test"), "127.0.0.1")
        self.assertIsNone(self.hortd.poll())

    def test_id_and_spelling_of_the_question_come_back(self):
        for _ in range(2):  # from upstream, then from the cache
            answer = self.udp(query(name=b"\3wWw\4gOOd\4tEst\0", ident=0xbeef))
            self.assertEqual(answer[:2], b"\xbe\xef")
            self.assertIn(b"\3wWw\4gOOd\4tEst\0", answer)

    def test_a_large_answer_is_truncated_over_udp_and_whole_over_tcp(self):
        out = self.dig("large.test", "+ignore", "+noedns")
        self.assertIn(" tc ", out)
        self.assertIn("ANSWER: 0", out)
        self.assertEqual(self.dig("large.test", "+short").count("10.0."), 120)  # dig asks again over TCP
        self.assertEqual(self.dig("large.test", "+tcp", "+short").count("10.0."), 120)

    def test_answers_are_kept_and_their_ttl_counts_down(self):
        self.address("www.good.test")
        self.address("www.good.test")
        self.address("www.good.test")
        self.assertEqual(self.said("unbound.log").lower().count("www.good.test. a"), 1)
        self.address("short.test")
        asked = lambda: self.said("unbound.log").lower().count("short.test. a")

        def asked_again():
            self.address("short.test")
            return asked() >= 2

        wait_until("the TTL of one second to run out", asked_again)

    def test_negative_answers_keep_their_meaning(self):
        self.assertIn("status: NXDOMAIN", self.dig("nothing.test"))
        self.assertIn("status: NXDOMAIN", self.dig("nothing.test"))
        self.assertEqual(self.said("unbound.log").lower().count("nothing.test. a"), 1)
        self.assertIn("ANSWER: 0", self.dig("good.test", "MX"))

    def test_without_upstream_the_failure_is_said(self):
        self.unbound.kill()
        self.unbound.wait()
        out = self.dig("elsewhere.test")
        self.assertIn("status: SERVFAIL", out)
        self.assertIn("EDE: 23", out)
        self.assertEqual(self.address("casino.test"), "0.0.0.0")

    def test_several_questions_in_one_tcp_connection(self):
        with socket.create_connection(("127.0.0.1", self.dns)) as s:
            s.settimeout(10)
            for ident in (1, 2, 3):
                q = query(ident=ident)
                s.sendall(struct.pack("!H", len(q)) + q)
            f = s.makefile("rb")
            for ident in (1, 2, 3):
                (size,) = struct.unpack("!H", f.read(2))
                self.assertEqual(struct.unpack("!H", f.read(size)[:2])[0], ident)


class LyingUpstream(Household):
    """An upstream that sends wrong answers before the right one."""

    def start_unbound(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.upstream))
        threading.Thread(target=self.lie, daemon=True).start()

    def tearDown(self):
        super().tearDown()
        self.socket.close()

    def lie(self):
        self.sources, self.ids = [], []
        answer = b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4"
        while True:
            try:
                packet, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            self.sources.append(sender[1])
            self.ids.append(packet[:2])
            end = packet.index(b"\0", 12) + 5
            head, question = packet[:2] + b"\x81\x80\0\1\0\1\0\0\0\0", packet[12:end]
            wrong_id = bytes([packet[0] ^ 1]) + packet[1:2]
            lies = [wrong_id + head[2:] + question + answer + b"\6\6\6\6", head + re.sub(b"(?i)good", b"evil", question) + answer + b"\6\6\6\6",
                    head + question[:-4] + b"\0\x1c\0\1" + answer + b"\6\6\6\6", head + question + answer[:-1], b"", b"\0" * 600, packet]
            for lie in lies:
                self.socket.sendto(lie, sender)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(head + question + answer + b"\6\6\6\6", sender)  # right in everything but where it comes from
            self.socket.sendto(head + question + answer + b"\x0a\0\0\1", sender)

    def test_only_the_matching_answer_is_believed(self):
        for i in range(20):
            self.assertEqual(self.address(f"n{i}.good.test"), "10.0.0.1")
        self.assertGreater(len(set(self.sources)), 10)
        self.assertGreater(len(set(self.ids)), 15)


class Silent(Household):
    """The only upstream takes questions and says nothing."""

    lists = {"gambling": {"own.txt": "casino.test\n"}}

    def start_unbound(self):
        self.silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.silent.close)
        self.silent.bind(("127.0.0.1", self.upstream))

    def test_a_silent_upstream_keeps_nobody_waiting_longer_than_once(self):
        for i in range(4):
            self.address("casino.test")  # which is noted, for later
            self.assertIn("status: SERVFAIL", self.dig(f"n{i}.good.test"))


if __name__ == "__main__":
    unittest.main()
