"""Names: those of the house, those for special use, those that hide others, and what a blocked one is answered with."""
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

from household import BIN, Household, can_connect, free_port, run, wait_until
from upstreams import question

NOBODY, MIA, BEN, TOM = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"  # nobody's device, a child of 9, one of 14, and a grown-up
SAFE = {"forcesafesearch.google.com": "198.51.100.20", "strict.bing.com": "198.51.100.21", "safe.duckduckgo.com": "198.51.100.22",
        "restrict.youtube.com": "198.51.100.23", "restrictmoderate.youtube.com": "198.51.100.24"}
ENGINES = ("www.google.com", "www.google.de", "www.google.co.uk", "www.bing.com", "duckduckgo.com", "www.youtube.com", "m.youtube.com")


class Internet(Household):
    """One zone is all of the Internet, with addresses for documentation as the public ones."""

    lists = {"gambling": {"own.txt": "casino.example\n", "addresses.txt": "203.0.113.0/25 # a house of cards\n2001:db8:bad::/48\n"},
             "malware": {"own.txt": "virus.example\n"}}
    records = """
www.good.example.      A     198.51.100.7
www.good.example.      AAAA  2001:db8::7
ads.casino.example.    A     198.51.100.9
casino.example.        A     198.51.100.9
virus.example.         A     198.51.100.9
use-application-dns.net. A   198.51.100.10
mask.icloud.com.       A     198.51.100.11
mask-h2.icloud.com.    A     198.51.100.11
8.8.8.8.in-addr.arpa.  PTR   dns.good.example.
""" + "".join(f"{name}. A {address}\n{name}. AAAA 2001:db8:5afe::{address[-2:]}\n{name}. HTTPS 1 . alpn=h2 ech=AEX+DQBB\n"
              for name, address in SAFE.items()) + "".join(f"{name}. A 198.51.100.40\n{name}. AAAA 2001:db8::40\n" for name in ENGINES)

    def configure(self, **more):
        super().configure(**({"forward": {}, "inside_names": ["inside.example"]} | more))

    def start_unbound(self):
        with open(self.folder + "/root.zone", "w") as f:
            f.write("$ORIGIN .\n$TTL 300\n. SOA a.root. root.root. 1 3600 600 86400 60\n. NS a.root.\na.root. A 198.51.100.1\n"
                    + self.records)
        self.zones = f"""auth-zone:
  name: "."
  zonefile: "{self.folder}/root.zone"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
"""
        super().start_unbound()

    def setUp(self):
        super().setUp()
        for name, age, device in (("mia", 9, MIA), ("ben", 14, BEN), ("tom", 40, TOM)):
            self.hortctl("child", "add", name, "--age", age, "--device", device)

    def ask_as(self, who, name, *more):
        return self.dig(name, *more, "-b", who)

    def answers(self, who, name, kind="A", *more):
        return sorted(self.ask_as(who, name, kind, "+short", *more).split("\n")[:-1])

    def aliased(self, who, name, kind="A"):
        """An alias may come back as it was spelled on its way."""
        return sorted(word.lower() for word in self.answers(who, name, kind))

    def log(self, name="unbound"):
        return self.said(name + ".log").lower()  # names are spelled at random on their way

    def asked_upstream(self, name, log="unbound"):
        return self.log(log).count(f" {name}. ")

    def try_hortctl(self, *words):
        return run(BIN + "/hortctl", "--data", self.data, *words)

    def assert_negative(self, out, status="NXDOMAIN"):
        self.assertIn("status: " + status, out)
        self.assertIn("ANSWER: 0, AUTHORITY: 1", out)
        self.assertLessEqual(int(re.search(r"\n\S+\s+(\d+)\s+IN\s+SOA\s", out)[1]), 10, out)


