"""What hortd does with damaged files and wrong options at its start."""
import glob
import os
import socket
import subprocess
import unittest

from household import BIN, Household, run


class Start(Household):
    def refused(self, code, *more):
        done = run(*self.hortd_command(), *more)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = [l for l in done.stderr.splitlines() if "lists" not in l.split("=")[0]]
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0]

    def test_a_service_manager_hears_when_it_is_ready_that_it_lives_and_when_it_ends(self):
        self.stop_hortd()
        path, heard = self.folder + "/notify", []
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(30)
            hortd = subprocess.Popen([*self.hortd_command(), "--control", self.folder + "/elsewhere.sock"], stderr=subprocess.DEVNULL,
                                     env=dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC="300000"))
            self.addCleanup(hortd.kill)
            while heard.count("WATCHDOG=1") < 3:
                heard.append(manager.recv(100).decode())
            self.assertEqual(heard[0], "READY=1")
            self.assertTrue(os.path.exists(self.folder + "/elsewhere.sock"))
            hortd.terminate()
            while heard[-1] != "STOPPING=1":
                heard.append(manager.recv(100).decode())
            self.assertEqual(hortd.wait(30), 0)

    def test_the_service_is_written_as_systemd_wants_it(self):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        done = run("systemd-analyze", "security", "--offline=true", "--threshold=45", root + "/packaging/hort.service")
        print(done.stdout[-200:])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_damaged_database_is_refused_with_one_line_and_kept(self):
        self.hortctl("child", "add", "mia")
        self.stop_hortd()
        path = self.data + "/hort.db"
        whole = open(path, "rb").read()
        for damaged in (b"this is no database" * 100, whole[:2000], whole[:100] + b"\xff" * (len(whole) - 100)):
            with open(path, "wb") as f:
                f.write(damaged)
            line = self.refused(1)
            self.assertIn("hort.db", line)
            self.assertIn("restore it from a backup", line)
            self.assertEqual(open(path, "rb").read(), damaged)

    def test_a_database_of_a_newer_hort_is_refused(self):
        self.stop_hortd()
        run("python3", "-c", f"import sqlite3; c=sqlite3.connect('{self.data}/hort.db'); c.execute('PRAGMA user_version=99'); c.close()", check=True)
        self.assertIn("version 99", self.refused(1))

    def test_a_damaged_image_is_refused_and_compiled_anew(self):
        self.stop_hortd()
        (image,) = glob.glob(self.data + "/rulesets/*.hort")
        good = open(image, "rb").read()
        for bad in (good[:-1], good[:200] + bytes([good[200] ^ 1]) + good[201:], b""):
            with open(image, "wb") as f:
                f.write(bad)
            self.start_hortd()
            self.assertEqual(self.address("casino.test"), "0.0.0.0")
            self.assertIn("refused", self.said())
            self.stop_hortd()
            self.assertEqual(open(image, "rb").read(), good)

    def test_a_good_image_is_used_again(self):
        self.stop_hortd()
        self.start_hortd()
        self.assertIn('image="kept"', self.said())
        self.assertEqual(self.ask("lists")["lists"][1]["accepted"], 1)

    def test_a_wrong_configuration_is_refused_with_its_place(self):
        self.stop_hortd()
        for text, what in (('{\n "dns": \n}', "hort.json:3:"), ('{"dsn": "127.0.0.1:1"}', "did you mean dns"), ('{"dns": "localhost"}', "not an address with a port"),
                           ("[1]", "not a JSON object"), ("\x00\xff", "not valid JSON")):
            with open(self.data + "/hort.json", "w", encoding="latin-1") as f:
                f.write(text)
            self.assertIn(what, self.refused(2))

    def test_a_configuration_with_comments_is_read(self):
        self.stop_hortd()
        with open(self.data + "/hort.json", "w") as f:
            f.write(f'// ours\n{{"dns": "127.0.0.1:{self.dns}", /* theirs */ "rate_limit": 100}}')
        self.start_hortd()
        self.assertEqual(self.address("casino.test"), "0.0.0.0")
        self.assertIn("gambling", self.hortctl("log"))

    def test_wrong_options_are_usage(self):
        self.assertIn("no such option", self.refused(2, "--nonsense"))
        self.assertIn("127.0.0.1:5300", self.refused(2, "--dns", "5300"))
        self.assertEqual(run(BIN + "/hortd").returncode, 2)
        self.assertIn("--upstream", run(BIN + "/hortd", "--help").stdout)

    def test_a_second_daemon_for_the_same_folder_or_port_is_refused(self):
        self.assertIn("127.0.0.1", self.refused(1))
        self.assertEqual(self.address("casino.test"), "0.0.0.0")

    def test_a_list_with_garbage_loads_its_good_lines(self):
        self.stop_hortd()
        with open(self.data + "/lists/gambling/garbage", "wb") as f:
            f.write(b"\xef\xbb\xbffirst.test\r\n\x00\x01\x02\n" + b"x" * (10 << 20) + b"\n\xff\xfe bad\nlast.test")
        os.makedirs(self.data + "/lists/gamblin")
        self.start_hortd()
        self.assertEqual(self.address("a.first.test"), "0.0.0.0")
        self.assertEqual(self.address("last.test"), "0.0.0.0")
        out = self.hortctl("lists")
        self.assertIn("gambling/garbage:2: the line holds a NUL octet", out)
        self.assertIn("gambling/garbage:3: the line is longer than 4096 octets", out)
        self.assertIn("gamblin: no such category, its lists are left out (did you mean 'gambling'?)", self.said())


if __name__ == "__main__":
    unittest.main()
