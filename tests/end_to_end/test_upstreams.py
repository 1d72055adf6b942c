"""What upstream resolvers do to a household: failing, lying, slow, or gone, over UDP, TCP, DoT and DoH."""
import concurrent.futures
import contextlib
import json
import os
import random
import shutil
import tempfile
import time
import unittest

from household import BIN, PATIENCE, Household, run, wait_until
from upstreams import (AAAA, EVIL, GOOD, HOST, HTTPS, NEW, TXT, Certificates, Upstream, ask, free_port, ports_lock, question, send_question,
                       take_reply)

STALE, SERVFAIL, NO_ANSWER = 3, 2, {22, 23}  # Extended DNS Errors (RFC 8914) and a response code
TRANSPORTS = ("udp", "tcp", "dot", "doh")
# The slowest first.
STREAM_FAULTS = ("silent", "mute", "wrong_question", "garbage", "half", "closed", "gone", "servfail")
TLS_FAULTS = STREAM_FAULTS + ("expired", "other_name", "other_ca")
FAULTS = ([("udp", mode) for mode in ("silent", "wrong_id", "wrong_question", "garbage", "half", "closed", "gone", "servfail", "refused")]
          + [("tcp", mode) for mode in STREAM_FAULTS + ("wrong_id",)] + [("dot", mode) for mode in TLS_FAULTS + ("wrong_id", "refused")]
          + [("doh", mode) for mode in TLS_FAULTS + ("http500", "html")])
ODD = [(t, mode) for t in TRANSPORTS for mode in ("slow", "formerr_edns")] + [("udp", "truncated"), ("udp", "wrong_case"), ("tcp", "wrong_case")]


def names(count, label="name"):
    """Long enough that no mixed spelling is all lower case by chance."""
    return [f"{label}-{i}.of-a-long-spelling.in-the-zone.good.example" for i in range(count)]


class Hortd:
    """One of several hortds of a test, with a data folder of its own."""

    def __init__(self, household, number, settings):
        self.household, self.data, log = household, f"{household.folder}/{number}", f"hortd-{number}.log"
        os.makedirs(self.data)
        with open(self.data + "/hort.json", "w") as f:
            json.dump(settings, f)
        with ports_lock:
            self.port = free_port()
            self.process = household.spawn(BIN + "/hortd", "--data", self.data, "--dns", f"127.0.0.1:{self.port}", "--proxy", "127.0.0.1:0",
                                           log=log, env=dict(os.environ, SSL_CERT_FILE=household.certificates.ca))
        wait_until("hortd", lambda: ">ready " in household.said(log) or self.process.poll() is not None)
        household.assertIsNone(self.process.poll(), household.said(log))

    def ask(self, name, kind="A", **more):
        return ask(self.port, name, kind, **more)

    def ask_all(self, asked, **more):
        """All at the same time."""
        with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
            return list(pool.map(lambda name: self.ask(name, **more), asked))

    def counters(self):
        return json.loads(run(BIN + "/hortctl", "--data", self.data, "--json", "status", check=True).stdout)["counters"]