class Local(Internet):
    def configure(self, **more):
        with open(self.folder + "/hosts", "w") as f:
            f.write("# the house\n127.0.0.1 localhost\n192.168.1.20 printer.house.example printer\nfd00::20 printer.house.example\n"
                    "192.168.1.21 scanner.house.example # behind the printer\nnonsense here\n192.168.1.22 casino.example\n")
        super().configure(hosts=self.folder + "/hosts", page_addresses=["192.168.1.2", "fd00::2"], **more)

    def test_hosts_entries_with_their_reverse_names(self):
        self.assertEqual(self.address("printer.house.example"), "192.168.1.20")
        self.assertEqual(self.address("printer.house.example", "AAAA"), "fd00::20")
        self.assertEqual(self.address("Printer"), "192.168.1.20")
        self.assertEqual(self.address("scanner.house.example"), "192.168.1.21")
        self.assertEqual(self.dig("-x", "192.168.1.20", "+short"), "printer.house.example.\n")
        self.assertEqual(self.dig("-x", "fd00::20", "+short"), "printer.house.example.\n")
        none = self.dig("scanner.house.example", "AAAA")
        self.assertIn("status: NOERROR", none)
        self.assertIn("ANSWER: 0", none)
        self.assertNotIn("house", self.log())

    def test_the_rules_hold_for_hosts_entries(self):
        self.assertEqual(self.answers(MIA, "casino.example"), ["0.0.0.0"])
        self.assertEqual(self.answers(TOM, "casino.example"), ["192.168.1.22"])

    def test_sighup_reads_the_hosts_again(self):
        self.assertIn("status: NXDOMAIN", self.dig("camera.house.example"))
        with open(self.folder + "/hosts", "w") as f:
            f.write("192.168.1.30 camera.house.example\n")
        self.hortd.send_signal(signal.SIGHUP)
        wait_until("the new hosts", lambda: self.address("camera.house.example") == "192.168.1.30")
        self.assertEqual(self.dig("-x", "192.168.1.30", "+short"), "camera.house.example.\n")
        self.assertIn("status: NXDOMAIN", self.dig("printer.house.example"))
        self.assertIn("status: NXDOMAIN", self.dig("-x", "192.168.1.20"))

    def test_the_family_page_has_the_addresses_of_the_settings_for_everybody(self):
        for who in (NOBODY, MIA, TOM):
            self.assertEqual(self.answers(who, "hort.home.arpa"), ["192.168.1.2"])
            self.assertEqual(self.answers(who, "Hort.Home.Arpa", "AAAA"), ["fd00::2"])
        self.hortctl("pause", "mia")
        self.assertEqual(self.answers(MIA, "hort.home.arpa"), ["192.168.1.2"])
        self.assertIn("ANSWER: 0", self.dig("hort.home.arpa", "TXT"))

    def test_names_for_special_use_never_leave_the_house(self):
        self.assertEqual(self.address("localhost"), "127.0.0.1")
        self.assertEqual(self.address("www.localhost"), "127.0.0.1")
        self.assertEqual(self.address("localhost", "AAAA"), "::1")
        for name in ("a.invalid", "www.test", "facebookcorewwwi.onion", "other.home.arpa", "wpad", "wpad.good.example", "wpad.lan"):
            self.assertIn("status: NXDOMAIN", self.dig(name), name)
            self.assertIn("AUTHORITY: 1", self.dig(name, "AAAA"), name)
        for name in ("invalid", "test", "onion", "home.arpa"):
            self.assertIn("ANSWER: 0", self.dig(name), name)
        for name in ("localhost", "invalid", "test", "onion", "home.arpa", "wpad"):
            self.assertNotIn(name, self.log())

    def test_addresses_of_houses_are_looked_up_in_the_house(self):
        inside = ("192.168.7.7", "10.1.2.3", "172.16.0.1", "172.31.255.1", "169.254.1.1", "127.0.0.1", "0.0.0.0", "fd12::1", "fe80::1", "::1", "::",
                  "2001:db8::1", "192.0.2.1")
        for address in inside:
            self.assertIn("status: NXDOMAIN" if address != "127.0.0.1" else "status: NOERROR", self.dig("-x", address), address)
        self.assertNotIn("arpa", self.log())
        self.assertEqual(self.dig("-x", "8.8.8.8", "+short"), "dns.good.example.\n")
        self.dig("-x", "172.32.0.1")
        self.dig("-x", "11.0.0.1")
        self.assertEqual(self.log().count("in-addr.arpa. ptr"), 3, "these are public")


class Browsers(Internet):
    def test_browsers_and_systems_are_told_not_to_go_round_where_a_child_is(self):
        for name in ("use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"):
            for kind in ("A", "AAAA", "HTTPS"):
                for who in (MIA, BEN, NOBODY):
                    self.assert_negative(self.ask_as(who, name, kind))
            self.assertEqual(self.asked_upstream(name), 0)
            self.assertEqual(len(self.answers(TOM, name)), 1)

    def test_any_is_answered_shortly(self):
        out = self.dig("www.good.example", "ANY")
        self.assertRegex(out, r'HINFO\s+"RFC8482" ""')
        self.assertIn("ANSWER: 1,", out)
        self.assertNotIn("198.51.100.7", self.ask_as(MIA, "casino.example", "ANY"))
        self.assertEqual(self.asked_upstream("www.good.example"), 0)

    def test_safe_search_and_restricted_mode(self):
        strict, moderate = "restrict.youtube.com", "restrictmoderate.youtube.com"
        for who, youtube in ((MIA, strict), (BEN, moderate)):
            for name, target in (("www.google.com", "forcesafesearch.google.com"), ("www.google.de", "forcesafesearch.google.com"),
                                 ("WWW.Google.co.uk", "forcesafesearch.google.com"), ("www.bing.com", "strict.bing.com"),
                                 ("duckduckgo.com", "safe.duckduckgo.com"), ("www.youtube.com", youtube), ("m.youtube.com", youtube)):
                for kind, value in (("A", SAFE[target]), ("AAAA", "2001:db8:5afe::" + SAFE[target][-2:]), ("HTTPS", '1 . alpn="h2"')):
                    for _ in range(2):  # from upstream, then from the cache
                        self.assertEqual(self.aliased(who, name, kind), sorted([target + ".", value]), f"{who} {name} {kind}")
                self.assertRegex(self.ask_as(who, name, "MX"), rf"(?i)ANSWER: 1,[^$]*CNAME\s+{target}\.")
                self.assertEqual(self.asked_upstream(name.lower()), 0)
        for name in ENGINES:
            self.assertEqual(self.answers(TOM, name), ["198.51.100.40"], "a grown-up searches as it pleases")
            self.assertEqual(self.answers(TOM, name, "AAAA"), ["2001:db8::40"])

    def test_safe_search_and_restricted_mode_are_switched_for_one_child_and_for_the_household(self):
        self.hortctl("child", "set", "mia", "--safe-search", "off", "--restricted-mode", "moderate")
        self.assertEqual(self.answers(MIA, "www.google.com"), ["198.51.100.40"])
        self.assertIn("restrictmoderate.youtube.com.", self.aliased(MIA, "www.youtube.com"))
        self.hortctl("child", "set", "mia", "--restricted-mode", "off")
        self.assertEqual(self.answers(MIA, "www.youtube.com"), ["198.51.100.40"])
        self.assertIn("forcesafesearch.google.com.", self.aliased(BEN, "www.google.com"))
        self.hortctl("profile", "set", "household", "--safe-search", "off")
        self.assertEqual(self.answers(NOBODY, "www.google.com"), ["198.51.100.40"])
        self.hortctl("child", "set", "mia", "--safe-search", "default", "--restricted-mode", "default")
        self.assertIn("forcesafesearch.google.com.", self.aliased(MIA, "www.google.com"))
        self.assertIn("restrict.youtube.com.", self.aliased(MIA, "www.youtube.com"))

    def test_safe_search_holds_where_the_engine_is_allowed_by_name(self):
        self.hortctl("allow", "mia", "google.com")
        self.assertEqual(self.aliased(MIA, "www.google.com"), [SAFE["forcesafesearch.google.com"], "forcesafesearch.google.com."])
        self.hortctl("block", "mia", "bing.com")
        self.assertEqual(self.answers(MIA, "www.bing.com"), ["0.0.0.0"])


