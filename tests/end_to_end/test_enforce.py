"""A child's traffic is held whatever the child's programs say: the real firewall, two network namespaces, real accounts. The
machine is one of them; the other is the internet, with another resolver, a web server and what a child might try."""
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

import test_transparent
from household import BIN, Household, free_port, run, wait_until

CHILD, OTHER = 65534, 1  # accounts that are everywhere: nobody, and one that is nobody's child
WEB, RESOLVER, QUAD9 = ("203.0.113.80", "2001:db8::80"), ("203.0.113.53", "2001:db8::53"), ("9.9.9.9", "2620:fe::fe")
TRICKED = "198.51.100.66"  # what the other resolver says of every name

INTERNET = """
import contextlib, socket, sys, threading
def tcp(address, port, said):
    server = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    def attend(connection):
        with connection, contextlib.suppress(OSError):
            data = connection.recv(4096)
            connection.sendall(said)
            while connection.recv(4096):
                pass
    def accept():
        while True:
            threading.Thread(target=attend, args=(server.accept()[0],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
def udp(address, port):
    server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, port))
    def echo():
        while True:
            data, to = server.recvfrom(4096)
            server.sendto(data, to)
    threading.Thread(target=echo, daemon=True).start()
page = b"HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\nConnection: close\\r\\n\\r\\npage!\\n"
for address in sys.argv[1].split(","):
    for port in (22, 80, 853, 9001):
        tcp(address, port, page if port == 80 else b"here")
    for port in (443, 853, 1194, 4242):
        udp(address, port)
for address in sys.argv[2].split(","):
    tcp(address, 443, b"here")
print("ready", flush=True)
threading.Event().wait()
"""

ASK = """
import socket, sys
kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
s.settimeout(10)
try:
    s.connect((address, port))
    s.send(b"x")
    print("reached" if s.recv(100) else "closed")
except OSError as fault:
    print("no:", fault)
"""

# A connection that is used twice.
TALK = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.send(b"x")
s.recv(10)
print("open", flush=True)
sys.stdin.readline()
try:
    s.send(b"y")
    s.settimeout(10)
    print(s.recv(10))
except OSError as fault:
    print("no:", fault)
"""

# What is sent twice, over connections that began before the first time: a question over UDP and TCP, a request.
BEFORE = """
import socket, sys
question = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\4good\\4test\\0\\0\\1\\0\\1"
ways = []
for kind, address, port, said in ((socket.SOCK_DGRAM, sys.argv[1], 53, question), (socket.SOCK_STREAM, sys.argv[1], 53, b"\\0\\x1b" + question),
                                  (socket.SOCK_STREAM, sys.argv[2], 80, b"GET / HTTP/1.1\\r\\n\\r\\n")):
    s = socket.socket(socket.AF_INET, kind)
    s.settimeout(10)
    s.connect((address, port))
    s.send(said)
    assert s.recv(4096)
    ways.append((s, said))
print("open", flush=True)
sys.stdin.readline()
for s, said in ways:
    try:
        s.send(said)
        print("reached", s.recv(4096).hex())
    except OSError as fault:
        print("no:", fault)
