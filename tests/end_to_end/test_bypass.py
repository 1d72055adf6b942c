"""What a child might try, each as a script of the child's account against the real daemon and firewall. The table at the end says
what holds, by which layer, and of the rest honestly why it does not: when something of that changes, the row must. What the
network holds is tried by another account first, for which it must work: a trick that never works would prove nothing."""
import os
import re
import shutil
import subprocess
import sys
import unittest

import test_enforce
import test_programs
import test_transparent
from household import BIN, WORKER, free_port, run, wait_until
from test_enforce import CHILD, OTHER, QUAD9, RESOLVER, TRICKED, WEB

setUpModule = test_transparent.setUpModule

# An HTTP proxy far away that asks nobody, and one that an accomplice runs on this machine: both fetch whatever they are asked for.
PROXY = """
import socket, sys, threading
def attend(client):
    with client, socket.create_connection((sys.argv[3], 80)) as server:
        server.sendall(b"GET / HTTP/1.1\\r\\nHost: www.casino.test\\r\\n\\r\\n")
        client.recv(4096)
        while data := server.recv(4096):
            client.sendall(data)
with socket.create_server((sys.argv[1], int(sys.argv[2]))) as s:
    print("ready", flush=True)
    while True:
        threading.Thread(target=attend, args=(s.accept()[0],), daemon=True).start()
"""
# First words that no filter of names understands, at a port of the web: OpenVPN over TCP.
NO_TLS = "import socket; s=socket.create_connection(('{}',443)); s.settimeout(10); s.send(b'\\0\\x0e8'+b'x'*14); print(s.recv(100))"
# How many of so many echo requests with so long data are answered.
ECHOES = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
answered = 0
for _ in range(int(sys.argv[2])):
    try:
        s.sendto(b'\\x08\\0\\0\\0\\0\\0\\0\\0' + bytes(int(sys.argv[3])), (sys.argv[1], 0))
        s.settimeout(5 if answered == 0 else 0.2)
        answered += s.recv(65536)[0] == 0
    except OSError:
        pass
print(answered)
"""
COPY_IN_MEMORY = "import os; fd=os.memfd_create('x'); os.write(fd, open('{}','rb').read()); os.execve(fd, ['game', 'it', 'runs'], {{}})"
# A program of another machine's kind: the kernel opens it, and then not its loader.
OF_ANOTHER_KIND = """
import os
data = bytearray(open('/bin/true', 'rb').read())
data[18] = 40
path = '{0}/arm%d' % os.getpid()
open(path, 'wb').write(data)
os.chmod(path, 0o755)
"""
AFTER_A_FAILURE = OF_ANOTHER_KIND + """
try:
    os.execv(path, [path])
except OSError:
    os.execv('/lib64/ld-linux-x86-64.so.2', ['ld', '{0}/homework', 'it', 'runs'])
"""
# A loader whose program headers do not name its dynamic section any more.
CHANGED_LOADER = """
import os, struct
data = bytearray(open('/lib64/ld-linux-x86-64.so.2', 'rb').read())
at, = struct.unpack_from('<Q', data, 32)
for i in range(struct.unpack_from('<H', data, 56)[0]):
    if data[at + 56 * i] == 2:
        data[at + 56 * i] = 0
path = '{0}/ld%d' % os.getpid()
open(path, 'wb').write(data)
os.chmod(path, 0o755)
os.execv(path, ['ld', '{0}/homework', 'it', 'runs'])
"""
MADE_ANOTHER = """
import os
data = bytearray(open('{0}/homework', 'rb').read())
at = data.index(b'GNU' + bytes(1), data.index(bytes([20, 0, 0, 0, 3, 0, 0, 0]))) + 4
data[at:at + 20] = bytes(20)
path = '{0}/another%d' % os.getpid()
open(path, 'wb').write(data + b'x')
os.chmod(path, 0o755)
os.execv(path, [path, 'it', 'runs'])
"""
# Starts a file, and where that is refused or fails another one's copy in memory.
IN_MEMORY_AFTER = """
import os
fd = os.memfd_create('x')
os.write(fd, open('{1}', 'rb').read())
try:
    os.execv('{0}', ['x', 'it', 'runs'])
