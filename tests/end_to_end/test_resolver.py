"""Hort answers what the resolver behind it answers, unless a rule says otherwise: a table of query shapes, each put to unbound and,
as the same octets, to hortd twice (from upstream, then from its cache)."""
import collections
import socket
import struct
import sys
import tempfile
import unittest

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's library serves every Python
import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from household import PATIENCE, Household
from zones import LABEL, LONGEST, ODD, Zones

GROWN, CHILD = "127.0.0.1", "127.0.0.2"
ID, SENTINEL = 0x1234, 0xfeed
# `tcp`: False, True, or "octets" for one octet at a time. `expect`: what comes instead of unbound's answer. `silent`: neither answers.
Row = collections.namedtuple("Row", "shape query tcp expect client silent", defaults=(False, None, GROWN, False))
# Why, and the parts of the answer that are compared; the others are free.
Differs = collections.namedtuple("Differs", "why parts")


def differs(why, **parts):
    return Differs(why, parts)


# --- queries ---

def q(name, kind="A", *, rd=True, ad=False, cd=False, do=False, edns=None, options=(), klass="IN", z=0, flags=0):
    """A well-formed query, spelled as given."""
    use = {"use_edns": 0, "payload": 1232 if edns is None else edns, "ednsflags": z, "options": list(options)}
    m = dns.message.make_query(dns.name.from_text(name), dns.rdatatype.from_text(kind), dns.rdataclass.from_text(klass), id=ID,
                               want_dnssec=do, **(use if edns is not None or do or options else {}))
    m.flags = (dns.flags.RD if rd else 0) | (dns.flags.AD if ad else 0) | (dns.flags.CD if cd else 0) | flags
    return m.to_wire()


NAME = b"\3www\5plain\4test\0"
OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
RECORD = b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xcb\0\x71\x09"
TSIG = b"\3key\0\0\xfa\0\xff\0\0\0\0\0\x3d\x0bhmac-sha256\0" + bytes(6) + b"\1\x2c\0\x20" + b"m" * 32 + b"\x12\x34\0\0\0\0"


def raw(name=NAME, kind=1, klass=1, extra=b"", flags=0x0100, counts=(1, 0, 0, 0)):
    return struct.pack("!6H", ID, flags, *counts) + name + struct.pack("!2H", kind, klass) + extra


def opt(payload=1232, extended=0, version=0, flags=0, data=b"", size=None, owner=b"\0"):
    return owner + struct.pack("!HHBBHH", 41, payload, extended, version, flags, len(data) if size is None else size) + data


def with_opt(*opts, **more):
    return raw(extra=b"".join(opts), counts=(1, 0, 0, len(opts)), **more)


def option(code, data=b"", size=None):
    return struct.pack("!2H", code, len(data) if size is None else size) + data


# --- answers ---

def view(wire):
    """What is compared of an answer; records as {record: TTLs}. Of FORMERR and NOTIMP the code alone: unbound sends back what it could
    not read with a new header before it, no matter whether that is a message."""
    if wire[3] & 15 in (1, 4):
        return {"rcode": dns.rcode.to_text(wire[3] & 15), "opcode": wire[2] >> 3 & 15, "flags": dns.flags.to_text((wire[2] & 0x81) << 8)}
    m = dns.message.from_wire(wire, one_rr_per_rrset=True)
    end = 12
    for _ in range(struct.unpack("!H", wire[4:6])[0]):
        while wire[end]:
            end += 1 + wire[end]
        end += 5
    out = {"rcode": dns.rcode.to_text(m.rcode()), "opcode": int(m.opcode()),
           "flags": f"{dns.flags.to_text(m.flags & 0x87f0)}{' Z' if m.flags & 0x40 else ''}", "question": wire[12:end],
           "edns": None if m.edns < 0 else (m.edns, m.payload, m.ednsflags & 0xffff, tuple(o.otype for o in m.options))}
    for section, records in zip(("answer", "authority", "additional"), m.sections[1:]):
        out[section] = collections.defaultdict(list)
        for r in records:
            data = r[0].to_digestable(dns.name.root) if len(r) else b""
            out[section][r.name.to_text().lower(), int(r.rdclass), int(r.rdtype), data].append(r.ttl)
    return out


WEEK = 604800  # hortd is told to keep nothing longer
SECTIONS = ("answer", "authority", "additional")


def records(*lines):
    """`OWNER TTL TYPE DATA` for `expect`: the TTL is the most there may be."""
    out = {}
    for line in lines:
        owner, ttl, kind, data = line.split(" ", 3)
        r = dns.rrset.from_text(owner, int(ttl), "IN", kind, data)
        out[r.name.to_text().lower(), 1, int(r.rdtype), r[0].to_digestable(dns.name.root)] = [int(ttl)]
    return out