class Upstreams(Household):
    lists = {}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="hort-test-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.certificates = Certificates(folder)

    def start_unbound(self):
        pass

    start_nginx = start_hortd = start_unbound

    @contextlib.contextmanager
    def hortd(self, *upstreams, **settings):
        with ports_lock:
            self.count = getattr(self, "count", 0) + 1
            number = self.count
        hortd = Hortd(self, number, {"upstreams": [getattr(u, "url", u) for u in upstreams], **settings})
        try:
            yield hortd
        finally:
            hortd.process.terminate()
            self.assertEqual(hortd.process.wait(PATIENCE), 0)

    def fake(self, transport="udp", mode="good", **more):
        return Upstream(transport, self.certificates, mode, **more)

    def each(self, cases, check):
        """check(*case) for all cases, many at the same time: they mostly wait."""
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            checks = [pool.submit(check, *case) for case in cases]
        for case, future in zip(cases, checks):
            with self.subTest(" ".join(case)):
                future.result()

    def assert_address(self, reply, address=GOOD):
        self.assertEqual((reply.rcode, reply.addresses), (0, [address]), reply)

    def assert_failed(self, reply):
        self.assertEqual((reply.rcode, reply.answers), (SERVFAIL, []), reply)
        self.assertTrue(reply.errors & NO_ANSWER, reply)

    def assert_stale(self, reply):
        self.assert_address(reply)
        self.assertEqual(reply.errors, {STALE})
        self.assertLessEqual(reply.ttl, 30)

    # --- the usual ---

    def test_records_of_all_kinds_come_over_every_transport(self):
        def check(transport):
            with self.fake(transport, ttl=600) as it, self.hortd(it) as hortd:
                for _ in range(2):  # from upstream, then from the cache
                    reply = hortd.ask("wWw.gOOd.eXample")
                    self.assert_address(reply)
                    self.assertIn(reply.ttl, range(590, 601))
                    self.assertEqual([data for _, _, data in hortd.ask("www.good.example", "TXT").answers], [b"\x18text of www.good.example"])
                    for kind, number in (("AAAA", AAAA), ("HTTPS", HTTPS), ("TXT", TXT)):
                        self.assertEqual([kind for kind, _, _ in hortd.ask("www.good.example", kind).answers], [number])
                    self.assertEqual(hortd.ask("nothing.example").rcode, 3)
                    nothing = hortd.ask("www.good.example", "MX")
                    self.assertEqual((nothing.rcode, nothing.answers), (0, []))
                self.assertEqual(len(it.queries), 6)

        self.each([(t,) for t in TRANSPORTS], check)

    def test_each_udp_question_has_an_id_a_port_and_a_spelling_of_its_own(self):
        with self.fake() as it, self.hortd(it) as hortd:
            for name in names(20):
                self.assert_address(hortd.ask(name))
            self.assertEqual({q.transport for q in it.queries}, {"udp"})
            self.assertGreater(len({q.ident for q in it.queries}), 15)
            self.assertGreater(len({q.port for q in it.queries}), 10)
            self.assertEqual(sorted(q.name.lower() for q in it.queries), sorted(names(20)))
            spelled = [q.name.split(".", 1)[1] for q in it.queries]
            self.assertEqual(len(set(spelled)), 20, spelled)
            self.assertFalse([s for s in spelled if s in (s.lower(), s.upper())])

    # --- failing ---

    def test_a_bad_upstream_before_a_good_one_fails_no_query_and_is_avoided(self):
        def check(transport, mode):
            with self.fake(transport, mode) as bad, self.fake() as good, self.hortd(bad, good) as hortd:
                asked = names(20)
                for name in asked[:10]:
                    self.assert_address(hortd.ask(name))
                before = bad.contacts
                for name in asked[10:]:
                    self.assert_address(hortd.ask(name))
                self.assertLessEqual(bad.contacts - before, 4, "the bad one is asked on and on")
                self.assertTrue(before or mode == "gone" or (transport, mode) == ("udp", "closed"), "the bad one was never asked")
                for name in asked:  # what was kept
                    self.assert_address(hortd.ask(name))

        self.each(FAULTS, check)

    def test_a_dead_encrypted_upstream_is_replaced_by_an_encrypted_one(self):
        def check(transport, mode, other):
            with self.fake(transport, mode) as bad, self.fake(other) as good, self.hortd(bad, good) as hortd:
                for name in names(20):
                    self.assert_address(hortd.ask(name))
                self.assertEqual(len(good.queries), 20)

        self.each([("dot", "mute", "doh"), ("doh", "silent", "dot"), ("dot", "expired", "doh"), ("doh", "gone", "dot")], check)

    def test_an_odd_upstream_is_usable(self):
        def check(transport, mode):
            with self.fake(transport, mode) as it, self.hortd(it) as hortd:
                for reply in hortd.ask_all(names(20)):
                    self.assert_address(reply)
                self.assertEqual(len({q.name.lower() for q in it.queries}), 20)

        self.each(ODD, check)

    def test_without_any_good_upstream_old_answers_are_given_and_new_questions_fail(self):
        def check(transport, mode):
            with self.fake(transport, ttl=1) as it, self.hortd(it) as hortd:
                (known,), (unknown, another) = names(1), names(2, "unknown")
                self.assert_address(hortd.ask(known))
                it.become(mode)

                def is_stale():
                    reply = hortd.ask(known)
                    self.assert_address(reply)
                    return reply.errors == {STALE}

                wait_until("an answer that is stale", is_stale)
                self.assert_failed(hortd.ask(unknown))
                self.assert_failed(hortd.ask(another, tcp=True))
                self.assert_stale(hortd.ask(known))
                self.assert_stale(hortd.ask(known.upper(), tcp=True))
                plain = hortd.ask(known, edns=False)
                self.assert_address(plain)
                self.assertLessEqual(plain.ttl, 30)
                self.assertFalse(plain.has_edns)

        self.each(FAULTS, check)

    def test_a_negative_answer_is_no_stale_address(self):
        with self.fake(ttl=1) as it, self.hortd(it) as hortd:
            self.assertEqual(hortd.ask("nothing.example").rcode, 3)
            it.become("gone")
            self.assertEqual(hortd.ask("nothing.example").rcode, 3)
            self.assert_failed(hortd.ask("nothing.good.example"))

    def test_stale_answers_can_be_switched_off(self):
        with self.fake(ttl=1) as it, self.hortd(it, cache={"stale": 0}) as hortd:
            self.assert_address(hortd.ask("www.good.example"))
            it.become("gone")
            wait_until("the end of the TTL", lambda: hortd.ask("www.good.example").rcode != 0)
            self.assert_failed(hortd.ask("www.good.example"))

    def test_the_bounds_of_the_ttl_hold(self):
        with self.fake(ttl=1) as it, self.hortd(it, cache={"min_ttl": 60, "max_ttl": 100}) as hortd:
            self.assertIn(hortd.ask("short.good.example").ttl, range(50, 61))
            it.ttl = 86400
            self.assertIn(hortd.ask("long.good.example").ttl, range(90, 101))

    def test_answers_are_fresh_again_when_the_upstream_comes_back(self):
        def check(transport, mode):
            with self.fake(transport, ttl=1) as it, self.hortd(it) as hortd:
                self.assert_address(hortd.ask("www.good.example"))
                it.become(mode)
                wait_until("an answer that is stale", lambda: hortd.ask("www.good.example").errors == {STALE})
                self.assert_failed(hortd.ask("unknown.good.example"))
                it.become("good", address=NEW)

                def is_fresh():
                    reply = hortd.ask("www.good.example")
                    self.assertIn(reply.addresses, ([GOOD], [NEW]))
                    return reply.addresses == [NEW] and not reply.errors

                wait_until("a fresh answer", is_fresh)
                wait_until("an answer to a new question", lambda: hortd.ask("unknown.good.example").addresses == [NEW])

        self.each([("udp", "silent"), ("udp", "gone"), ("udp", "servfail"), ("tcp", "closed"), ("dot", "gone"), ("dot", "mute"), ("dot", "expired"),
                   ("doh", "gone"), ("doh", "half"), ("doh", "http500")], check)

    # --- lying ---

    def test_lies_before_the_truth_reach_neither_client_nor_cache(self):
        with self.fake(mode="lies") as it, self.hortd(it) as hortd:
            for name in names(20):
                self.assert_address(hortd.ask(name))
                self.assert_address(hortd.ask(name))
            self.assertEqual(hortd.ask("evil.example").rcode, 3)

    def test_lies_without_truth_are_no_answer(self):
        def check(transport, mode):
            with self.fake(transport, mode) as it, self.hortd(it) as hortd:
                (name,) = names(1)
                self.assert_failed(hortd.ask(name))
                it.become("good")
                wait_until("the truth", lambda: hortd.ask(name).rcode == 0)
                self.assert_address(hortd.ask(name))
                self.assertNotIn(EVIL, hortd.ask("evil.example").addresses)

        self.each([(t, mode) for t in ("udp", "tcp", "dot") for mode in ("wrong_id", "wrong_question")] + [("doh", "wrong_question")], check)

    def test_an_upstream_that_lowers_the_spelling_is_asked_over_tcp(self):
        with self.fake(mode="wrong_case") as it, self.hortd(it) as hortd:
            for name in names(5):
                self.assert_address(hortd.ask(name))
                self.assertIn("tcp", [q.transport for q in it.asked(name)])

    # --- what is asked, and how often ---

    def test_an_upstream_that_knows_no_edns_is_asked_without(self):
        def check(transport):
            with self.fake(transport, "formerr_edns") as it, self.hortd(it) as hortd:
                self.assert_address(hortd.ask("www.good.example"))
                self.assertEqual([q.has_edns for q in it.asked("www.good.example")][-2:], [True, False])
                self.assert_address(hortd.ask("other.good.example", edns=False))

        self.each([(t,) for t in TRANSPORTS], check)

    def test_fifty_clients_with_the_same_question_are_one_question_upstream(self):
        def check(transport):
            with self.fake(transport) as it, self.hortd(it) as hortd:
                spell = lambda name: "".join(random.choice((c.upper(), c.lower())) for c in name)
                clients = [(question(spell(names(1, "held")[0]), ident=i), i % 5 == 0) for i in range(50)]  # each fifth over TCP
                sockets = [send_question(hortd.port, packet, tcp) for packet, tcp in clients]
                wait_until("all the questions", lambda: hortd.counters()["dns_queries"] == 50)
                wait_until("the question", lambda: it.queries)
                it.release()
                for s, (packet, tcp) in zip(sockets, clients):
                    self.assert_address(take_reply(s, packet, tcp))
                # On a slow machine hortd may ask once more before it is answered.
                self.assertEqual(len([q for q in it.queries if q.at < it.queries[0].at + 1]), 1)

        self.each([(t,) for t in TRANSPORTS], check)

    def test_all_clients_with_the_same_question_hear_of_its_failure(self):
        with self.fake(mode="servfail") as it, self.hortd(it) as hortd:
            packets = [question(names(1, "held")[0], ident=i) for i in range(10)]
            sockets = [send_question(hortd.port, packet) for packet in packets]
            wait_until("the question", lambda: it.queries)
            it.release()
            for s, packet in zip(sockets, packets):
                self.assert_failed(take_reply(s, packet))

    # --- forwarding ---

    def test_names_of_the_lan_go_to_their_own_upstream_and_nowhere_else(self):
        def check(transport):
            with self.fake(transport) as world, self.fake(transport, address=NEW) as lan:
                forward = {"lan": [lan.url], "168.192.in-addr.arpa": [lan.url]}
                with self.hortd(world, forward=forward) as hortd:
                    below = ("printer.lan", "a.b.LAN", "lan")
                    for name in below:
                        self.assert_address(hortd.ask(name), NEW)
                    self.assertEqual(hortd.ask("7.1.168.192.in-addr.arpa", "PTR").answers[0][2].lower(), b"\6router\3lan\0")
                    beside = ("lan.good.example", "www.good.example")
                    for name in beside:
                        self.assert_address(hortd.ask(name))
                    for name in ("wlan", "x.vlan"):
                        self.assertEqual(hortd.ask(name).rcode, 3)
                    self.assertEqual(len(hortd.ask("7.1.169.192.in-addr.arpa", "PTR").answers), 1)
                    lan.become("gone")
                    for name in ("scanner.lan", "nas.lan"):
                        self.assert_failed(hortd.ask(name))
                    self.assert_failed(hortd.ask("8.1.168.192.in-addr.arpa", "PTR"))
                    self.assert_address(hortd.ask("other.good.example"))
                    own = {q.name.lower() for q in lan.queries}
                    self.assertEqual(own, {n.lower() for n in below} | {"7.1.168.192.in-addr.arpa"})
                    self.assertFalse([q.name for q in world.queries if ("." + q.name.lower()).endswith((".lan", ".168.192.in-addr.arpa"))])

        self.each([("udp",), ("dot",), ("doh",)], check)

    # --- the modes ---

    def test_parallel_takes_the_faster_although_the_first_is_silent(self):
        def check(transport, mode):
            with self.fake(transport, mode, address=NEW, delay=3) as first, self.fake(transport) as second:
                with self.hortd(first, second, upstream_mode="parallel") as hortd:
                    for name in names(5):
                        start = time.monotonic()
                        self.assert_address(hortd.ask(name))
                        self.assertLess(time.monotonic() - start, 0.6)
                    self.assertTrue(first.contacts)

        self.each([("udp", "silent"), ("udp", "slow"), ("udp", "servfail"), ("dot", "mute"), ("doh", "silent")], check)

    def test_fastest_asks_mostly_the_quicker_one(self):
        def check(transport):
            with self.fake(transport, "slow", delay=0.15) as slow, self.fake(transport) as quick:
                with self.hortd(slow, quick, upstream_mode="fastest") as hortd:
                    asked = names(60)
                    for name in asked:
                        self.assert_address(hortd.ask(name))
                    self.assertGreaterEqual(len([n for n in asked[20:] if quick.asked(n)]), 30)
                    self.assertLessEqual(len([n for n in asked[20:] if slow.asked(n)]), 20)
                    quick.become("gone")
                    for name in names(5, "later"):
                        self.assert_address(hortd.ask(name))

        self.each([("udp",), ("dot",), ("doh",)], check)

    # --- encrypted ---

    def test_encrypted_connections_are_kept_and_shared(self):
        def check(transport):
            with self.fake(transport) as it, self.hortd(it) as hortd:
                for name in names(20):
                    self.assert_address(hortd.ask(name))
                self.assertIn(it.connections, (1, 2))
                for reply in hortd.ask_all(names(20, "at-once")):
                    self.assert_address(reply)
                self.assertIn(it.connections, (1, 2))
                self.assertEqual(it.names, {HOST})
                self.assertEqual(it.alpn, {"dot" if transport == "dot" else "h2"})
                if transport == "doh":
                    self.assertEqual({q.http[":authority"] for q in it.queries}, {f"{HOST}:{it.port}"})

        self.each([("dot",), ("doh",)], check)

    def test_an_answer_that_takes_long_holds_up_no_other_on_the_same_connection(self):
        def check(transport):
            with self.fake(transport) as it, self.hortd(it) as hortd:
                packet = question(names(1, "held")[0])
                waiting = send_question(hortd.port, packet)
                wait_until("the question", lambda: it.queries)
                for name in names(5):
                    self.assert_address(hortd.ask(name))
                it.release()
                self.assert_address(take_reply(waiting, packet))

        self.each([("dot",), ("doh",)], check)

    def test_a_connection_that_the_upstream_closed_is_opened_again(self):
        def check(transport):
            with self.fake(transport) as it, self.hortd(it) as hortd:
                for name in names(3):
                    self.assert_address(hortd.ask(name))
                    it.drop_connections()
                held = question(names(1, "held")[0])
                waiting = send_question(hortd.port, held)
                wait_until("the question", lambda: it.asked(names(1, "held")[0]))
                it.drop_connections()  # under way: asked again
                it.release()
                self.assert_address(take_reply(waiting, held))

        self.each([("tcp",), ("dot",), ("doh",)], check)

    def test_only_the_right_certificate_is_trusted(self):
        def check(transport, leaf):
            with self.fake(transport, leaf) as it, self.hortd(it) as hortd:
                if leaf == "good":
                    self.assert_address(hortd.ask("www.good.example"))
                else:
                    self.assert_failed(hortd.ask("www.good.example"))
                    self.assertEqual(it.queries, [])
                    self.assertTrue(it.knocks)

        self.each([(t, leaf) for t in ("dot", "doh") for leaf in ("good", *Upstream.CERTIFICATES)], check)

    def test_an_authority_that_is_not_trusted_here_is_not_believed(self):
        with self.fake("dot", "other_ca") as other, self.fake("doh") as good, self.hortd(other, good) as hortd:
            for name in names(3):
                self.assert_address(hortd.ask(name))
            self.assertEqual(other.queries, [])

    def test_an_upstream_may_be_named_by_its_address(self):
        def check(transport):
            with self.fake(transport) as it, self.hortd(it.url.replace(HOST, "127.0.0.1").partition("#")[0]) as hortd:
                self.assert_address(hortd.ask("www.good.example"))

        self.each([("dot",), ("doh",)], check)

    def test_a_pin_lets_only_its_key_in(self):
        def check(transport, pinned):
            with self.fake(transport) as it:
                url = it.url.partition("#")[0]
                with self.hortd({"url": url, "addresses": ["127.0.0.1"], "pin": self.certificates.pin(pinned)}) as hortd:
                    if pinned == "good":
                        self.assert_address(hortd.ask("www.good.example"))
                    else:
                        self.assert_failed(hortd.ask("www.good.example"))
                        self.assertEqual(it.queries, [])

        self.each([(t, leaf) for t in ("dot", "doh") for leaf in ("good", "other_ca")], check)


if __name__ == "__main__":
    unittest.main()
