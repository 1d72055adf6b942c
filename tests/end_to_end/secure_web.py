"""nginx with TLS and HTTP/2 beside the plain one, for the same hosts and files, and a certificate that only the test's authority vouches for."""
import os
import pwd
import shutil
import tempfile

from household import Household, free_port
from upstreams import Certificates

ACCOUNT = pwd.getpwuid(os.getuid()).pw_name


class SecureWeb(Household):
    secure = None  # the port, where it matters which

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="hort-certificates-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.certificates = Certificates(folder)
        cls.certificates.issue("web", "DNS:www.good.test,DNS:www.casino.test")

    def configure(self, **more):
        self.secure = self.secure or free_port()
        super().configure(**({"connect_ports": [self.web, self.secure]} | more))

    def more_of_nginx(self):
        return f"""    listen {self.web_address}:{self.secure} ssl http2;
    ssl_certificate {self.certificates.folder}/web.pem;
    ssl_certificate_key {self.certificates.folder}/web.key;
"""

    def urls(self, path="/", host="www.good.test"):
        return f"http://{host}:{self.web}{path}", f"https://{host}:{self.secure}{path}"

    def serve(self, name, octets):
        """Puts a file on the web server and says where it lies."""
        path = f"{self.folder}/www/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(octets)
        return path

    def seen(self):
        with open(self.folder + "/nginx.seen") as f:
            return f.read()

    def as_each_person(self):
        """The test as nobody known, as a child and as a grown-up, into whose tunnels nobody looks."""
        yield "nobody known"
        for name, age in (("mia", 9), ("parent", 40)):
            self.hortctl("child", "add", name, "--age", age, "--account", ACCOUNT)
            yield name
            self.hortctl("child", "remove", name)
