"""Zones as the net has them, unsigned and really signed (by ldns), and the lines that make unbound a validating resolver of them."""
import shutil
import time

from household import run

LABEL = "l" * 63  # the longest label
LONGEST = f"{LABEL}.{LABEL}.{LABEL}.{'m' * 50}"  # with .plain.test 255 octets, the longest name
ODD = r"a\000b\255\032c\.d"  # no host name, and a name all the same
MAX_TTL = 2**31 - 1

ROOT = """$ORIGIN .
$TTL 86400
. SOA a.root. root.root. 1 3600 600 86400 3600
. NS a.root.
a.root. A 198.51.100.1
test. NS ns.test.
ns.test. A 198.51.100.1
"""

# Stands in plain.test, signed.test and hashed.test alike.
COMMON = f"""$TTL 300
@ SOA ns root 1 3600 600 86400 60
@ NS ns
@ NS ns2
@ A 203.0.113.1
@ AAAA 2001:db8::1
@ MX 10 mail
@ MX 20 mail2
@ TXT "v=spf1 -all"
@ CAA 0 issue "ca.test"
@ CAA 128 iodef "mailto:root@ca.test"
@ HTTPS 0 www
ns A 198.51.100.1
ns AAAA 2001:db8::53
ns2 A 198.51.100.2
mail A 203.0.113.25
mail AAAA 2001:db8::25
mail2 A 203.0.113.26
www A 203.0.113.10
www A 203.0.113.11
www AAAA 2001:db8::10
www HTTPS 1 . alpn=h2,h3 ipv4hint=203.0.113.10 ipv6hint=2001:db8::10 ech=AEX+DQBBcwAgACBk5eBzdmlKcPHHIBIDLdzqAqx3BMjA
www HTTPS 2 pool port=8443 alpn=h2 no-default-alpn
pool A 203.0.113.12
alias HTTPS 0 www
svcb SVCB 1 www alpn=dot port=853 mandatory=alpn,port
svcb-alias SVCB 0 svcb
svcb-new SVCB 1 ns key667="hello"
v4 A 203.0.113.14
v6 AAAA 2001:db8::14
c1 CNAME www
c3 CNAME c2
c2 CNAME c1
to-nothing CNAME nothing
to-unsigned CNAME www.plain.test.
to-signed CNAME www.signed.test.
loop1 CNAME loop2
loop2 CNAME loop1
old DNAME new
grows DNAME {LABEL}
www.new A 203.0.113.15
cname.new CNAME www
*.wild A 203.0.113.16
*.wild TXT "wild"
deep.wild A 203.0.113.17
*.wild-c CNAME www
a.b.ent A 203.0.113.18
txt TXT "{'x' * 255}" "{'y' * 255}" "" "z"
strings TXT {' '.join(f'"part {i}"' for i in range(40))}
_sip._tcp SRV 1 2 5060 www
_443._tcp.www TLSA 3 1 1 {'0123456789abcdef' * 4}
sshfp SSHFP 4 2 {'0123456789abcdef' * 4}
naptr NAPTR 100 50 "s" "z3950+I2L" "" _z3950._tcp.www
uri URI 10 1 "https://www.plain.test/"
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
hinfo HINFO "cpu" "os"
rp RP root.mail txt
ptr PTR www
odd-type TYPE65400 \\# 4 deadbeef
odd-empty TYPE65401 \\# 0
_under_score A 203.0.113.24
{LABEL} A 203.0.113.27
{ODD} A 203.0.113.28
mx MX 10 mx1
""" + "".join(f"mx MX 10 mx{i}\nmx{i} A 203.0.113.{100 + i}\nmx{i} AAAA 2001:db8::{100 + i}\n" for i in range(1, 9)) + "".join(
    f"large A 203.0.113.{i}\n" for i in range(1, 101)) + "".join(f"huge TXT \"{i} {'h' * 200}\"\n" for i in range(40)) + "".join(
    f"vast TXT \"{i} {'v' * 250}\"\n" for i in range(200)) + f"""sized TXT {' '.join(['"' + 's' * 100 + '"'] * 9)}
zero 0 A 203.0.113.20
one 1 A 203.0.113.21
week 604800 A 203.0.113.22
max {MAX_TTL} A 203.0.113.23
$TTL 300
"""