class Disguises(Internet):
    records = Internet.records + """
cloak.good.example.    CNAME  ads.casino.example.
first.good.example.    CNAME  second.good.example.
second.good.example.   CNAME  ads.casino.example.
fine.good.example.     CNAME  www.good.example.
tree.good.example.     DNAME  casino.example.
service.good.example.  HTTPS  1 ads.casino.example. alpn=h2
service.good.example.  A      198.51.100.7
alias.good.example.    HTTPS  0 ads.casino.example.
_dns.good.example.     SVCB   1 ads.casino.example. alpn=h2
mail.good.example.     MX     10 ads.casino.example.
hosted.good.example.   A      198.51.100.8
hosted.good.example.   A      203.0.113.5
hosted6.good.example.  AAAA   2001:db8:bad::1
beside.good.example.   A      203.0.113.200
hint.good.example.     HTTPS  1 . alpn=h2 ipv4hint=203.0.113.5
hint6.good.example.    HTTPS  1 . alpn=h2 ipv6hint=2001:db8:bad::5
to-host.good.example.  CNAME  hosted.good.example.
ech.good.example.      HTTPS  1 . alpn=h2,h3 ipv4hint=198.51.100.7 ech=AEX+DQBBcwAgACBk5eBzdmlKcPHHIBIDLdzqAqx3BMjA
"""

    def test_a_harmless_name_that_leads_to_a_listed_one_is_blocked(self):
        for name, kind in (("cloak.good.example", "A"), ("cloak.good.example", "AAAA"), ("first.good.example", "A"), ("ads.tree.good.example", "A"),
                           ("service.good.example", "HTTPS"), ("alias.good.example", "HTTPS"), ("_dns.good.example", "SVCB")):
            for _ in range(2):
                out = self.ask_as(MIA, name, kind)
                self.assertIn("EDE: 17 (Filtered): (gambling)", out, name)
                self.assertNotIn("casino", out)
            self.assertIn("casino", self.ask_as(TOM, name, kind), "a grown-up sees it as it is")
        self.assertEqual(self.answers(MIA, "cloak.good.example"), ["0.0.0.0"])
        self.assertEqual(self.answers(MIA, "service.good.example"), ["198.51.100.7"])
        self.assertEqual(self.answers(MIA, "fine.good.example"), ["198.51.100.7", "www.good.example."])
        self.assertEqual(self.answers(MIA, "mail.good.example", "MX"), ["10 ads.casino.example."], "nothing is visited by that")

    def test_who_allows_a_name_means_what_it_leads_to(self):
        self.hortctl("allow", "mia", "cloak.good.example")
        self.assertIn("198.51.100.9", self.answers(MIA, "cloak.good.example"))
        self.assertEqual(self.answers(MIA, "first.good.example"), ["0.0.0.0"])

    def test_a_listed_address_is_blocked_under_every_name(self):
        for name, kind in (("hosted.good.example", "A"), ("hosted6.good.example", "AAAA"), ("hint.good.example", "HTTPS"),
                           ("hint6.good.example", "HTTPS"), ("to-host.good.example", "A")):
            for _ in range(2):
                self.assertIn("EDE: 17 (Filtered): (gambling)", self.ask_as(MIA, name, kind), name)
            self.assertNotIn("EDE", self.ask_as(TOM, name, kind))
        self.assertEqual(self.answers(MIA, "beside.good.example"), ["203.0.113.200"])

    def test_no_browser_hides_the_names_it_visits_from_the_filter(self):
        for _ in range(2):
            self.assertEqual(self.answers(MIA, "ech.good.example", "HTTPS"), ['1 . alpn="h2,h3" ipv4hint=198.51.100.7'])
            self.assertIn("ech=AEX+DQBBcwAgACBk5eBzdmlKcPHHIBIDLdzqAqx3BMjA", self.answers(TOM, "ech.good.example", "HTTPS")[0])

    def test_sites_offer_no_http3_where_quic_is_blocked(self):
        self.hortctl("child", "set", "mia", "--quic", "blocked")
        for _ in range(2):
            self.assertEqual(self.answers(MIA, "ech.good.example", "HTTPS"), ['1 . alpn="h2" ipv4hint=198.51.100.7'])
            self.assertIn('alpn="h2,h3"', self.answers(BEN, "ech.good.example", "HTTPS")[0])