def show(key, value):
    if key not in SECTIONS or value is None:
        return f"{value!r}"
    return "{" + "; ".join(sorted(f"{n} {dns.rdatatype.to_text(t)} {d[:24].hex()}{'...' if len(d) > 24 else ''} ttl {ttls}"
                                  for (n, c, t, d), ttls in value.items())) + "}"


def same(key, ours, theirs):
    """`theirs`: unbound's part before and after ours was asked for."""
    if key not in SECTIONS:
        return ours == theirs[0]
    either = {r: [min(ttl, WEEK) for ttl in ttls + theirs[1].get(r, [])] for r, ttls in theirs[0].items()}
    return ours.keys() == theirs[0].keys() and all(
        len(ttls) == len(theirs[0][r]) and all(min(either[r]) - 1 <= ttl <= max(either[r]) + 1 for ttl in ttls)
        for r, ttls in ours.items())


def failed_silently(answer):
    """Where the resolver does not say why it failed, hortd says that it was the resolver."""
    return answer["rcode"] == "SERVFAIL" and answer["edns"] is not None and 15 not in answer["edns"][3]


def differences(ours, before, after):
    # What unbound still puts into a truncated answer is of no use to anyone.
    if failed_silently(before) and ours.get("rcode") == "SERVFAIL":
        before = before | {"edns": (*before["edns"][:3], (*before["edns"][3], 15))}
    keys = [k for k in ours | before if k not in SECTIONS or "TC" not in before["flags"].split()]
    return [f"{k}: unbound {show(k, before.get(k))}\n    {'hortd':>{len(k) + 7}} {show(k, ours.get(k))}" for k in keys
            if k not in ours or k not in before or not same(k, ours[k], (before[k], after[k]))]


def departures(ours, expected):
    out = []
    for key, value in expected.parts.items():
        if key not in ours:
            out.append(f"{key}: none, {ours}")
            continue
        if callable(value):
            right = value(ours[key])
        elif key in SECTIONS:
            right = ours[key].keys() == value.keys() and all(max(ttls) <= value[r][0] for r, ttls in ours[key].items())
        else:
            right = ours[key] == value
        if not right:
            out.append(f"{key}: expected {'otherwise' if callable(value) else show(key, value)}, hortd {show(key, ours[key])}")
    return out


# --- the table ---

COOKIE = dns.edns.GenericOption(10, b"12345678")
ECS = dns.edns.ECSOption("203.0.113.0", 24)
TYPES = [  # what browsers, stubs, mail and name servers ask for
    ("www", "A"), ("www", "AAAA"), ("www", "HTTPS"), ("pool", "HTTPS"), ("@", "HTTPS"), ("alias", "HTTPS"), ("svcb", "SVCB"),
    ("svcb-alias", "SVCB"), ("svcb-new", "SVCB"), ("@", "MX"), ("@", "TXT"), ("@", "CAA"), ("@", "NS"), ("@", "SOA"), ("@", "DNSKEY"),
    ("@", "DS"), ("txt", "TXT"), ("strings", "TXT"), ("_sip._tcp", "SRV"), ("_443._tcp.www", "TLSA"), ("sshfp", "SSHFP"),
    ("naptr", "NAPTR"), ("uri", "URI"), ("loc", "LOC"), ("hinfo", "HINFO"), ("rp", "RP"), ("ptr", "PTR"), ("odd-type", "TYPE65400"),
    ("odd-empty", "TYPE65401"), ("v4", "AAAA"), ("v6", "A"), ("c1", "A"), ("c1", "CNAME"), ("c3", "A"), ("c3", "AAAA"), ("c3", "HTTPS"),
    ("c3", "MX"), ("to-nothing", "A"), ("loop1", "A"), ("old", "DNAME"), ("www.old", "A"), ("cname.old", "A"), ("nothing.old", "A"),
    ("a.b.c.old", "AAAA"), ("old", "A"), ("any.wild", "A"), ("two.deep.wild", "A"), ("any.wild", "AAAA"), ("deep.wild", "A"),
    ("x.deep.wild", "A"), ("any.wild-c", "A"), ("*.wild", "A"), ("ent", "A"), ("b.ent", "MX"), ("nothing", "A"), ("nothing", "HTTPS"),
    ("a.nothing", "TXT"), ("zero", "A"), ("one", "A"), ("week", "A"), ("max", "A"), ("_under_score", "A"), (LABEL, "A"), (ODD, "A"),
    ("to-unsigned", "A"), ("to-signed", "A"), ("@", "NSEC"), ("@", "NSEC3PARAM"), ("www", "RRSIG"), ("www", "SPF"), ("www", "TYPE1"),
    ("www", "TYPE65535")]