PLAIN = "$ORIGIN plain.test.\n" + COMMON + f"""{LONGEST} A 203.0.113.29
{LONGEST} TXT "{'t' * 255}"
_dns SVCB 1 ns alpn=h2 key7="/dns-query{{?dns}}"
to-longest CNAME {LONGEST}
cloak CNAME c.tracker.test.
cloak2 CNAME c.tracker.test.
cloak3 CNAME link
link CNAME link2
link2 CNAME c.tracker.test.
cloak-d DNAME tracker.test.
cloak-h HTTPS 0 c.tracker.test.
cloak-s SVCB 0 c.tracker.test.
cloak-t HTTPS 1 c.tracker.test. alpn=h2
cloak-mx MX 10 c.tracker.test.
cloak-mx A 203.0.113.30
cloak-long CNAME long.tracker.test.
"""
HEAD = "$TTL 300\n@ SOA ns root 1 3600 600 86400 60\n@ NS ns\nns A 198.51.100.1\n"
TRACKER = "$ORIGIN tracker.test.\n" + HEAD + "c A 203.0.113.31\nc AAAA 2001:db8::31\nc HTTPS 1 . alpn=h3\nlong A 203.0.113.32\n"
TEST = "$ORIGIN test.\n" + HEAD + "".join(
    f"{zone} NS ns.{zone}\nns.{zone} A 198.51.100.1\n" for zone in ("plain", "tracker", "signed", "hashed", "bogus", "late", "other-key"))
REVERSE = "$TTL 300\n@ SOA ns.plain.test. root.plain.test. 1 3600 600 86400 60\n@ NS ns.plain.test.\n10 PTR www.plain.test.\n"
INSIDE = HEAD + "www A 203.0.113.40\nwww AAAA 2001:db8::40\nc CNAME www.plain.test.\n"


class Zones:
    """`folder` holds the zones; `config` is what goes between unbound's `server:` and the next clause."""

    def __init__(self, folder):
        self.folder, self.served, self.anchors = folder, [], []
        for zone, text in ((".", ROOT), ("test", TEST), ("plain.test", PLAIN), ("tracker.test", TRACKER),
                           ("113.0.203.in-addr.arpa", REVERSE), ("8.b.d.0.1.0.0.2.ip6.arpa", REVERSE)):
            self.serve(zone, text)
        self.serve("open.signed.test", INSIDE)  # no DS: below a signed zone, and not signed
        inner = self.sign("inner.signed.test", INSIDE)
        cuts = "open NS ns.open\nns.open A 198.51.100.1\ninner NS ns.inner\nns.inner A 198.51.100.1\n" + inner
        self.anchors += [self.sign("signed.test", COMMON + cuts), self.sign("hashed.test", COMMON, "-n", "-s", "abcdef", "-t", "1")]
        self.anchors += [self.sign("bogus.test", INSIDE, spoil="203.0.113.40"), self.sign("other-key.test", INSIDE, anchor=False),
                         self.sign("late.test", INSIDE, "-i", "20200101", "-e", "20200201")]

    def serve(self, zone, text):
        with open(f"{self.folder}/{zone}.zone", "w") as f:
            f.write(text)
        self.served.append(zone)

    def sign(self, zone, text, *how, spoil=None, anchor=True):
        """Signs and serves; gives the DS record, of another key without `anchor`. `spoil`: an address that is another one after signing."""
        key = lambda: run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone, cwd=self.folder, check=True).stdout.strip()
        name, path = key(), f"{self.folder}/{zone}.zone"
        self.serve(zone, f"$ORIGIN {zone}.\n{text}")
        if "-i" not in how:
            day = 86400
            how += ("-i", int(time.time()) - day, "-e", int(time.time()) + 30 * day)
        run("ldns-signzone", "-f", path, *how, path, name, cwd=self.folder, check=True)
        if spoil:
            with open(path) as f:
                signed = f.read()
            with open(path, "w") as f:
                f.write(signed.replace(spoil, "198.51.100.66"))
        with open(f"{self.folder}/{name if anchor else key()}.ds") as f:
            return f.read()

    def config(self):
        with open(self.folder + "/anchors", "w") as f:
            f.writelines(self.anchors)
        own = "".join(f"  local-zone: \"{zone}.\" nodefault\n" for zone in ("test", "113.0.203.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"))
        clauses = "".join(f"auth-zone:\n  name: \"{zone}\"\n  zonefile: \"{self.folder}/{zone}.zone\"\n  for-downstream: no\n"
                          f"  for-upstream: yes\n  fallback-enabled: no\n" for zone in self.served)
        return f"""  ede: yes
  module-config: "validator iterator"
  trust-anchor-file: "{self.folder}/anchors"
  minimal-responses: no
  max-udp-size: 1232
  cache-max-ttl: {MAX_TTL}
{own}{clauses}"""

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


