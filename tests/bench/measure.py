"""What the benchmarks share: servers pinned to one core, the load to the other, and the server's own processor time."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TICKS = os.sysconf("SC_CLK_TCK")
LAST_CPU = max(os.sched_getaffinity(0))
PIN = len(os.sched_getaffinity(0)) > 1


def build():
    """The preset `bench`, and the path of its programs; where HORT_BIN says, they are there already."""
    if "HORT_BIN" in os.environ:
        return os.path.abspath(os.environ["HORT_BIN"])
    subprocess.run([ROOT + "/packaging/install-packages", "build", "bench"], check=True)
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": ROOT}
    subprocess.run(["cmake", "--preset", "bench"], **quiet)
    subprocess.run(["cmake", "--build", "build/bench", "-j2"], **quiet)
    return ROOT + "/build/bench/bin"


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or name


def on_cpu(cpu, command):
    return ["taskset", "-c", str(cpu), *command] if PIN and cpu is not None else list(command)


class Server:
    """A server in the foreground on core 0 (or `cpu`; None: where the kernel puts it)."""

    def __init__(self, name, command, folder, cpu=0):
        self.name = name
        self.log = f"{folder}/{name}.log"
        self.began = time.monotonic()
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(on_cpu(cpu, command), stdout=out, stderr=out)

    def wait_for(self, is_ready, patience=300):
        """Seconds from the start until is_ready() holds."""
        while time.monotonic() - self.began < patience:
            if self.process.poll() is not None:
                break
            if is_ready():
                return time.monotonic() - self.began
            time.sleep(0.002)
        with open(self.log, errors="replace") as log:
            raise SystemExit(f"{self.name} did not start:\n{log.read()[-2000:]}")

    def processes(self):
        """The server's process and what it started."""
        out = [self.process.pid]
        for pid in out:
            for task in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended
                    with open(f"/proc/{pid}/task/{task}/children") as f:
                        out += map(int, f.read().split())
        return out

    def cpu_seconds(self):
        """User and system, to the nanosecond: by the clock of each process (clock_getcpuclockid(3))."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.processes())

    def user_seconds(self):
        """The part of it outside the kernel, to the clock's tick."""
        ticks = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/stat") as f:
                ticks += int(f.read().rsplit(")", 1)[1].split()[11])
        return ticks / TICKS

    def memory_mib(self):
        """{"RSS", "PSS", "anon"}: what is mapped from files counts in the first two only."""
        out = {"RSS": 0, "PSS": 0, "anon": 0}
        for pid in self.processes():
            with open(f"/proc/{pid}/smaps_rollup") as f:
                text = f.read()
            for kind, key in (("RSS", "Rss"), ("PSS", "Pss"), ("anon", "Anonymous")):
                out[kind] += int(re.search(rf"^{key}:\s+(\d+)", text, re.M)[1]) / 1024
        return out

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def table(lines, peers, ours="hortd"):
    """Prints peers {name: {line: number}}, a column each, then what ours is divided by each of the others."""
    def block(columns):
        width = {name: max(len(name), 10) + 2 for name in columns}
        print(" " * 30 + "".join(f"{name:>{width[name]}}" for name in columns))
        for line in lines:
            cells = [f"{column[line]:{width[name]}.{0 if abs(column[line]) >= 1000 else 3}f}" if column.get(line) is not None
                     else f"{'-':>{width[name]}}" for name, column in columns.items()]
            print(f"{line:30}" + "".join(cells))

    block(peers)
    if ours in peers:
        print()
        block({f"{ours}/{name}": {line: peers[ours][line] / peer[line] for line in lines if peer.get(line) and peers[ours].get(line)}
               for name, peer in peers.items() if name != ours})