class Inside(Internet):
    """Names that lead into the house, and zones that are asked there."""

    records = Internet.records + """
router.attack.example. A     192.168.1.1
ten.attack.example.    A     10.0.0.1
twelve.attack.example. A     172.20.0.1
link.attack.example.   A     169.254.169.254
self.attack.example.   A     127.0.0.1
mixed.attack.example.  A     198.51.100.7
mixed.attack.example.  A     192.168.1.1
local6.attack.example. AAAA  fd00::1
link6.attack.example.  AAAA  fe80::1
self6.attack.example.  AAAA  ::1
mapped.attack.example. AAAA  ::ffff:192.168.1.1
alias.attack.example.  CNAME router.attack.example.
hint.attack.example.   HTTPS 1 . ipv4hint=192.168.1.1
null.good.example.     A     0.0.0.0
nas.inside.example.    A     192.168.1.9
inside.example.        A     192.168.1.9
notinside.example.     A     192.168.1.9
"""
    lan = """  local-zone: "lan." static
  local-data: "printer.lan. 300 IN A 192.168.1.50"
  local-data: "casino.lan. 300 IN A 192.168.1.51"
  local-data: "alias.lan. 300 IN CNAME printer.lan."
  local-zone: "168.192.in-addr.arpa." static
  local-data: "50.1.168.192.in-addr.arpa. 300 IN PTR printer.lan."
"""
    lists = Internet.lists | {"gambling": {"own.txt": "casino.example\ncasino.lan\n"}}

    def configure(self, **more):
        self.router = free_port()
        super().configure(forward={zone: [f"127.0.0.1:{self.router}"] for zone in ("lan", "1.168.192.in-addr.arpa")}, **more)

    def start_unbound(self):
        super().start_unbound()
        self.router_process = self.spawn_unbound(self.router, self.lan, "router")
        wait_until("the router", lambda: can_connect(self.router))

    def test_a_public_name_cannot_lead_into_the_house(self):
        for name, kind in (("router", "A"), ("ten", "A"), ("twelve", "A"), ("link", "A"), ("self", "A"), ("mixed", "A"), ("local6", "AAAA"),
                           ("link6", "AAAA"), ("self6", "AAAA"), ("mapped", "AAAA"), ("alias", "A"), ("hint", "HTTPS")):
            for who in (MIA, TOM):
                out = self.ask_as(who, name + ".attack.example", kind)
                self.assertIn("ANSWER: 0", out, name)
                self.assertIn("EDE: 15 (Blocked): (a public name with a private address)", out, name)
        self.assertEqual(self.address("null.good.example"), "0.0.0.0", "by which others say: blocked")
        self.assertEqual(self.address("www.good.example"), "198.51.100.7")

    def test_names_that_the_owner_expects_inside_are_left_alone(self):
        self.assertEqual(self.address("nas.inside.example"), "192.168.1.9")
        self.assertEqual(self.address("inside.example"), "192.168.1.9")
        self.assertEqual(self.address("notinside.example"), "")

    def test_a_zone_is_asked_of_its_own_resolver_and_of_nobody_else(self):
        self.assertEqual(self.address("printer.lan"), "192.168.1.50")
        self.assertEqual(self.address("Printer.Lan", "+tcp"), "192.168.1.50")
        self.assertEqual(self.dig("-x", "192.168.1.50", "+short"), "printer.lan.\n")
        self.assertIn("status: NXDOMAIN", self.dig("nothing.lan"))
        self.assertIn("status: NXDOMAIN", self.dig("-x", "192.168.2.50"))
        self.assertEqual(self.asked_upstream("50.2.168.192.in-addr.arpa", "router"), 0)
        self.assertEqual(self.answers(MIA, "casino.lan"), ["0.0.0.0"])
        self.assertEqual(self.address("www.good.example"), "198.51.100.7")
        self.assertNotIn("good.example", self.log("router"))
        self.router_process.kill()
        self.router_process.wait()
        self.assertIn("status: SERVFAIL", self.dig("later.lan"))
        said = self.log()
        self.assertFalse(".lan." in said or "168.192" in said, said)