"""

# Pages of several servers, over connections from one port that are open together.
PAGES = """
import socket, sys
port, host, *addresses = sys.argv[1:]
kept = []
for address in addresses:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    kept.append(s)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", int(port)))
    s.settimeout(10)
    try:
        s.connect((address, 80))
        s.send(f"GET / HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
        print(s.recv(100)[9:12].decode() or "closed")
    except OSError as fault:
        print("no:", fault)
"""


def setUpModule():
    test_transparent.setUpModule()


class Machine(Household):
    options = ("--enforce",)
    settings = {"inside_names": ["childline.org.uk"]}
    zones = Household.zones.replace("127.0.0.1", WEB[0]).replace('AAAA ::1"', f'AAAA {WEB[1]}"')

    def hortd_command(self):
        """With what the service may do (packaging/hort.service), and no more."""
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packaging/hort.service")) as f:
            rights = re.search(r"^CapabilityBoundingSet=(.*)$", f.read(), re.M)[1].replace("CAP_", "").lower().split()
        return ["setpriv", "--bounding-set=-all,+" + ",+".join(rights), "--no-new-privs", *super().hortd_command()]

    def start_hortd(self):
        self.give_to_worker()
        super().start_hortd()

    def setUp(self):
        self.connect_internet()
        super().setUp()
        self.hortctl("child", "add", "mia", "--age", "13", "--account", "nobody")

    def connect_internet(self):
        holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        within = ["nsenter", "-t", str(holder.pid), "-n"]
        wait_until("the other namespace", lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        addresses = [address for pair in (WEB, RESOLVER, QUAD9) for address in pair]
        run("ip", "link", "add", "out", "type", "veth", "peer", "name", "home", "netns", holder.pid, check=True)
        self.addCleanup(run, "ip", "link", "del", "out")
        for words in (["ip", "addr", "add", "192.0.2.2/24", "dev", "out"], ["ip", "-6", "addr", "add", "2001:db8:2::2/64", "dev", "out", "nodad"],
                      ["ip", "link", "set", "out", "up"]):
            run(*words, check=True)
        for words in (["ip", "addr", "add", "192.0.2.3/24", "dev", "home"], ["ip", "-6", "addr", "add", "2001:db8:2::3/64", "dev", "home", "nodad"],
                      ["ip", "link", "set", "home", "up"], ["ip", "link", "set", "lo", "up"],
                      *(["ip", "addr", "add", address, "dev", "home", *(["nodad"] if ":" in address else [])] for address in addresses)):
            run(*within, *words, check=True)
        run("ip", "route", "add", "default", "via", "192.0.2.3", check=True)
        run("ip", "-6", "route", "add", "default", "via", "2001:db8:2::3", check=True)
        servers = subprocess.Popen([*within, sys.executable, "-c", INTERNET, ",".join(addresses), ",".join((*WEB, *QUAD9))], stdout=subprocess.PIPE)
        self.addCleanup(servers.stdout.close)
        self.addCleanup(servers.wait)
        self.addCleanup(servers.kill)
        self.assertEqual(servers.stdout.readline(), b"ready\n")
        self.within = within

    def start_unbound(self):
        super().start_unbound()
        other = "".join(f'  local-zone: "{zone}" redirect\n  local-data: "{zone} 60 IN A {TRICKED}"\n' for zone in (".", "test."))
        self.spawn_unbound(53, other, "other", (*RESOLVER, *QUAD9), self.within)
        wait_until("the other resolver", lambda: TRICKED in self.ask_dns(OTHER, RESOLVER[0]))

    def start_nginx(self):
        pass

    # --- what somebody's programs do ---

    def words_of(self, account):
        """The words before a command that make it that account's."""
        return ["setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups"]

    def by(self, account, *words, before=()):
        return run(*self.words_of(account), *before, *words)

    def assert_time_is_up_for(self, who, and_not_for):
        """Mia, who is `who`, is paused and goes on; with a connection that is open before."""
        with subprocess.Popen([*self.words_of(who), sys.executable, "-c", TALK, WEB[0], "22"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as busy:
            self.assertEqual(busy.stdout.readline(), "open\n")
            self.hortctl("pause", "mia")
            self.assertRegex(busy.communicate("\n")[0], "no: .*(refused|reset|not permitted)", "what was open, too")
        self.assertRegex(self.reach(who, "tcp", WEB[0], 22), "no: ")
        for address in WEB:
            self.assertRegex(self.reach(who, "udp", address, 4242), "no: ")
        self.assertEqual(self.page(who, "http://www.good.test/"), "403")
        self.assertEqual(self.ask_dns(who, RESOLVER[0], "www.childline.org.uk"), WEB[0], "help is there")
        self.assertEqual(self.page(who, "http://www.childline.org.uk/", "--resolve", f"www.childline.org.uk:80:{WEB[0]}"), "200")
        self.assertEqual(self.reach(and_not_for, "tcp", WEB[0], 22), "reached")
        self.hortctl("resume", "mia")
        self.assertEqual(self.reach(who, "tcp", WEB[0], 22), "reached", "at once")

    def ask_dns(self, account, resolver, name="good.test", *more, before=()):
        return self.by(account, "dig", "@" + resolver, "+short", "+time=3", "+tries=1", name, *more, before=before).stdout.strip()

    def reach(self, account, kind, address, port):
        return self.by(account, sys.executable, "-c", ASK, kind, address, port).stdout.strip()

    def page(self, account, url, *more):
        done = self.by(account, "curl", "-sS", "-m", "10", "--resolve", f"www.good.test:80:{WEB[0]}", "--resolve", f"www.casino.test:80:{WEB[0]}", "-o", "/dev/null", "-w",
                       "%{http_code}", url, *more)
        return done.stdout if done.returncode == 0 else f"curl {done.returncode}"


class Enforced(Machine):
    # --- DNS ---

    def test_every_resolver_that_a_child_asks_is_ours(self):
        for resolver in RESOLVER:
            for more in ((), ("+tcp",)):
                with self.subTest(f"{resolver} {more}"):
                    self.assertEqual(self.ask_dns(CHILD, resolver, "casino.test", *more), "0.0.0.0")
                    self.assertEqual(self.ask_dns(CHILD, resolver, "good.test", *more), WEB[0])
                    self.assertEqual(self.ask_dns(OTHER, resolver, "casino.test", *more), TRICKED, "others are left alone")
        self.assertEqual(self.ask_dns(CHILD, "127.0.0.53", "casino.test"), "0.0.0.0", "a resolver of this machine, too")

    def test_a_question_names_its_child_by_where_it_comes(self):
        self.hortctl("block", "mia", "good.test")
        for more in ((), ("+tcp",)):
            self.assertEqual(self.ask_dns(CHILD, RESOLVER[0], "good.test", *more), "0.0.0.0")
        self.hortctl("child", "set", "mia", "--age", "40")
        self.assertEqual(self.ask_dns(CHILD, RESOLVER[0], "casino.test"), TRICKED, "a grown-up is not held")

    def test_whoever_is_root_in_a_namespace_of_its_own_is_still_the_child(self):
        done = self.by(CHILD, "unshare", "-Ur", "dig", "@" + RESOLVER[0], "+short", "+time=3", "+tries=1", "casino.test")
        self.assertEqual(done.stdout.strip(), "0.0.0.0", done.stderr)

    def test_whoever_has_a_source_port_next_inherits_nothing(self):
        """The kernel finds what it knows of a connection by addresses and ports alone, for a while after its end, too."""
        def ask(account, port, any_address):
            return self.ask_dns(account, resolver, "good.test", "-b", f"{any_address}#{port}")
        for resolver, any_address in zip(RESOLVER, ("0.0.0.0", "::")):
            with self.subTest(resolver):
                port = free_port()
                for account, answer in ((CHILD, WEB[0]), (OTHER, TRICKED), (CHILD, WEB[0])):
                    self.assertEqual(ask(account, port, any_address), answer, account)
                port = free_port()
                for account, answer in ((OTHER, TRICKED), (CHILD, WEB[0])):
                    self.assertEqual(ask(account, port, any_address), answer, account)
        self.hortctl("child", "add", "tom", "--age", "13", "--account", "games")
        self.hortctl("block", "tom", "good.test")
        port = free_port()
        for account, answer in ((CHILD, WEB[0]), (5, "0.0.0.0"), (CHILD, WEB[0])):
            self.assertEqual(self.ask_dns(account, RESOLVER[0], "good.test", "-b", f"0.0.0.0#{port}"), answer, account)
        port = free_port()
        for account, status in ((CHILD, ["200"]), (5, ["403"]), (CHILD, ["200"])):
            self.assertEqual(self.pages(account, WEB[0], port=port), status, account)
        self.stop_hortd(signal.SIGKILL)
        for address in (WEB[0], f"[{WEB[1]}]"):
            port = str(free_port())
            self.assertRegex(self.page(CHILD, f"http://{address}/", "--local-port", port), "^curl (7|56)$", "refused, or by a worker that ends")
            self.assertEqual(self.page(OTHER, f"http://{address}/", "--local-port", port), "200")

    # --- the web ---

    def test_pages_are_filtered_without_any_proxy_being_set(self):
        self.assertEqual(self.page(CHILD, "http://www.good.test/"), "200")
        self.assertEqual(self.page(CHILD, "http://www.casino.test/"), "403")
        self.assertEqual(self.page(CHILD, f"http://{WEB[0]}/", "-H", "Host: casino.test"), "403")
        self.assertEqual(self.page(CHILD, f"http://[{WEB[1]}]/", "-H", "Host: casino.test"), "403")
        self.assertEqual(self.page(OTHER, "http://www.casino.test/"), "200")
        self.assertEqual(self.page(CHILD, "http://www.casino.test/", "--proxy", f"http://{RESOLVER[0]}:80"), "403", "another proxy at a port of the web")

    def pages(self, account, *addresses, port=None):
        return self.by(account, sys.executable, "-c", PAGES, port or free_port(), "good.test", *addresses).stdout.split()

    def test_connections_that_have_one_port_are_the_childs_all_the_same(self):
        """What leads them to one place has to give the second another port, by which the kernel knows nobody."""
        self.assertEqual(self.pages(CHILD, WEB[0], RESOLVER[0]), ["200", "200"])
        self.hortctl("block", "mia", "good.test")
        for addresses in zip(WEB, RESOLVER):
            self.assertEqual(self.pages(CHILD, *addresses), ["403", "403"])
            self.assertEqual(self.pages(OTHER, *addresses), ["200", "200"])

    # --- ways round ---

    def test_ways_round_are_refused_at_once(self):
        for kind, address, port, what in ((kind, address, port, what) for kind, port, what, pair in (
                ("tcp", 853, "DNS over TLS", RESOLVER), ("udp", 853, "DNS over QUIC", RESOLVER), ("tcp", 443, "DNS over HTTPS by address", QUAD9),
                ("udp", 443, "HTTP/3", WEB), ("tcp", 9001, "Tor", WEB), ("udp", 1194, "a VPN", WEB)) for address in pair):
            with self.subTest(f"{what} {address}"):
                self.assertRegex(self.reach(CHILD, kind, address, port), "no: .*(refused|not permitted|reset|unreachable|denied)")
                self.assertEqual(self.reach(OTHER, kind, address, port), "reached")
        self.assertEqual(self.reach(CHILD, "tcp", WEB[0], 22), "reached", "what is nothing of the kind")
        self.assertEqual(self.reach(CHILD, "udp", WEB[0], 4242), "reached")

    def test_a_profile_may_allow_http_3_and_vpns(self):
        self.hortctl("child", "set", "mia", "--quic", "allowed")
        self.hortctl("allow", "mia", "vpn_proxy")
        self.assertEqual(self.reach(CHILD, "udp", WEB[0], 443), "reached")
        self.assertEqual(self.reach(CHILD, "udp", WEB[0], 1194), "reached")

    # --- time ---

    def test_when_the_time_is_up_everything_ends_but_help(self):
        self.assert_time_is_up_for(CHILD, and_not_for=OTHER)

    def test_what_was_open_before_there_were_rules_ends_with_them(self):
        # Rules of somebody else make the kernel know connections from before ours.
        run("nft", "-f", "-", stdin="table inet others { chain out { type nat hook output priority -100; }; }\n", check=True)
        self.addCleanup(run, "nft", "delete", "table", "inet", "others")
        self.hortctl("child", "set", "mia", "--age", "40")
        with subprocess.Popen(["setpriv", f"--reuid={CHILD}", "--clear-groups", sys.executable, "-c", BEFORE, RESOLVER[0], WEB[0]],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as busy:
            self.assertEqual(busy.stdout.readline(), "open\n")
            self.hortctl("child", "set", "mia", "--age", "13")
            said = busy.communicate("\n")[0].splitlines()
        # A question over UDP may find its way to us; nobody else answers it.
        self.assertNotIn(socket.inet_aton(TRICKED).hex(), said[0])
        self.assertEqual([line.partition(":")[0] for line in said[1:]], ["no", "no"], said)

    def test_programs_of_this_machine_reach_each_other(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.assertIn(self.reach_local(server), ("reached", "closed"))

    def reach_local(self, server):
        threading.Thread(target=lambda: server.accept()[0].sendall(b"here"), daemon=True).start()
        return self.reach(CHILD, "tcp", "127.0.0.1", server.getsockname()[1])

    # --- without the daemon ---

    def test_without_a_daemon_children_have_no_network_and_others_do(self):
        self.stop_hortd(signal.SIGKILL)
        self.assertEqual(self.ask_dns(CHILD, RESOLVER[0], "good.test").count(TRICKED), 0)
        self.assertEqual(self.page(CHILD, "http://www.good.test/"), "curl 7")
        self.assertEqual(self.ask_dns(OTHER, RESOLVER[0], "good.test"), TRICKED)
        self.assertEqual(self.page(OTHER, "http://www.good.test/"), "200")
        self.start_hortd()
        self.assertEqual(self.page(CHILD, "http://www.good.test/"), "200")
        self.stop_hortd()
        self.assertEqual(self.page(CHILD, "http://www.good.test/"), "curl 7", "an orderly end is none for the rules either")

    def test_rules_that_somebody_deletes_come_back_at_once(self):
        for command in (["flush", "ruleset"], ["delete", "table", "inet", "hort"]):
            run("nft", *command, check=True)
            wait_until("the rules", lambda: "inet hort" in run("nft", "list", "tables").stdout)
            self.assertEqual(self.ask_dns(CHILD, RESOLVER[0], "casino.test"), "0.0.0.0")
        self.assertIn("deleted by somebody", self.said())
        self.hortctl("child", "set", "mia", "--age", "40")
        self.assertEqual(self.ask_dns(CHILD, RESOLVER[0], "casino.test"), TRICKED)
        self.assertEqual(self.said().count("deleted by somebody"), 2, "what is done here is no deed of others")

    def test_doctor_explains_what_is_held(self):
        said = self.hortctl("doctor")
        self.assertIn("(table 'inet hort') holds 1 account: ", said)
        self.assertIn("DNS and the web go to ports of its own each", said)
        self.assertNotIn("Closed now", said)
        self.hortctl("pause", "mia")
        self.assertIn("Closed now: 1.", self.hortctl("doctor"))
        self.hortctl("child", "set", "mia", "--age", "40")
        self.assertIn("The firewall holds nobody", self.hortctl("doctor", expect=1))

    def test_nothing_of_anybody_elses_is_touched(self):
        run("nft", "add", "table", "inet", "others", check=True)
        self.addCleanup(run, "nft", "delete", "table", "inet", "others")
        self.hortctl("child", "set", "mia", "--age", "40")
        self.hortctl("child", "set", "mia", "--age", "9")
        self.assertIn("table inet others", run("nft", "list", "tables").stdout)


class OfTheHouse(Machine):
    """A machine that answers the house, too."""
    def hortd_command(self):
        return [word.replace("127.0.0.1", "0.0.0.0") if word in (f"127.0.0.1:{self.dns}", f"127.0.0.1:{self.proxy}") else word
                for word in super().hortd_command()]

    def test_a_child_that_comes_by_the_address_for_the_house_is_still_the_child(self):
        run("ip", "addr", "add", "192.0.2.77/24", "dev", "out", check=True)
        self.hortctl("block", "mia", "good.test")
        for listener in ("127.0.0.1", "192.0.2.2"):
            self.assertEqual(self.page(CHILD, "http://www.good.test/", "--proxy", f"http://{listener}:{self.proxy}"), "403")
            self.assertEqual(self.ask_dns(CHILD, listener, "good.test", "-p", self.dns), "0.0.0.0")
        self.assertEqual(self.page(CHILD, "http://www.good.test/", "--proxy", f"http://192.0.2.2:{self.proxy}", "--interface", "192.0.2.77"), "403")
        self.assertEqual(self.ask_dns(CHILD, "192.0.2.2", "good.test", "-p", self.dns, "-b", "192.0.2.77"), "0.0.0.0")
        self.assertEqual(self.page(OTHER, "http://www.good.test/", "--proxy", f"http://192.0.2.2:{self.proxy}"), "200")


class Open(Machine):
    def configure(self, **more):
        super().configure(fail="open", **more)

    def test_with_fail_open_an_orderly_end_takes_the_rules_away(self):
        self.assertIn("inet hort", run("nft", "list", "tables").stdout)
        self.assertIn("When hortd ends, nothing holds", self.hortctl("doctor"))
        self.stop_hortd()
        self.assertNotIn("inet hort", run("nft", "list", "tables").stdout)
        self.assertEqual(self.page(CHILD, "http://www.casino.test/"), "200")

    def test_enforcement_needs_the_right_to_it(self):
        done = self.by(CHILD, BIN + "/hortd", "--data", self.folder + "/none", "--enforce")
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