except OSError:
    os.execve(fd, ['game', 'it', 'runs'], {{}})
"""

SUBORDINATE = 3_000_000
TRICKS = []


def trick(name, layer, why_not=None, works_for_others=True):
    """A method that says whether `self.who` got what was wanted. `why_not`: the child does, and why."""
    def add(method):
        TRICKS.append((name, layer, why_not, works_for_others and why_not is None and layer not in ("kernel", "daemon", "file modes"), method))
        return method
    return add


class Bypass(test_programs.Machine):
    lists = test_enforce.Machine.lists | {"doh_bypass": {"own.txt": "dns.quad9.net\n"}}
    who = CHILD

    def configure(self, **more):
        # As useradd does it for everybody.
        with open("/etc/subuid", "a+") as f:
            f.seek(0)
            before = f.read()
            f.write(f"nobody:{SUBORDINATE}:65536\n")
        self.addCleanup(self.write, "/etc/subuid", before)
        super().configure(**more)
        self.game = self.bin + "/game"
        self.make_unique(self.game)
        with open(self.bin + "/toy", "w") as f:
            f.write("#!/bin/sh\necho it runs\n")
        os.chmod(self.bin + "/toy", 0o755)

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)  # what is kept must hold by itself
        self.home = self.folder + "/home"
        os.mkdir(self.home)
        os.chmod(self.home, 0o777)
        os.link(self.game, self.home + "/hard")
        shutil.copy(self.game, self.home + "/homework")  # as if it came from elsewhere
        run("cc", "-static", "-o", self.bin + "/still", "-x", "c", "-", stdin='#include <stdio.h>\nint main(void) { puts("it runs"); }\n', check=True)
        shutil.copy(self.bin + "/still", self.home + "/still")
        self.make_unique(self.home + "/own")
        os.mkdir(self.home + "/games", 0o777)
        shutil.copy(self.home + "/own", self.home + "/games/own")
        os.chmod(self.home + "/games", 0o777)
        for path in ("own", "games", "games/own"):
            os.chown(f"{self.home}/{path}", CHILD, CHILD)
        for program in (self.game, self.bin + "/still", "program:toy", self.home + "/games/own"):
            self.hortctl("block", "mia", program)
        self.hortctl("pin", "set", stdin="482913\n482913\n")

    @staticmethod
    def write(path, text):
        with open(path, "w") as f:
            f.write(text)

    def script(self, text, *words):
        """What a shell says."""
        done = self.by(self.who, "sh", "-c", text, "sh", *words, before=("env", "HOME=" + self.home))
        return done.stdout + done.stderr

    def casino(self, *more):
        return self.page(self.who, "http://www.casino.test/", *more) == "200"

    served = None

    def serve(self, *words, account=None):
        if words == self.served:
            return
        self.served = words
        before = self.within if account is None else ["setpriv", f"--reuid={account}", "--clear-groups"]
        server = subprocess.Popen([*before, sys.executable, "-c", PROXY, *words], stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.assertEqual(server.stdout.readline(), b"ready\n")

    # --- names ---

    @trick("another resolver", "firewall")
    def other_resolver(self):
        return self.ask_dns(self.who, RESOLVER[0], "casino.test") == TRICKED

    @trick("another resolver over TCP", "firewall")
    def other_resolver_tcp(self):
        return self.ask_dns(self.who, RESOLVER[0], "casino.test", "+tcp") == TRICKED

    @trick("another resolver over IPv6", "firewall")
    def other_resolver_6(self):
        return self.ask_dns(self.who, RESOLVER[1], "casino.test") == TRICKED

    @trick("a resolv.conf of one's own (mount namespace)", "firewall")
    def own_resolv_conf(self):
        return TRICKED in self.script(f"echo nameserver {RESOLVER[0]} >$HOME/r; unshare -Urm sh -c 'mount --bind $HOME/r /etc/resolv.conf && "
                                     "getent ahostsv4 casino.test'")

    @trick("the name's other record types", "DNS", works_for_others=False)
    def other_types(self):
        return any(self.ask_dns(self.who, RESOLVER[0], "www.casino.test", kind) not in ("", "0.0.0.0", "::") for kind in ("AAAA", "CNAME", "HTTPS", "SVCB", "ANY", "TXT"))

    @trick("the name in another spelling", "DNS")
    def other_spelling(self):
        return any(self.ask_dns(self.who, RESOLVER[0], name) != "0.0.0.0" for name in ("CaSiNo.TeSt", "casino.test.", "WWW.casino.TEST."))

    @trick("a resolver at a port of its own, then the address", "proxy")
    def resolver_elsewhere(self):
        return self.casino("--resolve", f"www.casino.test:80:{WEB[0]}")

    @trick("a hosts file of one's own (mount namespace)", "proxy")
    def own_hosts(self):
        return "page!" in self.script(f"echo {WEB[0]} www.casino.test >$HOME/h; unshare -Urm sh -c 'mount --bind $HOME/h /etc/hosts && "
                                      "curl -s -m 10 http://www.casino.test/'")

    @trick("DNS over TLS", "firewall")
    def dot(self):
        return self.reach(self.who, "tcp", RESOLVER[0], 853) == "reached"

    @trick("DNS over QUIC", "firewall")
    def doq(self):
        return self.reach(self.who, "udp", RESOLVER[0], 853) == "reached"

    @trick("DNS over HTTPS by address", "firewall")
    def doh_by_address(self):
        return any(self.reach(self.who, "tcp", address, 443) == "reached" for address in QUAD9)

    @trick("DNS over HTTPS by name", "DNS and proxy")
    def doh_by_name(self):
        by_name = self.ask_dns(self.who, RESOLVER[0], "dns.quad9.net") not in ("0.0.0.0", "")
        return by_name or self.page(self.who, "https://dns.quad9.net/dns-query", "-k", "--resolve", f"dns.quad9.net:443:{WEB[0]}") != "curl 35"

    @trick("the browser's own DNS over HTTPS (canary name)", "DNS")
    def canary(self):
        return "NXDOMAIN" not in self.by(self.who, "dig", "@" + RESOLVER[0], "use-application-dns.net").stdout

    # --- the web ---

    @trick("another name in the Host field", "proxy")
    def other_host_field(self):
        return self.page(self.who, f"http://{WEB[0]}/", "-H", "Host: casino.test") == "200"

    @trick("as one of the accounts of one's own user namespace", "proxy", works_for_others=False)
    def subordinate(self):
        self.hortctl("block", "mia", "good.test")  # what is blocked for nobody else
        got = self.page(SUBORDINATE + 7, "http://www.good.test/", "--resolve", f"www.good.test:80:{WEB[0]}")
        self.hortctl("unset", "mia", "good.test")
        return got == "200"

    @trick("IPv6 only", "proxy")
    def only_6(self):
        return self.page(self.who, f"http://[{WEB[1]}]/", "-H", "Host: casino.test") == "200"

    @trick("a URL whose name is not the Host field's", "proxy")
    def two_names(self):
        return self.page(self.who, f"http://{WEB[0]}/", "--request-target", "http://casino.test/", "-H", "Host: good.test") == "200"

    @trick("proxy settings that name a proxy at a port of the web", "firewall and proxy")
    def proxy_at_80(self):
        return self.casino("--proxy", f"http://{RESOLVER[0]}:80")

    @trick("no_proxy, and no proxy at all", "firewall")
    def no_proxy(self):
        return self.casino("--noproxy", "*")

    @trick("HTTP/3", "firewall")
    def quic(self):
        return self.reach(self.who, "udp", WEB[0], 443) == "reached"

    @trick("a VPN over TCP at the web's port", "proxy")
    def vpn_at_443(self):
        said = self.by(self.who, sys.executable, "-c", NO_TLS.format(WEB[0])).stdout
        return "here" in said

    @trick("usual ports of VPNs", "firewall")
    def vpn(self):
        return self.reach(self.who, "udp", WEB[0], 1194) == "reached"

    @trick("usual ports of Tor", "firewall")
    def tor(self):
        return self.reach(self.who, "tcp", WEB[0], 9001) == "reached"

    @trick("a connection from before the rules", "firewall", works_for_others=False)
    def from_before(self):
        self.hortctl("child", "set", "mia", "--age", "40")
        with subprocess.Popen(["setpriv", f"--reuid={CHILD}", "--clear-groups", sys.executable, "-c", test_enforce.BEFORE, RESOLVER[0], WEB[0]],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as busy:
            self.assertEqual(busy.stdout.readline(), "open\n")
            self.hortctl("child", "set", "mia", "--age", "13")
            self.hortctl("pause", "mia")
            said = busy.communicate("\n")[0].splitlines()
        self.hortctl("resume", "mia")
        return any(line.startswith("reached") for line in said[1:])

    def sister(self):
        """The account of one who may more."""
        if "ann" not in self.hortctl("status"):
            self.hortctl("child", "add", "ann", "--age", "17", "--account", "games")
            self.hortctl("allow", "ann", "casino.test")
        return 5

    @trick("the source port that a sister had, who may", "firewall")
    def port_of_a_sister(self):
        from_port = ("-b", f"0.0.0.0#{free_port()}")
        self.assertEqual(self.ask_dns(self.sister(), RESOLVER[0], "casino.test", *from_port), WEB[0])
        return self.ask_dns(self.who, RESOLVER[0], "casino.test", *from_port) in (WEB[0], TRICKED)

    @trick("where a sister's questions are led", "firewall", works_for_others=False)
    def place_of_a_sister(self):
        port = re.search(r"udp dport 53 redirect to :(\d+)", run("nft", "list", "chain", "inet", "hort", f"led_{self.sister()}", check=True).stdout)[1]
        self.assertEqual(self.ask_dns(OTHER, "127.0.0.1", "casino.test", "-p", port), WEB[0])
        return any(self.ask_dns(self.who, address, "casino.test", "-p", port, *more) == WEB[0] for address in ("127.0.0.1", "::1") for more in ((), ("+tcp",)))

    @trick("two connections from one port", "firewall")
    def one_port(self):
        self.hortctl("block", "mia", "good.test")
        got = self.by(self.who, sys.executable, "-c", test_enforce.PAGES, free_port(), "good.test", WEB[0], RESOLVER[0]).stdout
        self.hortctl("unset", "mia", "good.test")
        return "200" in got

    @trick("a proxy far away at the usual port of proxies", "firewall")
    def proxy_at_its_port(self):
        self.serve(WEB[0], "3128", WEB[0])
        return self.casino("--proxy", f"http://{WEB[0]}:3128")

    @trick("a proxy far away at another port", "none", "what goes to other ports than the web's is not looked into")
    def proxy_elsewhere(self):
        self.serve(WEB[0], "8080", WEB[0])
        return self.casino("--proxy", f"http://{WEB[0]}:8080")

    @trick("a tunnel through ssh", "none", "ssh is no way round for most; where it is, 'pause' and hours still close it")
    def ssh(self):
        return self.reach(self.who, "tcp", WEB[0], 22) == "reached"

    def echoes(self, count, size):
        with open("/proc/sys/net/ipv4/ping_group_range", "w") as f:
            f.write("0 65535")  # as distributions have it
        return int(self.by(self.who, sys.executable, "-c", ECHOES, WEB[0], str(count), str(size)).stdout)

    @trick("a tunnel through long echo requests", "firewall")
    def icmp(self):
        self.assertEqual(self.echoes(1, 56), 1, "ping is no tunnel")
        return self.echoes(1, 1000) > 0

    @trick("a tunnel through extended echo requests", "firewall")
    def extended_icmp(self):
        self.echoes(0, 0)  # lets everybody ask
        probe = f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).sendto(bytes([42]) + bytes(999), ('{WEB[0]}', 0)); print('sent')"
        return "sent" in self.by(self.who, sys.executable, "-c", probe).stdout

    @trick("a tunnel through many echo requests", "firewall")
    def many_icmp(self):
        return self.echoes(60, 56) > 20

    @trick("a proxy that another account runs on this machine", "none", "traffic within the machine passes; the accomplice's account must be supervised, too")
    def accomplice(self):
        self.serve("127.0.0.1", "18080", WEB[0], account=OTHER)
        return self.casino("--proxy", "http://127.0.0.1:18080")

    # --- accounts and namespaces ---

    @trick("root in a user namespace", "firewall")
    def user_namespace(self):
        return TRICKED in self.script(f"unshare -Ur dig @{RESOLVER[0]} +short +time=3 +tries=1 casino.test")

    @trick("a network namespace", "kernel")
    def network_namespace(self):
        return "page!" in self.script(f"unshare -Urn curl -s -m 5 http://{WEB[0]}/ -H 'Host: casino.test'")

    @trick("flushing the firewall, also in a namespace", "kernel")
    def flush(self):
        self.script("nft flush ruleset; unshare -Urn nft flush ruleset")
        return self.other_resolver()

    @trick("another account by su", "kernel")
    def su(self):
        return "uid=0" in self.script("echo | su -c id root; echo | su -c id daemon")

    @trick("a new account", "kernel")
    def new_account(self):
        self.script("useradd --no-create-home hort-bypass")
        return run("id", "hort-bypass").returncode == 0

    @trick("packets made by hand", "kernel")
    def raw_packets(self):
        return "open" in self.script("python3 -c \"import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 17); print('open')\"")

    # --- the daemon ---

    def parts(self):
        return [str(self.hortd.pid), *run("pgrep", "-P", str(self.hortd.pid), "-u", WORKER).stdout.split()]

    @trick("ending the daemon", "kernel")
    def kill(self):
        before = self.parts()
        self.script("kill -9 " + " ".join(before))
        return self.hortd.poll() is not None or len(before) != 2 or self.parts() != before

    @trick("stopping the daemon", "kernel")
    def stop(self):
        self.script("kill -STOP " + " ".join(self.parts()))
        states = []
        for part in self.parts():
            with open(f"/proc/{part}/stat") as f:
                states.append(f.read().rsplit(")", 1)[1].split()[0])
        return "T" in states

    @trick("tracing the daemon", "kernel")
    def trace(self):
        for part in self.parts():
            said = self.script(f"timeout 5 strace -p {part} -o $HOME/trace 2>&1; cat /proc/{part}/environ")
            if "not permitted" not in said.lower() and "denied" not in said.lower():
                return True
        return False

    @trick("writing or removing what Hort keeps", "file modes")
    def data(self):
        before = sorted(os.listdir(self.data))
        self.script(f"cd {self.data} && for f in hort.db hort.json lists; do rm -rf $f; echo x >$f; mv $f $HOME; done; touch {self.data}/x")
        return sorted(os.listdir(self.data)) != before or self.ask_dns(self.who, RESOLVER[0], "casino.test") != "0.0.0.0"

    @trick("reading what is kept about others", "file modes")
    def read_data(self):
        return bool(self.script(f"head -c 16 {self.data}/hort.db 2>/dev/null"))

    @trick("the control socket", "daemon")
    def control(self):
        return "is allowed" in self.script(f"{BIN}/hortctl --data {self.data} allow mia casino.test; {BIN}/hortctl --data {self.data} child remove mia")

    @trick("guessing the PIN", "daemon")
    def guess(self):
        said = self.script(f"for i in 000000 111111 123456 482912 482914 482913; do {BIN}/hortctl --data {self.data} --pin=$i allow mia casino.test; done")
        return "is allowed" in said

    @trick("writing rubbish to the control socket", "daemon")
    def rubbish(self):
        self.script(f"python3 -c \"import socket; s=socket.socket(socket.AF_UNIX); s.connect('{self.data}/control.sock'); s.sendall(b'x'*3000000)\"")
        return self.hortd.poll() is not None or "mia" not in self.hortctl("status")

    @trick("another hortd at the same ports", "kernel")
    def other_daemon(self):
        said = self.script(f"timeout 20 {BIN}/hortd --data $HOME/own --dns 127.0.0.1:{self.dns} --proxy 127.0.0.1:{self.proxy} --upstream {RESOLVER[0]}:53")
        return ">ready" in said

    @trick("setting the clock", "kernel")
    def clock(self):
        return "not permitted" not in self.script("date -s '+1 day' 2>&1").lower()

    @trick("a time zone of one's own", "daemon")
    def zone(self):
        self.hortctl("hours", "set", "mia", "daily", "none")
        got = any("page!" in self.script(f"TZ={zone} curl -s -m 10 http://{WEB[0]}/ -H 'Host: www.good.test'") for zone in ("UTC", "Pacific/Apia"))
        self.hortctl("hours", "clear", "mia")
        return got

    @trick("a flood of connections", "daemon")
    def flood(self):
        child = subprocess.Popen(["setpriv", f"--reuid={CHILD}", "--clear-groups", sys.executable, "-c", (
            "import socket,sys\nall=[]\n"
            f"for i in range(800):\n  s=socket.create_connection(('{WEB[0]}',80)); all.append(s)\n"
            "print('open',flush=True); sys.stdin.read()")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            child.stdout.readline()
            return self.status_code("http://www.good.test/", "--connect-timeout", "10") not in ("200", "403", "502", "504") or \
                self.ask_dns(self.who, RESOLVER[0], "casino.test") != "0.0.0.0"
        finally:
            child.kill()
            child.communicate()

    # --- programs ---

    def starts(self, text):
        return "it runs" in self.script(text)

    @trick("a blocked program", "programs")
    def program(self):
        return self.starts(f"{self.game} it runs")

    @trick("a renamed copy of it", "programs")
    def renamed(self):
        return self.starts(f"cp {self.game} $HOME/homework$$; $HOME/homework$$ it runs")

    @trick("a symbolic link to it", "programs")
    def linked(self):
        return self.starts(f"ln -s {self.game} $HOME/l$$; $HOME/l$$ it runs")

    @trick("a hard link to it", "programs")
    def hard_linked(self):
        return self.starts(f"{self.home}/hard it runs")

    @trick("the loader with it as a file", "programs")
    def loader(self):
        return self.starts(f"/lib64/ld-linux-x86-64.so.2 {self.game} it runs")

    @trick("a copy of it in memory", "programs")
    def in_memory(self):
        return self.starts(f"python3 -c \"{COPY_IN_MEMORY.format(self.game)}\"")

    @trick("a bind mount of it in a namespace", "programs")
    def bind_mount(self):
        return self.starts(f"touch $HOME/b$$; unshare -Urm sh -c 'mount --bind {self.game} $HOME/b'$$' && $HOME/b'$$' it runs'")

    @trick("as root of a user namespace", "programs")
    def as_namespaced_root(self):
        return self.starts(f"unshare -Ur {self.game} it runs")

    @trick("a script that is blocked, by its interpreter", "programs")
    def script_of_an_interpreter(self):
        return self.starts(f"sh {self.bin}/toy")

    @trick("in the background, without a terminal", "programs")
    def detached(self):
        return self.starts(f"setsid -w nohup {self.game} it runs")

    @trick("a copy that came from elsewhere under another name", "programs")
    def from_elsewhere(self):
        return self.starts("$HOME/homework it runs")

    @trick("the same with an octet more", "programs")
    def from_elsewhere_changed(self):
        return self.starts("cp $HOME/homework $HOME/c$$; echo >> $HOME/c$$; $HOME/c$$ it runs")

    @trick("the same on a file system of memory", "programs")
    def from_elsewhere_in_a_tmpfs(self):
        return self.starts("cp $HOME/homework /dev/shm/c$$; /dev/shm/c$$ it runs; rm /dev/shm/c$$")

    @trick("the same by the loader", "programs")
    def from_elsewhere_by_the_loader(self):
        return self.starts("/lib64/ld-linux-x86-64.so.2 $HOME/homework it runs")

    @trick("the same by a copy of the loader", "programs")
    def from_elsewhere_by_a_copied_loader(self):
        return self.starts("cp /lib64/ld-linux-x86-64.so.2 $HOME/ld$$; $HOME/ld$$ $HOME/homework it runs")

    @trick("the same by a script whose interpreter is the loader", "programs")
    def from_elsewhere_by_a_script_of_the_loader(self):
        return self.starts("printf '#!/lib64/ld-linux-x86-64.so.2 %s\\n' $HOME/homework > $HOME/s$$; chmod +x $HOME/s$$; $HOME/s$$ it runs")

    @trick("the same by the loader, after a start that failed", "programs")
    def from_elsewhere_after_a_failure(self):
        return self.starts(f"python3 -c \"{AFTER_A_FAILURE.format(self.home)}\"")

    @trick("the same from memory", "programs")
    def from_elsewhere_in_memory(self):
        return self.starts(f"python3 -c \"{COPY_IN_MEMORY.format(self.home + '/homework')}\"")

    @trick("the same from memory, after one that was refused", "programs")
    def from_elsewhere_in_memory_after_a_refusal(self):
        return self.starts(f"python3 -c \"{IN_MEMORY_AFTER.format(self.home + '/homework', self.home + '/homework')}\"")

    @trick("the same from memory, after a start that failed", "none", "it runs some milliseconds, until it is seen and ended; vm.memfd_noexec=2 closes it, and doctor says so")
    def from_elsewhere_in_memory_after_a_failure(self):
        return self.starts(f"python3 -c \"{OF_ANOTHER_KIND.format(self.home)}{IN_MEMORY_AFTER.format('PATH', self.home + '/homework').replace(repr('PATH'), 'path')}\"")

    @trick("the same on a file system of a user namespace", "programs")
    def from_elsewhere_in_a_namespace(self):
        return self.starts("mkdir $HOME/m$$; unshare -Urm sh -c 'mount -t tmpfs m $HOME/m'$$' && cp $HOME/homework $HOME/m'$$'/x && $HOME/m'$$'/x it runs'")

    @trick("the same by a copy of the loader that says less of itself", "programs")
    def from_elsewhere_by_a_changed_loader(self):
        return self.starts(f"python3 -c \"{CHANGED_LOADER.format(self.home)}\"")

    @trick("the same with another id and an octet more", "none", "it is another program then, as far as anybody can tell; only a list of what may be started could hold it")
    def from_elsewhere_made_another(self):
        return self.starts(f"python3 -c \"{MADE_ANOTHER.format(self.home)}\"")

    @trick("one's own, moved away", "programs")
    def moved_away(self):
        # Until it was seen that it is gone, and twice as long.
        return self.starts("mkdir -p $HOME/games && cp $HOME/own $HOME/games/x$$ && mv $HOME/games/x$$ $HOME/games/own && mv $HOME/games/own $HOME/games/y$$ && "
                           "for i in 1 2 3 4 5 6 7 8 9 10; do $HOME/games/y$$ it runs && break; sleep 0.1; done")

    @trick("a copy of one that needs no loader", "programs")
    def static_from_elsewhere(self):
        return self.starts("$HOME/still")

    @trick("the same from memory, needing no loader", "none", "it runs some milliseconds, until it is seen and ended; vm.memfd_noexec=2 closes it, and doctor says so")
    def static_in_memory(self):
        return self.starts(f"python3 -c \"{COPY_IN_MEMORY.format(self.home + '/still')}\"")

    @trick("the same on a file system of a user namespace, needing no loader", "none", "it runs some milliseconds, until it is seen and ended; a machine without user namespaces closes it")
    def static_in_a_namespace(self):
        return self.starts("mkdir $HOME/m$$; unshare -Urm sh -c 'mount -t tmpfs m $HOME/m'$$' && cp $HOME/still $HOME/m'$$'/x && $HOME/m'$$'/x'")

    def test_every_trick_that_is_said_to_hold_does(self):
        width = max(len(name) for name, *_ in TRICKS)
        print()
        for name, layer, why_not, works_for_others, method in TRICKS:
            with self.subTest(name):
                if works_for_others:
                    self.who = OTHER
                    self.assertTrue(method(self), "for nobody does it work")
                self.who = CHILD
                got_through = method(self)
                print(f"{name:{width}}  {layer:20}  {'does not hold: ' + why_not if why_not else 'holds'}", flush=True)
                self.assertEqual(got_through, why_not is not None)
        holding = sum(why_not is None for _, _, why_not, *_ in TRICKS)
        print(f"{holding} of {len(TRICKS)} hold")


if __name__ == "__main__":
    unittest.main()
