"""What the benchmarks share: servers pinned to one core, the load to the other, and the server's own processor time."""
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
    """The preset `bench`, and the path of its programs."""
    subprocess.run([ROOT + "/packaging/install-packages", "build", "bench"], check=True)
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": ROOT}
    subprocess.run(["cmake", "--preset", "bench"], **quiet)
    subprocess.run(["cmake", "--build", "build/bench", "-j2"], **quiet)
    return ROOT + "/build/bench/bin"


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or name


def on_cpu(cpu, command):
    return ["taskset", "-c", str(cpu), *command] if PIN else list(command)


class Server:
    """A server in the foreground on core 0 (or `cpu`)."""

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

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

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


def table(columns, rows, ours="hortd"):
    """Prints rows {column: number}, then what ours is divided by each peer's."""
    width = max(len(name) for name in rows) + 14
    print(" " * width + "".join(f"{c:>22}" for c in columns))
    for name, row in rows.items():
        print(f"{name:{width}}" + "".join(f"{row[c]:22.3f}" if c in row else f"{'-':>22}" for c in columns))
    for name, row in rows.items():
        if name != ours:
            cells = "".join(f"{rows[ours][c] / row[c]:22.2f}" if row.get(c) and c in rows[ours] else f"{'-':>22}" for c in columns)
            print(f"{ours + ' / ' + name:{width}}" + cells)