def type_rows():
    at = lambda name, zone: zone if name == "@" else f"{name}.{zone}"
    for name, kind in TYPES:
        yield Row(f"plain {name[:20]} {kind}", q(at(name, "plain.test"), kind))
        yield Row(f"signed {name[:20]} {kind}", q(at(name, "signed.test"), kind, do=True))


def name_rows():
    octets = lambda numbers: "".join(f"\\{i:03}" for i in numbers)
    yield Row("the longest name, A", q(LONGEST + ".plain.test"))
    yield Row("the longest name, TXT over TCP", q(LONGEST + ".plain.test", "TXT"), tcp=True)
    yield Row("an alias of the longest name", q("to-longest.plain.test", edns=1232))
    yield Row("a name too long to be below a DNAME (YXDOMAIN)", q(f"{LABEL}.{LABEL}.{LABEL}.grows.plain.test"))
    yield Row("octets from 0 to 255 in a name", q(octets(range(60)) + "." + octets(range(200, 256)) + ".wild.plain.test"))
    yield Row("a dot within a label", q(r"a\.b.plain.test"))
    yield Row("an international name in UTF-8", q(r"m\195\188ller.plain.test"))
    yield Row("an international name in Punycode", q("xn--mller-kva.wild.plain.test"))
    yield Row("the root, NS", q(".", "NS"))
    yield Row("the root, A", q("."))
    yield Row("the root, SOA with DO", q(".", "SOA", do=True))
    yield Row("a top-level name", q("test", "DS"))
    yield Row("a top-level name that is not", q("nothing", "A"))
    yield Row("an IPv4 address as name", q("203.0.113.10"))
    yield Row("reverse IPv4", q("10.113.0.203.in-addr.arpa", "PTR"))
    yield Row("reverse IPv4, nobody there", q("11.113.0.203.in-addr.arpa", "PTR"))
    yield Row("reverse of a private address", q("1.1.168.192.in-addr.arpa", "PTR"))
    yield Row("reverse of loopback", q("1.0.0.127.in-addr.arpa", "PTR"))
    for kind in ("A", "AAAA", "HTTPS"):
        yield Row(f"localhost {kind}", q("localhost", kind))
    yield Row("a name below invalid", q("x.invalid"))
    yield Row("a name below onion", q("x.onion"))
    yield Row("a name below home.arpa", q("printer.home.arpa"))
    yield Row("a name below local", q("printer.local"))
    yield Row("an encrypted resolver is looked for", q("_dns.resolver.arpa", "SVCB"))
    yield Row("a resolver's own SVCB", q("_dns.plain.test", "SVCB"))
    yield Row("Firefox's canary", q("use-application-dns.net"))
    for shape, name in (("all capitals", "WWW.PLAIN.TEST"), ("mixed", "wWw.pLaIn.TeSt"), ("mixed differently", "WwW.PlAiN.tEsT"),
                        ("of an alias", "C3.pLAIN.test"), ("below a DNAME", "WWW.oLd.PLAIN.test"), ("of a wildcard", "aNy.WILD.pLaIn.test"),
                        ("of nothing", "NoThInG.pLaIn.test"), ("of a signed name", "WwW.sIgNeD.tEsT"),
                        ("never asked before", "nEvEr.WiLd.SiGnEd.TeSt")):
        yield Row(f"0x20 spelling, {shape}", q(name))
    yield Row("0x20 spelling, MX with names in its data", q("pLaIn.TeSt", "MX", edns=1232))