class OwnNames(Internet):
    """`hortctl name`: records of the house."""

    def add(self, name, kind, value, **more):
        return self.hortctl("name", "add", name, kind, value, **more)

    def test_a_name_is_added_listed_and_removed(self):
        self.assertIn("nas.lan", self.add("nas.lan", "A", "192.168.1.5"))
        self.add("nas.lan", "A", "192.168.1.6")
        self.add("NAS.lan", "AAAA", "fd00::5")
        self.assertEqual(self.answers(MIA, "Nas.Lan"), ["192.168.1.5", "192.168.1.6"])
        self.assertEqual(self.answers(TOM, "nas.lan", "AAAA"), ["fd00::5"])
        listed = self.hortctl("name", "list")
        for word in ("nas.lan", "192.168.1.5", "192.168.1.6", "fd00::5", "AAAA"):
            self.assertIn(word, listed)
        self.stop_hortd(signal.SIGKILL)
        self.start_hortd()
        self.assertEqual(self.answers(MIA, "nas.lan"), ["192.168.1.5", "192.168.1.6"], "it is kept")
        self.hortctl("name", "remove", "nas.lan", "A")
        self.assertEqual(self.answers(MIA, "nas.lan"), [])
        self.assertEqual(self.answers(MIA, "nas.lan", "AAAA"), ["fd00::5"])
        self.hortctl("name", "remove", "nas.lan")
        self.assertIn("status: NXDOMAIN", self.dig("nas.lan", "AAAA"))
        self.assertNotIn("nas.lan", self.hortctl("name", "list"))
        self.assertIn("nas.lan", self.hortctl("name", "remove", "nas.lan", expect=1))
        changes = self.ask("log")["changes"]
        self.assertEqual([c["action"] for c in changes[:2]], ["name remove", "name remove"])

    def test_every_type_that_can_be_set(self):
        long = "x" * 300
        for name, kind, value, shown in (("a.lan", "A", "192.168.1.5", "192.168.1.5"), ("b.lan", "AAAA", "FD00::5", "fd00::5"),
                                         ("c.lan", "CNAME", "a.lan", "a.lan."), ("5.1.168.192.in-addr.arpa", "PTR", "a.lan", "a.lan."),
                                         ("t.lan", "TXT", "v=1; \"quoted\"", '"v=1; \\"quoted\\""'), ("l.lan", "TXT", long, f'"{long[:255]}" "{long[255:]}"')):
            self.add(name, kind, value)
            self.assertEqual(self.answers(MIA, name, kind), [shown])
            self.assertEqual(self.asked_upstream(name), 0)
        self.assertEqual(self.dig("-x", "192.168.1.5", "+short"), "a.lan.\n")

    def test_a_name_stands_before_what_the_internet_says(self):
        self.assertEqual(self.answers(TOM, "www.good.example"), ["198.51.100.7"])
        self.add("www.good.example", "A", "192.168.1.5")
        self.assertEqual(self.answers(TOM, "www.good.example"), ["192.168.1.5"], "at once, though it was cached")
        self.assertEqual(self.answers(TOM, "www.good.example", "AAAA"), [], "the name is ours as a whole")
        self.hortctl("name", "remove", "www.good.example")
        self.assertEqual(self.answers(TOM, "www.good.example"), ["198.51.100.7"])

    def test_a_star_stands_for_all_below(self):
        self.add("*.lab.home", "A", "192.168.1.5")
        self.add("own.lab.home", "A", "192.168.1.6")
        self.assertEqual(self.address("www.lab.home"), "192.168.1.5")
        self.assertEqual(self.address("a.b.lab.home"), "192.168.1.5")
        self.assertEqual(self.address("own.lab.home"), "192.168.1.6")
        self.assertIn("status: NXDOMAIN", self.dig("lab.home"))
        self.assertIn("*.lab.home", self.hortctl("name", "list"))
        self.hortctl("name", "remove", "*.lab.home")
        self.assertIn("status: NXDOMAIN", self.dig("www.lab.home"))

    def test_an_alias_is_followed_inside_and_outside(self):
        self.add("nas.lan", "A", "192.168.1.5")
        self.add("files.lan", "CNAME", "nas.lan")
        self.add("music.lan", "CNAME", "files.lan")
        self.add("site.lan", "CNAME", "www.good.example")
        self.add("bets.lan", "CNAME", "ads.casino.example")
        self.assertEqual(self.answers(MIA, "files.lan"), ["192.168.1.5", "nas.lan."])
        self.assertEqual(self.answers(MIA, "music.lan"), ["192.168.1.5", "nas.lan."], "an alias of an alias")
        for _ in range(2):
            self.assertEqual(self.aliased(MIA, "site.lan"), ["198.51.100.7", "www.good.example."])
            self.assertEqual(self.aliased(MIA, "site.lan", "AAAA"), ["2001:db8::7", "www.good.example."])
        self.assertEqual(self.answers(MIA, "site.lan", "CNAME"), ["www.good.example."])
        self.assertEqual(self.answers(MIA, "bets.lan"), ["0.0.0.0"], "the rules look through it")
        self.assertIn("198.51.100.9", self.answers(TOM, "bets.lan"))
        self.add("bets-too.lan", "CNAME", "bets.lan")
        self.assertEqual(self.answers(MIA, "bets-too.lan"), ["0.0.0.0"])

    def test_names_move_with_the_household(self):
        self.add("nas.lan", "A", "192.168.1.5")
        self.hortctl("export", "-o", self.folder + "/all.json")
        self.hortctl("name", "remove", "nas.lan")
        self.assertEqual(self.answers(MIA, "nas.lan"), [])
        self.hortctl("import", self.folder + "/all.json", "--replace")
        self.assertEqual(self.answers(MIA, "nas.lan"), ["192.168.1.5"])

    def test_aliases_in_a_circle_are_refused(self):
        self.add("one.lan", "CNAME", "two.lan")
        self.assertIn("two.lan would be an alias of itself", self.hortctl("name", "add", "two.lan", "CNAME", "one.lan", expect=1))
        self.assertEqual(self.address("www.good.example"), "198.51.100.7")

    def test_wrong_records_are_answered_with_what_was_expected(self):
        for words, expected in ((("nas.lan", "A", "fd00::5"), "192.168.1.20"), (("nas.lan", "AAAA", "192.168.1.5"), "fd00::20"),
                                (("nas.lan", "A", "192.168.1.256"), "192.168.1.20"), (("a..lan", "A", "192.168.1.5"), "")):
            self.assertIn(expected, self.add(*words, expect=1))
        done = self.try_hortctl("name", "add", "nas.lan", "MX", "10 nas.lan")
        self.assertIn(done.returncode, (1, 2))
        self.assertIn("CNAME", done.stdout + done.stderr)
        self.assertNotIn("nas.lan", self.hortctl("name", "list"))

    def test_the_rules_hold_for_own_names(self):
        self.add("nas.lan", "A", "192.168.1.5")
        self.hortctl("block", "mia", "nas.lan")
        self.assertEqual(self.answers(MIA, "nas.lan"), ["0.0.0.0"])
        self.assertEqual(self.answers(BEN, "nas.lan"), ["192.168.1.5"])


