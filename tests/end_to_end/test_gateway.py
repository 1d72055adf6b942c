"""The box that serves the house: devices in namespaces of their own, which know nothing of Hort, reach the internet through the
one in which it runs. Each is held as the person whose device it is."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import test_enforce
import test_transparent
from household import free_port, run, wait_until
from test_enforce import QUAD9, RESOLVER, TRICKED, WEB

setUpModule = test_transparent.setUpModule
PHONE, TABLET, LAPTOP, VISITOR = "phone", "tablet", "laptop", "visitor"
REFUSED = "no: .*(refused|not permitted|reset|unreachable|denied|No route)"


def hardware(number):
    return f"02:00:00:00:00:{number:02x}"


class Gateway(test_enforce.Machine):
    options = ()

    def configure(self, **more):
        redirected = free_port()
        super().configure(gateway="br0", dns=[f"0.0.0.0:{self.dns}", f"[::]:{self.dns}"], transparent=[f"0.0.0.0:{redirected}", f"[::]:{redirected}"], **more)

    def hortd_command(self):
        command = super().hortd_command()
        at = command.index("--dns")
        return command[:at] + command[at + 2:]

    def setUp(self):
        super().setUp()
        self.hortctl("child", "add", "ben", "--age", "13")
        self.hortctl("child", "add", "ann", "--age", "40")
        self.hortctl("child", "set", "mia", "--device", hardware(10))
        self.hortctl("child", "set", "ben", "--device", "192.168.77.11", "--device", "fd00:77::11")
        self.hortctl("child", "set", "ann", "--device", hardware(12))

    def connect_internet(self):
        super().connect_internet()
        run(*self.within, "ip", "route", "add", "192.168.77.0/24", "via", "192.0.2.2", check=True)
        run(*self.within, "ip", "-6", "route", "add", "fd00:77::/64", "via", "2001:db8:2::2", check=True)
        for switch in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            with open("/proc/sys/net/" + switch, "w") as f:
                f.write("1")
        for words in (["link", "add", "br0", "type", "bridge"], ["addr", "add", "192.168.77.1/24", "dev", "br0"],
                      ["-6", "addr", "add", "fd00:77::1/64", "dev", "br0", "nodad"], ["link", "set", "br0", "up"]):
            run("ip", *words, check=True)
        self.addCleanup(run, "ip", "link", "del", "br0")
        self.devices = {name: self.connect(name, number) for number, name in enumerate((PHONE, TABLET, LAPTOP, VISITOR), 10)}

    def connect(self, name, number):
        """A device behind the bridge. Returns the words before a command that runs on it."""
        holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        within = ["nsenter", "-t", str(holder.pid), "-n"]
        wait_until("the device", lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "lan", "netns", holder.pid, check=True)
        run("ip", "link", "set", name, "master", "br0", "up", check=True)
        for words in (["link", "set", "lan", "address", hardware(number)], ["link", "set", "lo", "up"], ["link", "set", "lan", "up"],
                      ["addr", "add", f"192.168.77.{number}/24", "dev", "lan"], ["-6", "addr", "add", f"fd00:77::{number}/64", "dev", "lan", "nodad"],
                      ["route", "add", "default", "via", "192.168.77.1"], ["-6", "route", "add", "default", "via", "fd00:77::1"]):
            run(*within, "ip", *words, check=True)
        return within

    def words_of(self, device):
        return self.devices[device] if device in self.devices else super().words_of(device)

    def test_devices_are_filtered_as_the_person_whose_they_are_without_any_setting(self):
        self.hortctl("block", "mia", "good.test")
        for resolver in RESOLVER:
            for more in ((), ("+tcp",)):
                with self.subTest(f"{resolver} {more}"):
                    for device, good, casino in ((PHONE, "0.0.0.0", "0.0.0.0"), (TABLET, WEB[0], "0.0.0.0"), (VISITOR, WEB[0], "0.0.0.0"),
                                                 (LAPTOP, TRICKED, TRICKED)):
                        self.assertEqual(self.ask_dns(device, resolver, "good.test", *more), good, device)
                        self.assertEqual(self.ask_dns(device, resolver, "casino.test", *more), casino, device)
        for address in (WEB[0], f"[{WEB[1]}]"):
            for device, good, casino in ((PHONE, "403", "403"), (TABLET, "200", "403"), (VISITOR, "200", "403"), (LAPTOP, "200", "200")):
                with self.subTest(f"{device} {address}"):
                    self.assertEqual(self.page(device, f"http://{address}/", "-H", "Host: www.good.test"), good)
                    self.assertEqual(self.page(device, f"http://{address}/", "-H", "Host: www.casino.test"), casino)
        self.assertEqual(self.page(TABLET, "https://www.casino.test/", "--resolve", f"www.casino.test:443:{WEB[0]}"), "curl 35", "refused by TLS")

    def browse(self, device, url, picture=None):
        """What Chromium shows on a device whose resolver is one of the internet."""
        home = tempfile.mkdtemp(prefix="hort-browser-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        with open(home + "/resolv.conf", "w") as f:
            f.write(f"nameserver {RESOLVER[0]}\n")
        show = ["--window-size=390,844", "--screenshot=" + picture] if picture else ["--dump-dom"]
        browser = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                   "--user-data-dir=" + home + "/profile", "--timeout=20000", *show, url]
        done = run(*self.words_of(device), "unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', home + "/resolv.conf", *browser,
                   env={"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8"})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_browser_on_a_phone_sees_pages_and_why_others_are_blocked(self):
        self.hortctl("name", "add", "www.good.test", "A", WEB[0])
        self.assertIn("page!", self.browse(PHONE, "http://www.good.test/"))
        self.assertIn("page!", self.browse(LAPTOP, f"http://{WEB[0]}/"))
        self.assertIn("page!", self.browse(PHONE, f"http://{WEB[0]}/"))
        self.hortctl("pause", "mia")
        self.assertIn("paused", self.browse(PHONE, f"http://{WEB[0]}/"))
        if folder := os.environ.get("HORT_PICTURES"):
            self.browse(PHONE, f"http://{WEB[0]}/", folder + "/gateway-phone.png")

    def test_ways_round_are_refused_at_once(self):
        for kind, address, port, what in ((kind, address, port, what) for kind, port, what, pair in (
                ("tcp", 853, "DNS over TLS", RESOLVER), ("udp", 853, "DNS over QUIC", RESOLVER), ("udp", 443, "HTTP/3", WEB),
                ("tcp", 9001, "Tor", WEB), ("udp", 1194, "a VPN", WEB)) for address in pair):
            with self.subTest(f"{what} {address}"):
                for device in (PHONE, TABLET, VISITOR):
                    self.assertRegex(self.reach(device, kind, address, port), REFUSED, device)
                self.assertEqual(self.reach(LAPTOP, kind, address, port), "reached")
        for address in QUAD9:
            self.assertRegex(self.reach(PHONE, "tcp", address, 443), REFUSED, "DNS over HTTPS by address")
            self.assertEqual(self.reach(LAPTOP, "tcp", address, 443), "reached")
        for device in self.devices:
            self.assertEqual(self.reach(device, "tcp", WEB[0], 22), "reached", "what is nothing of the kind")

    def test_when_the_time_is_up_everything_ends_but_help(self):
        self.assert_time_is_up_for(PHONE, and_not_for=TABLET)

    def test_without_a_daemon_the_supervised_have_no_network(self):
        self.stop_hortd(signal.SIGKILL)
        for device in (PHONE, TABLET, VISITOR):
            self.assertEqual(self.ask_dns(device, RESOLVER[0], "good.test").count(TRICKED), 0)
            self.assertEqual(self.page(device, "http://www.good.test/"), "curl 7")
        self.assertEqual(self.ask_dns(LAPTOP, RESOLVER[0], "good.test"), TRICKED)
        self.assertEqual(self.page(LAPTOP, "http://www.casino.test/"), "200")

    def test_doctor_says_whose_devices_are_held(self):
        self.assertIn("It holds 3 known devices behind br0, and those that nobody knows.", self.hortctl("doctor"))

    def test_an_interface_that_is_none_and_a_listener_that_nobody_reaches_are_said_at_the_start(self):
        self.stop_hortd()
        for words, said in (({"gateway": "br0; flush ruleset"}, "not an interface"), ({"gateway": "br0", "dns": "127.0.0.1:53"}, "cannot ask here")):
            with open(self.data + "/hort.json", "w") as f:
                json.dump(words, f)
            done = run(*self.hortd_command())
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
