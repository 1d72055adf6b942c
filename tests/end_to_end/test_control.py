"""hortctl and the control socket: help, exit codes, roles, and lines that no client of ours sends."""
import json
import os
import socket
import subprocess
import unittest

from household import BIN, Household, run, wait_until


class Control(Household):
    def raw(self, *lines, shutdown=False):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(self.data + "/control.sock")
            for line in lines:
                try:
                    s.sendall(line)
                except BrokenPipeError:
                    pass
            if shutdown:
                s.shutdown(socket.SHUT_WR)
            answer = b""
            while not answer.endswith(b"\n"):
                piece = s.recv(65536)
                if not piece:
                    break
                answer += piece
            return json.loads(answer) if answer else None

    def code(self, line):
        return self.raw(line + b"\n")["error"]["code"]

    def test_help_comes_from_the_table(self):
        out = self.hortctl("help")
        for word in ("child add NAME", "explain CHILD [SITE|SERVICE|PROGRAM]", "Exit status"):
            self.assertIn(word, out)
        self.assertIn("--device", self.hortctl("help", "child", "add"))
        self.assertEqual(self.hortctl("child", "add", "--help"), self.hortctl("help", "child", "add"))

    def test_wrong_usage_says_what_is_meant_and_exits_with_2(self):
        self.assertIn("did you mean 'status'", self.hortctl("statsu", expect=2))
        self.assertIn("usage: hortctl block CHILD SITE|SERVICE|CATEGORY", self.hortctl("block", "mia", expect=2))
        self.assertIn("did you mean 'gambling'", self.hortctl("block", "mia", "gamblin", expect=2))
        self.assertIn("whole number from 0 to 120", self.hortctl("child", "add", "x", "--age", "abc", expect=2))
        self.assertIn("no such option", self.hortctl("status", "--colour", "x", expect=2))
        self.assertIn("one word too many", self.hortctl("status", "now", expect=2))

    def test_refusals_change_nothing_and_exit_with_1(self):
        self.assertIn("there is no child called leo", self.hortctl("block", "leo", "a.test", expect=1))
        self.assertIn("no account", self.hortctl("child", "add", "leo", "--account", "no-such-account", expect=1))
        self.assertIn("not an address", self.hortctl("child", "add", "leo", "--device", "1.2.3.4.5", expect=1))
        self.assertEqual(self.ask("child", "list")["children"], [])
        self.hortctl("child", "add", "leo", "--device", "10.0.0.1")
        self.assertIn("exists already", self.hortctl("child", "add", "LEO", expect=1))
        self.assertIn("belongs to leo already", self.hortctl("child", "add", "ann", "--device", "10.0.0.1", expect=1))
        self.assertEqual([c["name"] for c in self.ask("child", "list")["children"]], ["leo"])
        self.assertIn("no own rule", self.hortctl("unset", "leo", "a.test", expect=1))

    def test_a_daemon_that_is_not_there_exits_with_3(self):
        done = run(BIN + "/hortctl", "--data", self.folder + "/nowhere", "status")
        self.assertEqual(done.returncode, 3)
        self.assertIn("not reachable", done.stderr)

    def test_every_change_is_in_the_log_with_its_actor(self):
        self.hortctl("child", "add", "leo")
        self.hortctl("block", "leo", "a.test")
        changes = self.ask("log")["changes"]
        self.assertEqual([(c["action"], c["detail"]) for c in changes], [("block", "leo a.test"), ("child add", "leo tier 7-11")])
        self.assertEqual(changes[0]["actor"], run("id", "-un").stdout.strip())

    def test_lines_that_are_no_request_get_their_protocol_error(self):
        self.assertEqual(self.code(b"nonsense"), -32700)
        self.assertEqual(self.code(b"\xff\xfe\x00"), -32700)
        self.assertEqual(self.code(b"[" * 5000), -32700)
        self.assertEqual(self.code(b"[]"), -32600)
        self.assertEqual(self.code(b'{"jsonrpc":"1.0","id":1,"method":"status"}'), -32600)
        self.assertEqual(self.code(b'{"jsonrpc":"2.0","id":{},"method":"status"}'), -32600)
        self.assertEqual(self.code(b'{"jsonrpc":"2.0","id":1,"method":"nothing"}'), -32601)
        self.assertEqual(self.code(b'{"jsonrpc":"2.0","id":1,"method":"block","params":[1]}'), -32602)
        self.assertEqual(self.code(b'{"jsonrpc":"2.0","id":1,"method":"block","params":{"child":"a","subject":"b.c","x":1}}'), -32602)
        self.assertEqual(self.code(b"x" * 70000), -32600)
        self.assertIsNone(self.raw(b'{"jsonrpc":"2.0","id":1', shutdown=True))
        self.assertEqual(self.raw(b'\n\r\n{"jsonrpc":"2.0","id":"a","method":"version"}\n')["id"], "a")

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.settimeout(30)
        s.connect(self.data + "/control.sock")
        return s

    def test_who_never_reads_or_never_ends_a_line_blocks_nobody(self):
        deaf = self.connect()
        deaf.setblocking(False)
        request = b'{"jsonrpc":"2.0","id":1,"method":"lists"}\n' * 200
        try:
            for _ in range(200):
                deaf.send(request)
        except BlockingIOError:
            pass
        halves = [self.connect() for _ in range(150)]
        for i, s in enumerate(halves):
            s.sendall((b'{"jsonrpc":"2.0"', b"\xff\xfe\x80", b"[" * 3000, b"x" * 70000)[i % 4])
        for i, s in enumerate(halves):
            if i % 4 == 3:
                self.assertIn(b"-32600", s.recv(4096))
        self.assertIn("hortd", self.hortctl("status"))
        for i, s in enumerate(halves):
            if i % 4 != 3:
                s.sendall(b"\n")
                self.assertIn(b'"code":-32', s.recv(4096))

    def test_guardians_who_change_the_same_thing_at_once_are_all_told(self):
        self.hortctl("child", "add", "leo")
        clients = [self.connect() for _ in range(40)]
        for i, s in enumerate(clients):
            s.sendall(json.dumps({"jsonrpc": "2.0", "id": i, "method": "child.add" if i % 2 else "block",
                                  "params": {"name": "ann"} if i % 2 else {"child": "leo", "subject": "a.test"}}).encode() + b"\n")
        answers = [json.loads(s.makefile().readline()) for s in clients]
        self.assertEqual([a["id"] for a in answers], list(range(40)))
        self.assertEqual(sum("result" in a for a in answers), 20 + 1, "one of twenty adds ann, the others are told")
        self.assertTrue(all("exists already" in a["error"]["message"] for a in answers if "error" in a))

    @unittest.skipUnless(os.getuid() == 0, "acting as another account needs root")
    def test_a_child_cannot_keep_the_guardians_out(self):
        os.chmod(self.folder, 0o755)
        os.chmod(self.data, 0o755)
        script = (f"import socket,sys\nc=[]\nfor i in range(300):\n s=socket.socket(socket.AF_UNIX)\n"
                  f" s.connect({self.data + '/control.sock'!r})\n c.append(s)\nprint('there', flush=True)\nsys.stdin.read()")
        child = subprocess.Popen(["/usr/bin/python3", "-c", script], user="nobody", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout.readline(), "there\n")
        self.assertIn("hortd", self.hortctl("status"))
        child.communicate("")

    @unittest.skipUnless(os.getuid() == 0, "acting as another account needs root")
    def test_the_pin_lifts_one_command_and_wrong_ones_have_to_wait(self):
        os.chmod(self.folder, 0o755)
        os.chmod(self.data, 0o755)
        nobody = dict(user="nobody")
        self.hortctl("child", "add", "leo", "--age", "9", "--account", "nobody")
        self.assertIn("no PIN is set", self.hortctl("--pin=123456", "allow", "leo", "casino.test", expect=1, **nobody))
        self.assertIn("4 to 32", self.hortctl("pin", "set", "123", expect=1))
        self.assertIn("is set", self.hortctl("pin", "set", stdin="123456\n123456\n"))
        self.assertIn("--pin asks for", self.hortctl("allow", "leo", "casino.test", expect=1, **nobody))
        self.assertIn("is allowed", self.hortctl("--pin", "allow", "leo", "casino.test", stdin="123456\n", **nobody))
        self.assertIn("only a guardian", self.hortctl("block", "leo", "casino.test", expect=1, **nobody))
        self.assertEqual(self.ask("audit")["changes"][0]["actor"], "nobody with the PIN")
        for _ in range(5):
            self.assertIn("that is not the PIN", self.hortctl("--pin=999999", "block", "leo", "a.test", expect=1, **nobody))
        self.assertIn("the next try is possible in", self.hortctl("--pin=123456", "block", "leo", "a.test", expect=1, **nobody))
        self.stop_hortd(9)
        self.start_hortd()
        self.assertIn("the next try is possible in", self.hortctl("--pin=123456", "block", "leo", "a.test", expect=1, **nobody))
        self.assertIn("wrong PIN", self.hortctl("audit"))
        self.assertIn("is blocked", self.hortctl("block", "leo", "a.test"), msg="guardians need no PIN")
        self.assertNotIn("123456", self.hortctl("export"))

    def test_two_hundred_clients_at_once_are_served(self):
        clients = []
        for _ in range(199):
            s = socket.socket(socket.AF_UNIX)
            s.connect(self.data + "/control.sock")
            clients.append(s)
        self.hortctl("status")
        for s in clients:
            s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"version"}\n')
        for s in clients:
            self.assertIn(b"version", s.recv(4096))
            s.close()

    @unittest.skipUnless(os.getuid() == 0, "roles of other accounts need root")
    def test_others_may_not_change_and_a_child_sees_itself_only(self):
        os.chmod(self.folder, 0o755)
        os.chmod(self.data, 0o755)
        nobody = dict(user="nobody")
        self.hortctl("child", "add", "ann")
        self.assertIn("hortd", self.hortctl("version", **nobody))
        self.assertIn("only a guardian", self.hortctl("status", expect=1, **nobody))
        self.hortctl("child", "add", "leo", "--account", "nobody")
        self.assertIn("only a guardian", self.hortctl("allow", "leo", "casino.test", expect=1, **nobody))
        self.assertIn("is blocked for leo", self.hortctl("explain", "leo", "casino.test", **nobody))
        self.assertIn("about itself only", self.hortctl("explain", "ann", "casino.test", expect=1, **nobody))
        status = self.hortctl("status", **nobody)
        self.assertIn("leo", status)
        self.assertNotIn("ann", status)

    def test_after_its_work_no_timer_is_armed(self):
        self.address("www.good.test")
        self.curl(self.web_url("www.good.test"))
        self.ask("status")
        folder = f"/proc/{self.hortd.pid}/fd/"

        def target(number):
            try:
                return os.readlink(folder + number)
            except FileNotFoundError:  # the connection of the last command was just closed
                return None
        timers = [n for n in os.listdir(folder) if target(n) == "anon_inode:[timerfd]"]

        def info(timer):
            with open(f"/proc/{self.hortd.pid}/fdinfo/{timer}") as f:
                return f.read()
        # The other one fires when somebody sets the wall clock.
        timers = [t for t in timers if "clockid: 1\n" in info(t)]
        self.assertEqual(len(timers), 1)

        def is_disarmed():
            return "it_value: (0, 0)" in info(timers[0])
        wait_until("the timer to be disarmed", is_disarmed)


if __name__ == "__main__":
    unittest.main()