class BlockedAnswers(Internet):
    settings = {"page_addresses": ["192.168.1.2", "fd00::2"]}

    def answer_with(self, how):
        self.hortctl("child", "set", "mia", "--blocked-answer", how)

    def blocked(self, kind="A", name="casino.example"):
        out = self.ask_as(MIA, name, kind)
        self.assertIn("EDE: 15 (Blocked): (malware)" if name == "virus.example" else "EDE: 17 (Filtered): (gambling)", out)
        self.assertNotIn("EDE", self.ask_as(MIA, name, kind, "+noedns"))
        return out

    def test_null_addresses_unless_somebody_says_otherwise(self):
        for step in (None, "null"):
            if step:
                self.answer_with(step)
            self.assertRegex(self.blocked(), r"\ncasino\.example\.\s+10\s+IN\s+A\s+0\.0\.0\.0\n")
            self.assertRegex(self.blocked("AAAA"), r"\ncasino\.example\.\s+10\s+IN\s+AAAA\s+::\n")
            for kind in ("TXT", "HTTPS", "MX"):
                self.assert_negative(self.blocked(kind), "NOERROR")
            self.assertIn("0.0.0.0", self.blocked(name="virus.example"))

    def test_nxdomain(self):
        self.answer_with("nxdomain")
        for kind in ("A", "AAAA", "HTTPS", "TXT"):
            self.assert_negative(self.blocked(kind))
            self.assert_negative(self.blocked(kind, "virus.example"))
        self.assertIn("status: NXDOMAIN", self.ask_as(MIA, "casino.example", "+tcp"))
        self.assertEqual(self.answers(BEN, "casino.example"), ["0.0.0.0"], "mia's only")
        self.assertEqual(self.answers(MIA, "www.good.example"), ["198.51.100.7"])

    def test_refused(self):
        self.answer_with("refused")
        for kind in ("A", "AAAA", "HTTPS", "TXT"):
            out = self.blocked(kind)
            self.assertIn("status: REFUSED", out)
            self.assertIn("ANSWER: 0, AUTHORITY: 0", out)

    def test_the_page(self):
        self.answer_with("page")
        self.assertRegex(self.blocked(), r"\ncasino\.example\.\s+10\s+IN\s+A\s+192\.168\.1\.2\n")
        self.assertRegex(self.blocked("AAAA"), r"\ncasino\.example\.\s+10\s+IN\s+AAAA\s+fd00::2\n")
        self.assert_negative(self.blocked("HTTPS"), "NOERROR")

    def test_it_is_kept_and_taken_back(self):
        self.answer_with("nxdomain")
        self.stop_hortd(signal.SIGKILL)
        self.start_hortd()
        self.assertIn("status: NXDOMAIN", self.blocked())
        self.answer_with("null")
        self.assertIn("0.0.0.0", self.blocked())
        self.assertIn("nxdomain", self.hortctl("child", "set", "mia", "--blocked-answer", "silence", expect=2))

    def test_who_asks_whether_it_may_go_round_never_gets_an_address(self):
        for how in ("null", "page", "nxdomain"):
            self.answer_with(how)
            self.assertIn("status: NXDOMAIN", self.ask_as(MIA, "use-application-dns.net"))