def edns_rows():
    name = "www.plain.test"
    for payload in (0, 1, 511, 512, 513, 1231, 1232, 1233, 4096, 65535):
        yield Row(f"EDNS payload {payload}", q(name, edns=payload))
    yield Row("EDNS, a name that is not", q("nothing.plain.test", edns=1232))
    yield Row("EDNS, no data", q(name, "MX", edns=1232))
    yield Row("EDNS, bogus", q("www.bogus.test", edns=1232))
    yield Row("EDNS over TCP", q(name, edns=1232), tcp=True)
    yield Row("no EDNS over TCP", q(name), tcp=True)
    yield Row("EDNS flags besides DO", q(name, edns=1232, z=0x7fff))
    yield Row("DO and all other EDNS flags", q(name, do=True, z=0x7fff))
    yield Row("EDNS with an extended return code in a query", with_opt(opt(extended=7)))
    for version in (1, 2, 255):
        yield Row(f"EDNS version {version}", with_opt(opt(version=version)))
    yield Row("EDNS version 1 with DO", with_opt(opt(version=1, flags=0x8000)))
    yield Row("EDNS version 1 over TCP", with_opt(opt(version=1)), tcp=True)
    yield Row("client subnet", q(name, options=[ECS]))
    yield Row("client subnet 0 (please none)", q(name, options=[dns.edns.ECSOption("0.0.0.0", 0)]))
    yield Row("NSID asked for", q(name, options=[dns.edns.GenericOption(3, b"")]))
    yield Row("an option nobody knows", q(name, options=[dns.edns.GenericOption(65001, b"hello")]))
    yield Row("an empty option nobody knows", q(name, options=[dns.edns.GenericOption(65002, b"")]))
    yield Row("the same option twice", q(name, options=[dns.edns.GenericOption(65001, b"a"), dns.edns.GenericOption(65001, b"b")]))
    yield Row("padding to 128 octets over UDP", q(name, options=[dns.edns.GenericOption(12, bytes(80))]))
    yield Row("keepalive over TCP", q(name, options=[dns.edns.GenericOption(11, b"")]), tcp=True)
    yield Row("options of 400 octets", q(name, options=[dns.edns.GenericOption(65001, bytes(400))]))
    yield Row("options of 4,000 octets over TCP", with_opt(opt(data=option(65001, bytes(4000)))), tcp=True)
    cookies = differs("unbound 1.17 knows no cookies; hortd answers them itself (RFC 7873)", rcode="NOERROR",
                      edns=lambda e: e is not None and e[:3] == (0, 1232, 0) and e[3] == (10,), flags="QR RD RA")
    yield Row("a client's cookie", q(name, options=[COOKIE]), expect=cookies)
    yield Row("a client's cookie with another server's", with_opt(opt(data=option(10, b"12345678" + bytes(range(16))))), expect=cookies)
    yield Row("a cookie of 7 octets", q(name, options=[dns.edns.GenericOption(10, b"1234567")]),
              expect=differs("unbound 1.17 knows no cookies; one of a wrong size is FORMERR (RFC 7873 section 5.2.2)", rcode="FORMERR"))


def dnssec_rows():
    for zone in ("signed.test", "hashed.test", "inner.signed.test", "open.signed.test", "plain.test"):
        for shape in ("nothing set", "ad", "cd", "do", "do cd", "do ad cd", "ad, EDNS", "nothing set, again"):
            flags = {flag: flag in shape.split() or flag + "," in shape for flag in ("ad", "cd", "do")}
            yield Row(f"{zone} {shape}", q(f"www.{zone}", "AAAA", edns=1232 if "EDNS" in shape else None, **flags))
    for shape, name, kind in (
            ("a name that is not", "no.hashed.test", "A"), ("no data", "www.hashed.test", "MX"), ("keys", "hashed.test", "DNSKEY"),
            ("a wildcard", "any.wild.hashed.test", "A"), ("a wildcard, no data", "any.wild.hashed.test", "AAAA"),
            ("an empty non-terminal", "ent.hashed.test", "A"), ("a DNAME", "www.old.hashed.test", "A"),
            ("an alias of nothing", "to-nothing.hashed.test", "A"), ("parameters", "hashed.test", "NSEC3PARAM")):
        yield Row(f"NSEC3: {shape}", q(name, kind, do=True))
    for zone in ("bogus.test", "late.test", "other-key.test"):
        yield Row(f"{zone}", q(f"www.{zone}"))
        yield Row(f"{zone} DO", q(f"www.{zone}", do=True))
        yield Row(f"{zone} CD", q(f"www.{zone}", cd=True))
        yield Row(f"{zone} DO CD", q(f"www.{zone}", do=True, cd=True))
        yield Row(f"{zone}, again without CD", q(f"www.{zone}"))
    yield Row("DS of a signed child", q("inner.signed.test", "DS", do=True))
    yield Row("DS of an unsigned child (proof that there is none)", q("open.signed.test", "DS", do=True))
    yield Row("a signed alias out of an unsigned zone", q("to-signed.plain.test", do=True))
    yield Row("an unsigned alias out of a signed zone", q("to-unsigned.signed.test", ad=True))
    yield Row("AD of a name that is not", q("nothing.signed.test", ad=True))
    yield Row("AD without data", q("www.signed.test", "MX", ad=True))
    yield Row("no AD, then", q("v4.signed.test"))
    yield Row("AD for the same name", q("v4.signed.test", ad=True))
    yield Row("AD, then", q("v6.signed.test", "AAAA", ad=True))
    yield Row("none for the same name", q("v6.signed.test", "AAAA"))


