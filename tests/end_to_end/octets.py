"""Tables of octets, one row a case: \\xHH, \\r, \\n and \\t as in C, {unit}*N; for repeats, {GZIP} for a small file that
unpacks to 64 MiB."""
import os
import re
import zlib

NAMES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}


def unescaped(text):
    def one(match):
        if match[1]:
            return bytes([int(match[1], 16)])
        return NAMES[match[2].decode()]

    return re.sub(rb"\\x([0-9a-fA-F]{2})|\\([rnt\\])", one, text.encode())


def zipped_zeros():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()


def octets(text):
    if "{GZIP}" in text:
        before, after = text.split("{GZIP}")
        return octets(before) + zipped_zeros() + octets(after)
    out = b""
    at = 0
    for match in re.finditer(r"\{([^{}]+)\}\*(\d+);", text):
        out += unescaped(text[at:match.start()]) + unescaped(match[1]) * int(match[2])
        at = match.end()
    return out + unescaped(text[at:])


def table(name):
    """The rows of a table in data/, each a dictionary by the names in its first line."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", name)) as f:
        lines = [line.rstrip("\n").split("\t") for line in f]
    return [dict(zip(lines[0], line)) for line in lines[1:]]