class Networks(Internet):
    def test_devices_on_one_machine_are_told_by_their_address(self):
        self.hortctl("block", "mia", "good.example")
        self.assertEqual(self.answers(MIA, "www.good.example"), ["0.0.0.0"])
        self.assertEqual(self.answers(MIA, "www.good.example", "A", "+tcp"), ["0.0.0.0"])
        self.assertEqual(self.answers(BEN, "www.good.example"), ["198.51.100.7"])
        self.assertEqual(self.answers(TOM, "casino.example"), ["198.51.100.9"])

    def test_a_network_is_a_childs_and_an_address_in_it_may_be_anothers(self):
        self.hortctl("child", "set", "ben", "--device", "127.9.0.0/16")
        self.hortctl("child", "set", "mia", "--device", "127.9.1.1")
        self.hortctl("child", "set", "tom", "--device", "127.9.2.0/24")
        self.hortctl("block", "ben", "good.example")
        for who, address in (("127.9.0.1", "0.0.0.0"), ("127.9.255.254", "0.0.0.0"), ("127.9.1.2", "0.0.0.0"), ("127.9.1.1", "198.51.100.7"),
                             ("127.9.2.200", "198.51.100.7"), ("127.10.0.1", "198.51.100.7")):
            self.assertEqual(self.answers(who, "www.good.example"), [address], who)
        self.assertEqual(self.answers("127.9.2.200", "casino.example"), ["198.51.100.9"], "the longest network is meant: tom's")
        self.assertEqual(self.answers("127.9.1.1", "casino.example"), ["0.0.0.0"])
        self.assertIn("belongs to ben already", self.hortctl("child", "set", "mia", "--device", "127.9.0.0/16", expect=1))
        self.hortctl("child", "set", "ben", "--unbind", "127.9.0.0/16")
        self.assertEqual(self.answers("127.9.0.1", "www.good.example"), ["198.51.100.7"])

    def test_words_that_are_no_device_are_refused(self):
        for word in ("127.9.0.0/33", "127.9.0.0/", "127.9.0.0/-1", "300.1.1.1", "aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:zz", "mia phone", "mia_phone", ""):
            done = self.try_hortctl("child", "set", "mia", "--device", word)
            self.assertIn(done.returncode, (1, 2), word + done.stdout)


class Flush(Internet):
    def asked(self, *names):
        for name in names:
            self.address(name)
        return [self.asked_upstream(name) for name in names]

    def test_what_was_kept_is_forgotten(self):
        names = ("www.good.example", "casino.example", "virus.example")
        self.hortctl("child", "add", "ann", "--age", "30", "--device", NOBODY)
        self.assertEqual(self.asked(*names), [1, 1, 1])
        self.assertEqual(self.asked(*names), [1, 1, 1])
        self.hortctl("cache", "flush", "www.good.example")
        self.assertEqual(self.asked(*names), [2, 1, 1])
        self.hortctl("cache", "flush")
        self.assertEqual(self.asked(*names), [3, 2, 2])

    def test_a_name_is_forgotten_with_all_below_it(self):
        self.hortctl("child", "add", "ann", "--age", "30", "--device", NOBODY)
        self.asked("www.good.example")
        self.dig("www.good.example", "AAAA")
        self.hortctl("cache", "flush", "WWW.Good.Example")
        self.dig("www.good.example", "AAAA")
        self.assertEqual(self.asked_upstream("www.good.example"), 3, "all of its types")
        self.hortctl("cache", "flush", "good.example")
        self.assertEqual(self.asked("www.good.example"), [4])
        self.hortctl("cache", "flush", "ood.example")
        self.assertEqual(self.asked("www.good.example"), [4])
        self.hortctl("cache", "flush", "a..b", expect=2)


