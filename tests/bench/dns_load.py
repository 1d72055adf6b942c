"""What the benchmarks of DNS share: names, questions, dnsperf, and an upstream that answers anything."""
import os
import random
import re
import socket
import struct
import subprocess

from measure import LAST_CPU, Server, on_cpu, program

NAME = re.compile(r"(?=.{1,200}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
ANSWERED = "192.0.2.1"  # by the upstream, for every name


def names_of(paths):
    """The names in hosts files, plain domain lists and folders of them."""
    names = set()
    for path in paths:
        files = [os.path.join(f, n) for f, _, ns in os.walk(path) for n in ns] if os.path.isdir(path) else [path]
        for file in files:
            base = os.path.basename(file)
            if base.startswith("LICENSE") or base.endswith(".md") or base in ("urls", "usage", "expressions"):
                continue
            with open(file, errors="replace") as f:
                for line in f:
                    words = line.split("#")[0].split()
                    if len(words) > 1 and words[0] in ("0.0.0.0", "127.0.0.1"):
                        words = words[1:2]
                    name = words[0].lower().rstrip(".") if len(words) == 1 else ""
                    if NAME.fullmatch(name):
                        names.add(name)
    return sorted(names)


def made_up_names(seed):
    """Names without end, like those of published lists: words, words with numbers, random labels; about half are registered
    domains, the others lie one to three labels below one, many below the same hosters."""
    random_ = random.Random(seed)
    syllables = ("ba bet bo ca chi co da de dex di fa fi fo ga gra hu in ja ka ki la li lo ma me mi mo na ne no pa pe pi po ra re ri ro "
                 "sa se sho si so sta ta te ti to tra tu va ve vi vo wa we xo ya zu").split()
    words = ["".join(random_.choices(syllables, k=random_.choice((1, 2, 2, 3, 3, 4)))) for _ in range(20000)]
    ends = ["com"] * 48 + ["net"] * 8 + ["org"] * 6 + ["info"] * 4 + ["ru"] * 5 + ["de"] * 4 + ["xyz"] * 4 + ["top"] * 4 + ["co.uk"] * 3 + \
        "com.br fr it pl nl jp cn online site club shop live biz".split()
    hosters = [f"{random_.choice(words)}{random_.choice(words)}.{random_.choice(ends)}" for _ in range(3000)]
    fronts = "www www www m cdn ads static img track mail blog api go de en".split()
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"

    def label():
        kind = random_.random()
        if kind < 0.55:
            return random_.choice(words) + random_.choice(words)
        if kind < 0.7:
            return random_.choice(words) + "-" + random_.choice(words)
        if kind < 0.85:
            return random_.choice(words) + str(random_.randrange(1000))
        return "x" + "".join(random_.choices(letters, k=random_.randrange(7, 24)))

    while True:
        depth = random_.random()
        if depth < 0.5:
            yield f"{label()}.{random_.choice(ends)}"
        elif depth < 0.7:
            yield f"{random_.choice(fronts)}.{label()}.{random_.choice(ends)}"
        elif depth < 0.88:
            yield f"{label()}.{hosters[int(random_.random() ** 3 * len(hosters))]}"
        else:
            yield f"{random_.choice(fronts)}{random_.randrange(100)}.{label()}.{hosters[int(random_.random() ** 3 * len(hosters))]}"


def names_to_block(real, count):
    """`count` names: the real ones first, or a sample of them where there are more."""
    if len(real) >= count:
        return sorted(random.Random(1).sample(real, count))
    names = set(real)
    source = made_up_names(2)
    while len(names) < count:
        names.add(next(source))
    return sorted(names)


def names_to_allow(blocked, count):
    """Names that neither stand in the set `blocked` nor lie below one that does."""
    source = made_up_names(3)
    out = set()
    while len(out) < count:
        name = next(source)
        labels = name.split(".")
        if not any(".".join(labels[i:]) in blocked for i in range(len(labels))):
            out.add(name)
    return sorted(out)


def a_record(port, name, patience=0.05):
    """'blocked', 'answer', another word for other answers, or None when there was none."""
    question = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(patience)
        s.connect(("127.0.0.1", port))
        try:
            s.send(struct.pack("!HHHHHH", random.randrange(65536), 0x100, 1, 0, 0, 0) + question)
            answer = s.recv(1500)
        except OSError:
            return None
    if answer[3] & 15 == 3 or answer[-4:] == bytes(4):
        return "blocked"
    return "answer" if answer[-4:] == socket.inet_aton(ANSWERED) else f"code {answer[3] & 15}, {answer[7]} records"


def write_questions(path, names):
    with open(path, "w") as f:
        f.writelines(f"{name} A\n" for name in names)
    return path


class Dnsperf:
    """A run of dnsperf beside the server's core, from its start on."""

    def __init__(self, port, questions, log, *options):
        self.log = log
        with open(log, "w") as out:
            self.process = subprocess.Popen(on_cpu(LAST_CPU, ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", questions, "-c", "8", "-q",
                                                              "200", "-T", "1", "-t", "2", *map(str, options)]), stdout=out, stderr=out)

    def wait(self):
        self.process.wait()
        with open(self.log) as f:
            out = f.read()
        sent, completed = (re.search(rf"Queries {what}:\s+(\d+)", out) for what in ("sent", "completed"))
        if not sent or not completed:
            raise SystemExit("dnsperf did not end well:\n" + out[-2000:])
        self.sent, self.completed = int(sent[1]), int(completed[1])
        self.lost = self.sent - self.completed
        codes = re.search(r"Response codes:\s+(.*)", out)
        self.failed = sum(int(n) for code, n in re.findall(r"(\w+) (\d+) ", codes[1] if codes else "") if code not in ("NOERROR", "NXDOMAIN"))
        self.per_second = float(re.search(r"Queries per second:\s+([\d.]+)", out)[1])
        self.latencies = sorted(float(x) * 1e6 for x in re.findall(r"^> \w+ \S+ \S+ ([\d.]+)$", out, re.M))  # with -v
        return self


def start_upstream(port, folder):
    with open(folder + "/upstream.conf", "w") as f:
        f.write(f'server:\n interface: 127.0.0.1@{port}\n do-daemonize: no\n chroot: ""\n username: ""\n pidfile: ""\n'
                f' use-syslog: no\n logfile: ""\n local-zone: "." redirect\n local-data: ". 3600 IN A {ANSWERED}"\n'
                "remote-control:\n control-enable: no\n")
    server = Server("upstream", [program("unbound"), "-d", "-c", folder + "/upstream.conf"], folder, LAST_CPU)
    server.wait_for(lambda: a_record(port, "any.example") == "answer")
    return server