def size_rows():
    part = differs("hortd asks over UDP, and there unbound leaves out the additional addresses that do not fit",
                   rcode="NOERROR", flags="QR RD RA AD", answer=lambda a: len(a) == 9, authority={}, additional=lambda a: len(a) > 8)
    for zone in ("plain.test", "signed.test"):
        more = {"do": True} if zone == "signed.test" else {}
        for name, kind in (("large", "A"), ("huge", "TXT"), ("vast", "TXT"), ("sized", "TXT"), ("mx", "MX")):
            yield Row(f"{zone} {name}, no EDNS", q(f"{name}.{zone}", kind))
            yield Row(f"{zone} {name}, EDNS 4096", q(f"{name}.{zone}", kind, edns=4096, **more))
            yield Row(f"{zone} {name}, TCP", q(f"{name}.{zone}", kind, **more), tcp=True, expect=part if name == "mx" and more else None)
    yield Row("large, EDNS 512", q("large.plain.test", edns=512))
    yield Row("sized, EDNS 1000", q("sized.plain.test", "TXT", edns=1000))
    yield Row("sized, EDNS 900", q("sized.plain.test", "TXT", edns=900))
    yield Row("MX with addresses that do not all fit", q("mx.plain.test", "MX", edns=512))
    yield Row("a proof that does not fit 512 octets", q("nothing.hashed.test", do=True, edns=512))
    yield Row("keys that fit", q("signed.test", "DNSKEY", do=True, edns=512))


def flag_rows():
    yield Row("no recursion desired", q("www.plain.test", rd=False))
    yield Row("no recursion desired, never asked before", q("any2.wild.plain.test", rd=False))
    yield Row("no recursion desired, EDNS and DO", q("www.signed.test", rd=False, do=True))
    for shape, bit in (("AA", 0x0400), ("RA", 0x0080), ("Z", 0x0040), ("TC", 0x0200)):
        yield Row(f"{shape} set in a query", raw(flags=0x0100 | bit))
    yield Row("AD and CD set, no EDNS", q("www.plain.test", ad=True, cd=True))
    yield Row("a return code in a query", raw(flags=0x0103))
    yield Row("TCP", q("www.plain.test"), tcp=True)
    yield Row("TCP, one octet at a time", q("www.plain.test"), tcp="octets")
    yield Row("TCP, a name that is not", q("nothing.plain.test"), tcp=True)
    yield Row("TCP, bogus", q("www.bogus.test"), tcp=True)
    hinfo = lambda name: differs("ANY tempts to amplify: one synthesized HINFO (RFC 8482 section 4.2)", rcode="NOERROR", flags="QR RD RA",
                                 answer=records(f"{name}. 86400 HINFO \"RFC8482\" \"\""), authority={}, additional={})
    yield Row("ANY", q("www.plain.test", "ANY"), expect=hinfo("www.plain.test"))
    yield Row("ANY over TCP with DO", q("signed.test", "ANY", do=True), tcp=True, expect=hinfo("signed.test"))
    refused = lambda why: differs(why, rcode="REFUSED", answer={}, authority={}, additional={})
    for kind in ("AXFR", "IXFR"):
        for tcp in (False, True):
            yield Row(f"{kind}{' over TCP' if tcp else ''}", q("plain.test", kind), tcp=tcp,
                      expect=refused("zone transfers are no business of a client's"))
    for klass in ("CH", "ANY"):
        yield Row(f"class {klass}", q("version.bind", "TXT", klass=klass), expect=refused("only the Internet class names sites"))
    for klass in ("HS", "NONE", "CLASS0", "CLASS65535"):
        yield Row(f"class {klass}", q("version.bind", "TXT", klass=klass))
    for kind in ("TYPE0", "TYPE41", "TYPE249", "TYPE250", "TYPE253", "TYPE254", "TYPE10"):
        yield Row(f"query type {kind}", q("www.plain.test", kind))