@unittest.skipUnless(os.getuid() == 0 and shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin"), "making a network of its own needs root and iproute2")
class Devices(Internet):
    """Another machine: a network namespace at the other end of a cable."""

    MAC = "02:aa:bb:cc:dd:01"
    settings = {"rate_limit": 0}

    def setUp(self):
        # Two numbers that no other test program has at the same time.
        self.number = os.getpid() % 60_000
        self.here, self.there = f"hort{self.number}a", f"hort{self.number}b"
        self.space, self.net = f"hort-test-{self.number}", f"10.{200 + self.number // 250 % 50}.{self.number % 250}"
        try:
            self.lay_cable()
        except subprocess.CalledProcessError as fault:  # root of a container that may not
            self.skipTest("no network of its own may be made here: " + fault.stderr.strip())
        super().setUp()

    def lay_cable(self):
        self.ip("netns", "add", self.space)
        self.addCleanup(self.ip, "netns", "del", self.space)
        self.ip("link", "add", self.here, "type", "veth", "peer", "name", self.there, "netns", self.space)
        self.addCleanup(run, "ip", "link", "del", self.here)
        self.ip("addr", "add", self.net + ".1/24", "dev", self.here)
        self.ip("addr", "add", "fd00:4057::1/64", "dev", self.here, "nodad")
        self.ip("link", "set", self.here, "up")
        self.ip("link", "set", self.there, "address", self.MAC, inside=True)
        for last in (2, 3):
            self.ip("addr", "add", f"{self.net}.{last}/24", "dev", self.there, inside=True)
        self.ip("addr", "add", "fd00:4057::2/64", "dev", self.there, "nodad", inside=True)
        self.ip("link", "set", self.there, "up", inside=True)

    def ip(self, *words, inside=False):
        run("ip", *(("-n", self.space) if inside else ()), *words, check=True)

    def configure(self, **more):
        super().configure(dns=[f"127.0.0.1:{self.dns}", f"{self.net}.1:{self.dns}", f"[fd00:4057::1]:{self.dns}"], **more)

    def hortd_command(self):
        command = super().hortd_command()
        at = command.index("--dns")
        return command[:at] + command[at + 2:]

    def there_is(self, name, *more, server=None):
        done = run("ip", "netns", "exec", self.space, "dig", "@" + (server or self.net + ".1"), "-p", self.dns, "+time=10", "+tries=1", "+short", name, *more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.strip()

    def test_another_machine_is_told_by_its_address(self):
        self.hortctl("child", "set", "mia", "--device", self.net + ".2")
        self.hortctl("block", "mia", "good.example")
        self.assertEqual(self.there_is("www.good.example"), "0.0.0.0")
        self.assertEqual(self.there_is("www.good.example", "+tcp"), "0.0.0.0")
        self.assertEqual(self.there_is("www.good.example", "-b", self.net + ".3"), "198.51.100.7")
        self.assertEqual(self.there_is("casino.example", "-b", self.net + ".3"), "0.0.0.0", "the household's rules")
        self.assertEqual(self.there_is("www.good.example", "-6", server="fd00:4057::1"), "198.51.100.7")

    def test_a_phone_is_known_by_its_mac_whatever_its_address(self):
        self.hortctl("child", "set", "mia", "--device", self.MAC.upper())
        self.hortctl("block", "mia", "good.example")
        self.ip("addr", "add", self.net + ".77/24", "dev", self.there, inside=True)
        for address in (self.net + ".2", self.net + ".3", self.net + ".77", "fd00:4057::2"):
            server = "fd00:4057::1" if ":" in address else self.net + ".1"
            for more in ((), ("+tcp",)):  # a new neighbour is known after a second
                wait_until(f"{address} {more}", lambda: self.there_is("www.good.example", "-b", address, *more, server=server) == "0.0.0.0")
        self.assertEqual(self.address("www.good.example"), "198.51.100.7")
        self.hortctl("child", "set", "mia", "--unbind", self.MAC)
        self.assertEqual(self.there_is("www.good.example"), "198.51.100.7")

    def test_another_phone_is_another_childs(self):
        self.hortctl("child", "set", "mia", "--device", self.MAC)
        self.hortctl("child", "set", "ben", "--device", "02:aa:bb:cc:dd:02")
        self.hortctl("block", "ben", "good.example")
        for change in (("down",), ("address", "02:aa:bb:cc:dd:02"), ("up",)):
            self.ip("link", "set", self.there, *change, inside=True)
        wait_until("ben's phone", lambda: self.there_is("www.good.example") == "0.0.0.0")

    def test_the_address_of_a_device_goes_before_its_network(self):
        self.hortctl("child", "set", "ben", "--device", self.net + ".0/24")
        self.hortctl("block", "ben", "good.example")
        self.assertEqual(self.there_is("www.good.example"), "0.0.0.0")
        self.hortctl("child", "set", "mia", "--device", self.MAC)
        wait_until("mia's phone in ben's network", lambda: self.there_is("www.good.example") == "198.51.100.7")

    def flood(self, server, *inside):
        """A hundred questions at once over UDP. Gives how many of them were answered: those of a socket are taken in their order."""
        script = ("import socket, sys\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.connect((sys.argv[1], int(sys.argv[2])))\n"
                  "for _ in range(100):\n    s.send(bytes.fromhex(sys.argv[3]))\n")
        asked = lambda: self.ask("status")["counters"]["dns_queries"]
        before = asked()
        run(*inside, sys.executable, "-c", script, server, self.dns, question("www.good.example").hex(), check=True)
        self.assertIn("198.51.100.7", run("dig", "@" + server, "-p", self.dns, "-b", "127.0.0.1", "www.good.example").stdout)
        return asked() - before - 1

    def test_one_device_cannot_flood_the_house(self):
        self.stop_hortd()
        self.configure(rate_limit=5)
        self.start_hortd()
        self.there_is("www.good.example")
        answered = self.flood(self.net + ".1", "ip", "netns", "exec", self.space)
        self.assertTrue(0 < answered < 50, answered)
        self.assertEqual(self.there_is("www.good.example", "-b", self.net + ".3"), "198.51.100.7", "another one is asked nothing of")
        self.assertEqual(self.there_is("www.good.example", "+tcp"), "198.51.100.7", "nor is who shows its address by TCP")

    def test_this_machine_may_ask_as_much_as_it_likes(self):
        self.stop_hortd()
        self.configure(rate_limit=5)
        self.start_hortd()
        for server in ("127.0.0.1", self.net + ".1"):
            with self.subTest(server):
                self.assertEqual(self.flood(server), 100)


if __name__ == "__main__":
    unittest.main()
