"""What is filtered and changed where the whole URL is visible: pages, searches, downloads, sites within sites, safe requests."""
import gzip
import os
import re
import unittest

from household import SANITIZED, Household
from origin import Recorder


class Server(Recorder):
    """Answers each request with what `answers` has for its path, or with a short page."""

    answers = {}

    def serve(self, connection, record):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                piece = connection.recv(65536)
                if not piece:
                    return
                data += piece
            head, _, data = data.partition(b"\r\n\r\n")
            record += head + b"\r\n\r\n"
            path = head.split(b" ")[1].decode().partition("?")[0]
            fields, body = self.answers.get(path, ("Content-Type: text/html", b"the page"))
            framing = "Transfer-Encoding: chunked" if path == "/chunked" else f"Content-Length: {len(body)}"
            connection.sendall(f"HTTP/1.1 200 OK\r\n{fields}\r\n{framing}\r\n\r\n".encode() + body)

    def requests(self):
        return [head for record in self.connections for head in bytes(record).decode().split("\r\n\r\n") if head]


class Urls(Household):
    lists = Household.lists | {"ads_tracking": {"own.txt": "tracker.test\n"}}
    settings = {"inside_names": ["bing.com", "google.com", "youtube.com", "translate.goog"]}
    zones = Household.zones + "".join(f"""
  local-zone: "{zone}." static
""" + "".join(f'  local-data: "{name}. 300 IN A 127.0.0.1"\n' for name in names) for zone, *names in (
        ("bing.com", "www.bing.com", "strict.bing.com"), ("google.com", "translate.google.com", "accounts.google.com"),
        ("youtube.com", "www.youtube.com", "restrict.youtube.com"),
        ("translate.goog", "casino-test.translate.goog", "www-good-test.translate.goog")))

    def setUp(self):
        super().setUp()
        self.server = Server()
        self.hortctl("child", "add", "mia", "--age", "10", "--device", "127.0.0.1")

    def url(self, host, path="/"):
        return f"http://{host}:{self.server.port}{path}"

    def get(self, host, path="/", *more):
        done = self.curl(self.url(host, path), "-w", "\n%{http_code}", *more)
        body, _, code = done.stdout.rpartition("\n")
        return int(code or 0), body

    def code(self, *where):
        return self.get(*where)[0]

    def test_a_page_is_blocked_and_the_rest_of_its_site_is_not(self):
        self.assertIn("where the URL is visible", self.hortctl("block", "mia", "page:http://www.good.test/forum/"))
        self.assertEqual(self.code("www.good.test", "/forum/x"), 403)
        self.assertEqual(self.code("good.test", "/FORUM"), 403)
        self.assertEqual(self.code("www.good.test", "/a/%2e%2e/f%6Frum"), 403)
        self.assertEqual(self.code("www.good.test", "/forums"), 200)
        said = self.hortctl("explain", "mia", "http://www.good.test/forum/x")
        self.assertIn("blocked by the own rule for page:good.test/forum of mia", said)
        self.hortctl("unset", "mia", "page:good.test/forum")
        self.assertEqual(self.code("www.good.test", "/forum/x"), 200)

    def test_a_search_is_blocked_by_its_words_and_the_page_names_them(self):
        self.hortctl("block", "mia", "search:how to cheat")
        code, page = self.get("www.bing.com", "/search?q=cheat%20HOW+to", "-H", "Accept-Language: de")
        self.assertEqual(code, 403)
        self.assertIn("nach „how to cheat“ suchst", page)
        self.assertEqual(self.code("www.bing.com", "/search?q=how+to+swim"), 200)
        self.assertEqual(len(self.server.requests()), 1, "what is blocked reaches nobody")

    def test_a_download_is_blocked_by_its_name_and_by_its_type_before_anything_of_it_arrives(self):
        self.server.answers = {"/get": ('Content-Disposition: attachment; filename="Setup.EXE"', b"MZ" * 1000),
                               "/star": ("Content-Disposition: attachment; filename=x; filename*=UTF-8''set%75p.e%78e", b"MZ"),
                               "/film": ("Content-Type: Video/MP4; codecs=x", b"ftyp" * 1000), "/ok": ("Content-Type: video", b"no")}
        for rule in ("download:exe", "type:video/*"):
            self.hortctl("block", "mia", rule)
        for path in ("/a/setup.exe", "/a/setup.e%78e?x=1", "/get", "/star", "/film"):
            code, page = self.get("www.good.test", path)
            self.assertEqual(code, 403, path)
            self.assertNotIn("MZ", page)
        self.assertEqual(self.code("www.good.test", "/ok"), 200)
        self.hortctl("allow", "mia", "page:www.good.test/film")
        self.assertEqual(self.code("www.good.test", "/film"), 200)
        self.assertIn("there is only block", self.hortctl("allow", "mia", "download:zip", expect=1))

    def test_a_site_offers_no_way_past_the_proxy(self):
        self.server.answers = {"/": ('Alt-Svc: h3=":443"; ma=86400\r\nX-Other: y', b"the page")}
        head = self.curl(self.url("www.good.test"), "-D", "-").stdout
        self.assertIn("X-Other: y", head)
        self.assertNotIn("lt-svc", head.lower())

    def test_a_blocked_site_is_not_seen_through_another_one(self):
        for host, path in (("translate.google.com", "/translate?sl=en&u=http%3A%2F%2Fcasino.test%2F"), ("translate.google.com", "/translate?u=casino.test"),
                           ("www.good.test", "/browse.php?u=aHR0cDovL3d3dy5jYXNpbm8udGVzdC8&b=0"), ("casino-test.translate.goog", "/")):
            code, page = self.get(host, path)
            self.assertEqual(code, 403, host + path)
            self.assertIn("shows another page", page)
        self.assertEqual(self.code("translate.google.com", "/translate?u=https://www.good.test/"), 200)
        self.assertEqual(self.code("www-good-test.translate.goog"), 200)
        self.assertEqual(self.address("casino-test.translate.goog"), "0.0.0.0", "DNS says the same")
        self.assertEqual(self.curl("https://casino-test.translate.goog/", "-o", "/dev/null", "-w", "%{http_connect}").stdout, "403")

    def test_requests_of_the_supervised_are_told_to_be_safe(self):
        self.code("www.bing.com", "/search?q=cats&adlt=off")
        self.code("www.youtube.com", "/", "-H", "YouTube-Restrict: Off", "-H", "Prefer: respond-async")
        self.hortctl("child", "set", "mia", "--google-domains", "school.test")
        self.code("accounts.google.com", "/")
        search, video, login = self.server.requests()
        self.assertTrue(search.startswith("GET /search?q=cats&adlt=strict HTTP/1.1\r\n"), search)
        self.assertEqual([line for line in video.split("\r\n") if line.lower().startswith(("youtube", "prefer"))],
                         ["Prefer: respond-async", "Prefer: safe", "YouTube-Restrict: Strict"])
        self.assertIn("\r\nX-GoogApps-Allowed-Domains: school.test", login)
        self.hortctl("child", "set", "mia", "--age", "18")
        self.code("www.bing.com", "/search?q=cats&adlt=off")
        self.assertTrue(self.server.requests()[-1].startswith("GET /search?q=cats&adlt=off HTTP/1.1\r\n"), "nobody else's")
        self.assertNotIn("Prefer", self.server.requests()[-1])
        self.assertIn("is no value", self.hortctl("child", "set", "mia", "--google-domains", "a b", expect=1))

    def test_of_a_watched_child_nothing_is_blocked_and_everything_is_counted(self):
        self.hortctl("settings", "set", "log-level", "blocked")
        self.hortctl("child", "set", "mia", "--enforcement", "watch-only", "--detail", "full")
        self.hortctl("block", "mia", "download:exe")
        self.assertEqual(self.code("casino.test"), 200)
        self.assertEqual(self.code("www.good.test", "/a.exe"), 200)
        self.assertEqual(self.address("casino.test"), "127.0.0.1")
        log = self.hortctl("log", "--child", "mia")
        self.assertRegex(log, r"casino\.test\s.*watched|watched.*casino\.test")
        self.assertIn("It is only watched, so it passes.", self.hortctl("explain", "mia", "casino.test"))
        self.assertEqual(self.ask("report", "mia")["watched"].get("Gambling and betting"), 2)
        self.hortctl("pause", "mia")
        self.assertEqual(self.code("www.good.test"), 403, "a pause is asked for by hand")

    def test_a_page_is_judged_by_its_words_in_every_coding_before_anything_of_it_arrives(self):
        page = b"<html><title>Win</title><p>The best on<b>line</b> casino: free spins, no deposit bonus, jackpot!</p>" + b"<p>filler</p>" * 3000
        chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (page[i:i + 1000] for i in range(0, len(page), 1000))) + b"0\r\n\r\n"
        html = "Content-Type: text/html; charset=utf-8"
        self.server.answers = {"/plain": (html, page), "/gzip": (html + "\r\nContent-Encoding: gzip", gzip.compress(page)),
                               "/late": (html, b"<p>nothing</p>" * 15_000 + page), "/advice": (html, b"Gambling addiction? Who lost at a casino finds help here."),
                               "/data": ("Content-Type: application/json", page), "/chunked": (html, chunked)}
        for path in ("/plain", "/gzip", "/late", "/chunked"):
            code, said = self.get("www.good.test", path)
            self.assertEqual(code, 403, path)
            self.assertIn("What is written there is not for you", said)
            self.assertNotIn("spins", said)
        self.assertEqual(self.get("www.good.test", "/advice"), (200, "Gambling addiction? Who lost at a casino finds help here."))
        self.assertEqual(self.code("www.good.test", "/data"), 200)
        self.assertEqual(self.code("www.good.test", "/plain", "-H", "Sec-Fetch-Dest: image"), 200, "a picture is looked at, not read")
        self.code("www.good.test", "/", "-H", "Accept-Encoding: dcb, gzip")
        self.assertIn("\r\nAccept-Encoding: gzip", self.server.requests()[-1], "what can be undone here")
        self.hortctl("allow", "mia", "good.test")
        self.assertEqual(self.code("www.good.test", "/plain"), 200, "a guardian knows the site")
        self.hortctl("unset", "mia", "good.test")
        self.hortctl("child", "set", "mia", "--content-scan", "off")
        code, said = self.get("www.good.test", "/gzip", "--compressed")
        self.assertEqual((code, said.encode()), (200, page))

    def fields_of(self, page):
        return {name: value for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}

    def test_a_child_asks_by_the_page_and_a_guardian_answers(self):
        ask = "/.well-known/hort/ask"
        token = self.fields_of(self.get("casino.test")[1])["token"]
        code, page = self.get("casino.test", ask, "--data-urlencode", "token=" + token, "--data-urlencode", "why=für die Schule", "-H", "Accept-Language: de")
        self.assertEqual(code, 200)
        self.assertIn("Deine Frage ist unterwegs", page)
        request = self.ask("requests")["requests"][0]
        self.assertEqual((request["child"], request["subject"], request["why"]), ("mia", "casino.test", "für die Schule"))
        self.hortctl("approve", str(request["id"]))
        self.assertEqual(self.code("casino.test"), 200)
        self.assertEqual(self.code("casino.test", ask, "--data-urlencode", "token=" + token), 200, "asked and answered")
        self.assertEqual(len(self.ask("requests")["requests"]), 0)
        self.assertFalse([head for head in self.server.requests() if ask in head], "it never goes to the site")

    def test_a_child_sees_what_was_refused_lately_and_asks_for_it(self):
        own = "http://hort.home.arpa"

        def page(*more):
            return self.curl(own + "/", *more).stdout
        self.assertIn("nothing was closed for you", page())
        self.assertNotEqual(self.curl("https://www.casino.test/").returncode, 0, "a tunnel, of which a browser shows an error only")
        self.assertEqual(self.address("casino.test"), "0.0.0.0")
        self.address("tracker.test")
        self.address("www.childline.org.uk")
        said = page("-H", "Accept-Language: de")
        self.assertEqual(re.findall("<h2>(.*)</h2>", said), ["casino.test", "www.casino.test"], "the latest first, no advertising, no help")
        self.assertIn("Glücksspiel", said)
        site, token = self.fields_of(said)["site"], self.fields_of(said)["token"]
        self.assertEqual(site, "www.casino.test")

        def ask(*fields):
            data = [word for field in fields for word in ("--data-urlencode", field)]
            return self.status_code(own + "/.well-known/hort/ask", *data)
        self.assertEqual(ask("token=" + token, "site=casino.test"), "400", "the token is of another site")
        self.assertEqual(ask("token=" + token), "400")
        self.assertEqual(ask("token=" + token, "site=" + site, "why=for school"), "200")
        request = self.ask("requests")["requests"][0]
        self.assertEqual((request["child"], request["subject"], request["why"]), ("mia", site, "for school"))
        self.hortctl("approve", str(request["id"]))
        self.assertEqual(re.findall("<h2>(.*)</h2>", page()), ["casino.test"], "what is open now is not on it")
        for path in ("/index.html", "/metrics"):
            self.assertEqual(self.status_code(own + path), "404")
        self.hortctl("hours", "set", "mia", "daily", "none")
        self.assertIn("not computer time", page(), "it is there when the time is up")
        self.hortctl("child", "remove", "mia")
        self.assertIn("not known here who you are", page())
        self.assertNotIn("casino", page())
        self.assertFalse([head for head in self.server.requests() if "hort.home.arpa" in head], "it never goes out")

    def test_nobody_asks_in_the_name_of_somebody_else(self):
        ask = "/.well-known/hort/ask"
        token = self.fields_of(self.get("casino.test")[1])["token"]
        for host, sent in (("www.casino.test", token), ("casino.test", token[:-1] + "x"), ("casino.test", "9" + token), ("casino.test", "")):
            self.assertEqual(self.code(host, ask, "--data-urlencode", "token=" + sent), 400)
        for more in (("-X", "GET"), ("--data", "x=" + "y" * 5000), ("--data", "nothing"), ("-H", "Transfer-Encoding: chunked", "--data", "token=" + token)):
            self.assertEqual(self.code("casino.test", ask, *more), 400)
        self.hortctl("child", "remove", "mia")
        page = self.get("casino.test")[1]
        self.assertNotIn("<form", page)
        self.assertIn("the people who look after this network", page)
        self.assertEqual(self.ask("requests")["requests"], [])

    def test_more_time_is_asked_for_where_the_time_is_up(self):
        self.hortctl("hours", "set", "mia", "daily", "none")
        code, page = self.get("www.good.test")
        self.assertEqual(code, 403)
        token = self.fields_of(page)["token"]
        self.assertIn('<option value="30">30 minutes more</option>', page)
        self.assertEqual(self.code("www.good.test", "/.well-known/hort/ask", "--data", f"token={token}&minutes=30&why="), 200)
        self.assertEqual(self.ask("requests")["requests"][0]["subject"], "30 min")

    def test_rules_for_urls_survive_export_and_import(self):
        for rule in ("search:how to cheat", "page:good.test/forum", "download:exe", "type:video/*"):
            self.hortctl("block", "mia", rule)
        file = self.folder + "/all.json"
        self.hortctl("export", "-o", file)
        self.hortctl("child", "remove", "mia")
        self.hortctl("import", file, "--replace")
        self.assertEqual(self.code("www.good.test", "/forum/"), 403)
        self.assertEqual(self.code("www.good.test", "/x.exe"), 403)

    @unittest.skipIf(SANITIZED, "sanitizers keep memory of their own")
    def test_long_and_hostile_urls_cost_no_memory(self):
        self.hortctl("block", "mia", "search:how to cheat")

        def resident():
            with open(f"/proc/{self.hortd.pid}/statm") as f:
                return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        paths = ["/search?q=" + "%25" * 4000, "/?" + "u=http://a.test/&" * 800, "/search?q=" + "%e2%80%8b" * 1500, "/?u=" + "aHR0c" * 2800]
        for path in paths:
            self.code("www.bing.com", path)
        before = resident()
        for path in paths * 5:
            self.assertEqual(self.code("www.bing.com", path), 200)
        self.assertLess(resident() - before, 1 << 20)


if __name__ == "__main__":
    unittest.main()