def malformed_rows():
    long_name = (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"b" * 62 + b"\0"
    header = lambda *counts: struct.pack("!6H", ID, 0x0100, *counts)
    strict = differs("unbound passes over what stands behind a message; to hortd it is no message then", rcode="FORMERR", opcode=0)
    no_zones = differs("unbound might hold a copy of the zone and refuses; hortd never does", rcode="NOTIMP", opcode=4)
    yield Row("an empty datagram", b"", silent=True)
    yield Row("one octet", b"\x12", silent=True)
    yield Row("a header without its last octet", header(0, 0, 0, 0)[:-1], silent=True)
    yield Row("a header, no question", header(0, 0, 0, 0))
    yield Row("a header, no question, but OPT", header(0, 0, 0, 1) + OPT)
    yield Row("a header that promises a question", header(1, 0, 0, 0))
    yield Row("an answer", raw(flags=0x8180), silent=True)
    yield Row("an answer with a record", raw(flags=0x8180, counts=(1, 1, 0, 0), extra=RECORD), silent=True)
    for opcode in (1, 2, 3, 4, 5, 6, 15):
        yield Row(f"opcode {opcode}", raw(flags=0x0100 | opcode << 11), expect=no_zones if opcode == 4 else None)
    yield Row("UPDATE of a zone", raw(b"\5plain\4test\0", 6, flags=5 << 11, counts=(1, 0, 1, 0), extra=RECORD))
    yield Row("NOTIFY of a zone", raw(b"\5plain\4test\0", 6, flags=0x0400 | 4 << 11), expect=no_zones)
    yield Row("two questions", raw(counts=(2, 0, 0, 0), extra=NAME + b"\0\1\0\1"))
    yield Row("two questions promised", raw(counts=(2, 0, 0, 0)))
    yield Row("65,535 questions promised", raw(counts=(65535, 0, 0, 0)))
    yield Row("all counts 65,535", raw(counts=(65535,) * 4))
    yield Row("an answer promised", raw(counts=(1, 1, 0, 0)))
    yield Row("a record in the answer section", raw(counts=(1, 1, 0, 0), extra=RECORD))
    yield Row("a record in the authority section", raw(counts=(1, 0, 1, 0), extra=RECORD))
    yield Row("a record in the additional section", raw(counts=(1, 0, 0, 1), extra=RECORD))
    yield Row("a record before OPT", raw(counts=(1, 0, 0, 2), extra=RECORD + OPT))
    yield Row("a record behind OPT", raw(counts=(1, 0, 0, 2), extra=OPT + RECORD))
    yield Row("an additional record promised", raw(counts=(1, 0, 0, 1)))
    yield Row("OPT that no count promises", raw(extra=OPT), expect=strict)
    yield Row("OPT in the answer section", raw(counts=(1, 1, 0, 0), extra=OPT))
    yield Row("OPT in the authority section", raw(counts=(1, 0, 1, 0), extra=OPT))
    yield Row("two OPT", with_opt(OPT, OPT))
    yield Row("OPT with an owner", with_opt(opt(owner=b"\1a\0")))
    yield Row("OPT with a pointer as owner", with_opt(opt(owner=b"\xc0\x0c")))
    yield Row("OPT without its last octet", with_opt(OPT[:-1]))
    yield Row("OPT whose data run out of the packet", with_opt(opt(size=9)))
    yield Row("OPT with an option cut short", with_opt(opt(data=option(65001, b"abc", size=9))))
    yield Row("OPT with half an option's header", with_opt(opt(data=b"\0\x0a\0")))
    yield Row("OPT with a client subnet of a wrong family", with_opt(opt(data=option(8, b"\0\7\x18\0abc"))))
    yield Row("OPT with an empty client subnet", with_opt(opt(data=option(8))))
    yield Row("a name cut within a label", header(1, 0, 0, 0) + b"\3ww")
    yield Row("a name without its end", header(1, 0, 0, 0) + NAME[:-1])
    yield Row("a question without type", header(1, 0, 0, 0) + NAME)
    yield Row("a question without class", header(1, 0, 0, 0) + NAME + b"\0\1")
    yield Row("a question without its last octet", raw()[:-1])
    yield Row("a label of 64 octets", raw(b"\x40" + b"a" * 64 + b"\0"))
    yield Row("a label of type 10", raw(b"\x80" + b"a" * 64 + b"\0"))
    yield Row("a name of 256 octets", raw(long_name))
    yield Row("a name of 255 octets below nothing", raw(long_name[:192] + b"\x3d" + b"b" * 61 + b"\0"))
    yield Row("128 labels", raw(b"\1a" * 128 + b"\0"))
    yield Row("127 labels", raw(b"\1a" * 127 + b"\0"))
    yield Row("a name that points to itself", raw(b"\xc0\x0c"))
    yield Row("a name that points into the header", raw(b"\xc0\0"))
    yield Row("a name that points ahead", raw(b"\xc0\x20", extra=NAME))
    yield Row("a name that points behind the packet", raw(b"\xff\xff"))
    yield Row("a name that ends in a pointer to itself", raw(b"\3www\xc0\x0c"))
    yield Row("garbage behind the question", raw(extra=b"garbage"), expect=strict)
    yield Row("one zero octet behind the question", raw(extra=b"\0"), expect=strict)
    yield Row("garbage behind OPT", with_opt(OPT + b"garbage"), expect=strict)
    yield Row("a TSIG that nobody agreed on", raw(counts=(1, 0, 0, 1), extra=TSIG))
    yield Row("a SIG(0)", raw(counts=(1, 0, 0, 1), extra=b"\0\0\x18\0\xff\0\0\0\0\0\x14" + bytes(20)))
    for shape, octets in (("512 octets of zeros", bytes(512)), ("text", b"GET / HTTP/1.1\r\nHost: www.plain.test\r\n\r\n")):
        yield Row(shape, octets)
    yield Row("512 octets of ones", b"\xff" * 512, silent=True)
    yield Row("TCP: an empty message", b"", tcp=True, silent=True)
    yield Row("TCP: half a header", header(1, 0, 0, 0)[:6], tcp=True, silent=True)
    yield Row("TCP: a header, no question", header(0, 0, 0, 0), tcp=True)
    yield Row("TCP: an answer", raw(flags=0x8180), tcp=True, silent=True)
    yield Row("TCP: garbage behind the question", raw(extra=b"garbage"), tcp=True, expect=strict)
    yield Row("TCP: two questions", raw(counts=(2, 0, 0, 0), extra=NAME + b"\0\1\0\1"), tcp=True)
    yield Row("TCP: a label of 64 octets", raw(b"\x40" + b"a" * 64 + b"\0"), tcp=True)


def rule_rows():
    """c.tracker.test is on the child's list, plain.test is not."""
    why = "a listed name is blocked behind another name, too"
    soa = lambda name: records(f"{name}. 10 SOA hort.home.arpa. hostmaster.hort.home.arpa. 1 3600 600 86400 10")
    parts = {"rcode": "NOERROR", "flags": "QR RD RA", "additional": {}}
    a = lambda name: differs(why, **parts, answer=records(f"{name}. 10 A 0.0.0.0"), authority={})
    aaaa = lambda name: differs(why, **parts, answer=records(f"{name}. 10 AAAA ::"), authority={})
    no_data = lambda name: differs(why, **parts, answer={}, authority=soa(name))
    told = lambda d: differs(d.why, **d.parts, edns=(0, 1232, 0, (15,)))
    for name in ("cloak", "cloak3", "c.cloak-d", "cloak-long"):  # an adult's question brings it into the cache
        yield Row(f"{name} for an adult", q(f"{name}.plain.test"))
    yield Row("the listed name for an adult", q("c.tracker.test"))
    yield Row("the listed name", q("c.tracker.test"), expect=a("c.tracker.test"), client=CHILD)
    yield Row("an alias of it, as an adult asked", q("cloak.plain.test"), expect=a("cloak.plain.test"), client=CHILD)
    yield Row("an alias of it", q("cloak2.plain.test"), expect=a("cloak2.plain.test"), client=CHILD)
    yield Row("an alias of it over TCP", q("cloak2.plain.test"), tcp=True, expect=a("cloak2.plain.test"), client=CHILD)
    yield Row("an alias of it, IPv6", q("cloak2.plain.test", "AAAA"), expect=aaaa("cloak2.plain.test"), client=CHILD)
    yield Row("an alias of it, told why", q("cloak2.plain.test", edns=1232), expect=told(a("cloak2.plain.test")), client=CHILD)
    yield Row("an alias of it, HTTPS", q("cloak2.plain.test", "HTTPS"), expect=no_data("cloak2.plain.test"), client=CHILD)
    yield Row("three aliases before it", q("cloak3.plain.test"), expect=a("cloak3.plain.test"), client=CHILD)
    yield Row("a DNAME before it", q("c.cloak-d.plain.test"), expect=a("c.cloak-d.plain.test"), client=CHILD)
    yield Row("an HTTPS alias of it", q("cloak-h.plain.test", "HTTPS"), expect=no_data("cloak-h.plain.test"), client=CHILD)
    yield Row("an SVCB alias of it", q("cloak-s.plain.test", "SVCB"), expect=no_data("cloak-s.plain.test"), client=CHILD)
    yield Row("an HTTPS service at it", q("cloak-t.plain.test", "HTTPS"), expect=no_data("cloak-t.plain.test"), client=CHILD)
    yield Row("the same HTTPS alias for an adult", q("cloak-h.plain.test", "HTTPS"))
    yield Row("the same alias for an adult", q("cloak2.plain.test"))
    yield Row("mail that goes there", q("cloak-mx.plain.test", "MX"), client=CHILD)
    yield Row("a name that only sends mail there", q("cloak-mx.plain.test"), client=CHILD)
    yield Row("an alias of a name beside it", q("cloak-long.plain.test"), client=CHILD)
    yield Row("other names", q("www.plain.test"), client=CHILD)
    yield Row("other names with DO", q("www.signed.test", do=True), client=CHILD)


class Resolver(Household):
    lists = {"gambling": {"own.hosts": "0.0.0.0 c.tracker.test\n"}}

    @classmethod
    def setUpClass(cls):
        cls.made = Zones(tempfile.mkdtemp(prefix="hort-zones-"))
        cls.addClassCleanup(cls.made.remove)

    def setUp(self):
        self.zones = self.made.config()
        super().setUp()
        self.hortctl("child", "add", "tom", "--age", "40", "--device", GROWN)
        self.hortctl("child", "add", "mia", "--age", "8", "--device", CHILD)
        self.sentinels, self.seen = 0, set()

    def configure(self):
        """The names that hortd keeps in the house are this unbound's, too: it answers the same of them as for everything else."""
        zones = ("test", "113.0.203.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "168.192.in-addr.arpa", "127.in-addr.arpa", "localhost", "invalid", "onion", "local", "home.arpa",
                 "resolver.arpa")
        super().configure(forward={zone: [f"127.0.0.1:{self.upstream}"] for zone in zones}, cache={"max_ttl": WEEK})

    # --- asking ---

    def sentinel(self):
        """A question that nobody asked before, sent behind another: its answer shows that nothing came for the first."""
        self.sentinels += 1
        return struct.pack("!H", SENTINEL) + q(f"n{self.sentinels}.wild.plain.test")[2:]

    def answer(self, port, row):
        """The answer; None when the sentinel is answered instead, or the connection closed."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if row.tcp else socket.SOCK_DGRAM) as s:
            s.settimeout(PATIENCE)
            s.bind((row.client, 0))
            s.connect(("127.0.0.1", port))
            messages = [row.query] + ([self.sentinel()] if row.silent else [])
            if not row.tcp:
                for m in messages:
                    s.send(m)
                got = s.recv(65535)
            else:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                stream = b"".join(struct.pack("!H", len(m)) + m for m in messages)
                for piece in struct.iter_unpack("c", stream) if row.tcp == "octets" else [[stream]]:
                    s.sendall(piece[0])
                with s.makefile("rb") as f:
                    try:
                        size = f.read(2)
                    except ConnectionResetError:
                        return None
                    got = f.read(struct.unpack("!H", size)[0]) if size else b""
            return None if got[:2] in (b"", struct.pack("!H", SENTINEL)) else got

    def view(self, port, row):
        wire = self.answer(port, row)
        self.assertIsNotNone(wire, "an answer")
        self.assertEqual(wire[:2], row.query[:2])
        return view(wire)

    def check(self, row):
        if row.silent:
            for who, port in (("unbound", self.upstream), ("hortd", self.dns)):
                self.assertIsNone(self.answer(port, row), f"{row.shape}: {who} answers")
            return
        before = self.view(self.upstream, row)
        self.seen.update(before["flags"].split(), [before["rcode"]],
                         (dns.rdatatype.to_text(r[2]) for k in SECTIONS for r in before.get(k, ())))
        ours = [self.view(self.dns, row) for _ in range(2)]
        after = self.view(self.upstream, row)
        for time, one in zip(("the first time", "again"), ours):
            if wrong := departures(one, row.expect) if row.expect else differences(one, before, after):
                why = f" ({row.expect.why})" if row.expect else ""
                self.fail(f"{row.shape}, {time}{why}:\n  " + "\n  ".join(wrong))
        if "TC" in before["flags"].split() and not row.tcp and not row.expect:
            self.check(row._replace(shape=row.shape + ", asked again over TCP", tcp=True))

    def check_all(self, *tables):
        rows = [row for table in tables for row in table()]
        self.assertEqual(len({row.shape for row in rows}), len(rows), "each row has a name of its own")
        for row in rows:
            with self.subTest(row.shape):
                self.check(row)
        return len(rows)

    # --- the tests ---

    def test_an_answer_that_just_fits_is_whole_and_one_octet_less_truncates_it(self):
        for name, kind, do in (("sized.plain.test", "TXT", False), ("sized.signed.test", "TXT", True), ("c3.signed.test", "HTTPS", True),
                               ("no.hashed.test", "A", True), ("no-data.wild.hashed.test", "AAAA", True)):
            whole = len(self.answer(self.upstream, Row("", q(name, kind, edns=1232, do=do), tcp=True)))
            for size in (whole + 1, whole, whole - 1):
                with self.subTest(f"{name} {kind} of {whole} octets, where {size} fit"):
                    self.check(Row(name, q(name, kind, edns=size, do=do)))

    def test_an_unsupervised_client_gets_what_the_resolver_answers(self):
        self.assertGreaterEqual(self.check_all(type_rows, name_rows, edns_rows, dnssec_rows, size_rows, flag_rows), 120)
        # The zones and unbound are what they are meant to be.
        self.assertLessEqual(set("AD CD TC AA SERVFAIL NXDOMAIN YXDOMAIN REFUSED BADVERS RRSIG NSEC NSEC3 DNAME HTTPS".split()), self.seen)

    def test_malformed_queries_get_what_the_resolver_answers(self):
        self.assertGreaterEqual(self.check_all(malformed_rows), 30)
        self.check(Row("and goes on", q("www.plain.test")))

    def test_names_behind_other_names_are_blocked_for_a_child_only(self):
        self.check_all(rule_rows)


if __name__ == "__main__":
    unittest.main()
