"""Logins while the time is up: the real module in the real libpam, and in the real su with its own /etc/pam.d."""
import ctypes
import os
import signal
import subprocess
import unittest

from household import BIN, Household, run, stop

MODULE = BIN + "/pam_hort.so"
DENIED = 6  # PAM_PERM_DENIED


FAKE = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + "/s")
s.listen()
print("on", flush=True)
c, _ = s.accept()
c.recv(4096)
try:
    c.sendall(open(sys.argv[1] + "/answer", "rb").read())
except OSError:
    pass
"""


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)), ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("call", CONVERSE), ("data", ctypes.c_void_p)]


@unittest.skipUnless(os.getuid() == 0, "it needs root: the daemon must tell accounts apart")
class Pam(Household):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.hortctl("child", "add", "mia", "--age", "9", "--account", "nobody")
        self.pam = ctypes.CDLL("libpam.so.0")
        self.libc = ctypes.CDLL(None)
        self.libc.calloc.restype = ctypes.c_void_p

    def stack(self, more="timeout=30000", last="account required pam_permit.so"):
        os.makedirs(self.folder + "/pam.d", exist_ok=True)
        with open(self.folder + "/pam.d/hort", "w") as f:
            f.write(f"account requisite {MODULE} socket={self.data}/control.sock {more}\n{last}\n")

    def log_in(self, account):
        """What libpam answers, and what the person is told."""
        said = []

        def converse(count, messages, responses, _):
            said.extend(messages[i].contents.text.decode() for i in range(count))
            responses[0] = ctypes.cast(self.libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
            return 0

        conversation = Conversation(CONVERSE(converse), None)
        handle = ctypes.c_void_p()
        self.assertEqual(self.pam.pam_start_confdir(b"hort", account.encode(), ctypes.byref(conversation), (self.folder + "/pam.d").encode(), ctypes.byref(handle)), 0)
        result = self.pam.pam_acct_mgmt(handle, 0)
        self.pam.pam_end(handle, result)
        return result, " ".join(said)

    def test_a_child_does_not_log_in_while_its_time_is_up_and_is_told_why(self):
        self.stack()
        self.assertEqual(self.log_in("nobody"), (0, ""))
        self.hortctl("pause", "mia", "--for", "1h")
        result, said = self.log_in("nobody")
        self.assertEqual(result, DENIED)
        self.assertRegex(said, r"^mia may not use the computer: everything is paused\. Until .*\d\d:\d\d\.$")
        self.assertEqual(self.log_in("daemon"), (0, ""), "nobody's child")
        self.assertEqual(self.log_in("root"), (0, ""))
        self.hortctl("resume", "mia")
        self.assertEqual(self.log_in("nobody"), (0, ""))

    def test_outside_the_hours_too_and_a_bonus_opens(self):
        self.stack()
        self.hortctl("hours", "set", "mia", "daily", "none")
        self.assertEqual(self.log_in("nobody")[0], DENIED)
        self.hortctl("bonus", "mia", "20m")
        self.assertEqual(self.log_in("nobody")[0], 0)

    def test_root_is_never_asked_about_whatever_anybody_wrote(self):
        self.stack(last="")
        self.hortctl("child", "add", "wrong", "--age", "9", "--account", "root")
        self.hortctl("pause", "wrong")
        self.assertNotEqual(self.log_in("root")[0], 0, "the module has no opinion, and nothing else stands there")
        self.stack()
        self.assertEqual(self.log_in("root")[0], 0)

    def test_without_an_answer_who_is_not_named_logs_in(self):
        self.hortctl("pause", "mia")
        self.stack("offline_deny=nobody,games")
        for number in (signal.SIGSTOP, signal.SIGKILL):  # it says nothing; it is gone
            if number == signal.SIGSTOP:
                stop(self.hortd.pid)
            else:
                self.stop_hortd(number)
            result, said = self.log_in("nobody")
            self.assertEqual(result, DENIED)
            self.assertIn("does not answer", said)
            self.assertEqual(self.log_in("daemon")[0], 0)
            self.assertEqual(self.log_in("root")[0], 0)
        self.stack("")
        self.assertEqual(self.log_in("nobody")[0], 0)

    def test_what_listens_there_may_say_what_it_likes(self):
        self.stop_hortd()
        os.makedirs(self.folder + "/fake")
        for answer in (b"", b"\n", b"{}\n", b'{"result": 5}\n', b'{"result": {"may": "no"}}\n', b'{"result": {"may": false, "text": 7}}\n', b"x" * 100000, b"[" * 9000 + b"\n"):
            with open(self.folder + "/fake/answer", "wb") as f:
                f.write(answer)
            server = subprocess.Popen(["/usr/bin/python3", "-c", FAKE, self.folder + "/fake"], stdout=subprocess.PIPE)
            server.stdout.readline()
            os.makedirs(self.folder + "/pam.d", exist_ok=True)
            with open(self.folder + "/pam.d/hort", "w") as f:
                f.write(f"account requisite {MODULE} socket={self.folder}/fake/s\naccount required pam_permit.so\n")
            self.assertEqual(self.log_in("nobody")[0], 0, answer[:30])
            server.wait()
            server.stdout.close()
            os.unlink(self.folder + "/fake/s")

    def test_su_with_its_own_configuration(self):
        script = f"""mount --bind {self.folder}/pam.d /etc/pam.d && exec su -s /bin/sh nobody -c 'echo in'"""
        run("cp", "-r", "/etc/pam.d", self.folder + "/", check=True)
        with open(self.folder + "/pam.d/su") as f:
            text = f.read()
        with open(self.folder + "/pam.d/su", "w") as f:
            f.write(f"account requisite {MODULE} socket={self.data}/control.sock timeout=30000\n" + text)
        log_in = lambda: run("unshare", "-m", "sh", "-c", script)
        self.assertEqual(log_in().stdout, "in\n")
        self.hortctl("pause", "mia")
        done = log_in()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("everything is paused", done.stdout + done.stderr)

    def test_a_child_asks_about_itself_only(self):
        ask = lambda account: run("setpriv", "--reuid=65534", "--clear-groups", BIN + "/hortctl", "--data", self.data, "login", account)
        self.assertEqual(ask("nobody").stdout, "nobody may log in.\n")
        self.assertIn("only a guardian", ask("daemon").stderr)


if __name__ == "__main__":
    unittest.main()
