"""Clients that take their time, and many at once: sockets that a test reads and writes byte by byte."""
import base64
import json
import selectors
import socket
import struct

from lib import API, PATIENCE, check

SMALL = 4096            # bytes of a socket's buffer: its reader is felt soon
BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6       # types of FastCGI's records


def basic(g):
    return "Basic " + base64.b64encode(f"{g.user}:{g.password}".encode()).decode()


class Slow:
    """One request over HTTP. PATH is below the API's base. It reads and sends nothing by itself."""

    def __init__(self, g, method, path, accept="application/json", body=None, sent=None, authorization=None):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", g.port))
        raw = json.dumps(body).encode() if body is not None else b""
        self.left = raw[sent:] if sent is not None else b""
        lines = [f"{method} {API}{path} HTTP/1.1", "Host: localhost",
                 f"Authorization: {authorization or basic(g)}",
                 f"Accept: {accept}", "Connection: close"]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(raw)}"]
        self.socket.sendall("\r\n".join(lines + ["", ""]).encode() + raw[:len(raw) - len(self.left)])
        self.answer = self.socket.makefile("rb")

    def finish_body(self):
        self.socket.sendall(self.left)

    def head(self):
        """The status; what follows is the body."""
        status = int(self.answer.readline().split()[1])
        self.chunked = False
        while (line := self.answer.readline().strip()):
            self.chunked |= line.lower() == b"transfer-encoding: chunked"
        return status

    def pieces(self):
        """The body as it comes."""
        while self.chunked:
            size = int(self.answer.readline() or b"0", 16)
            piece = self.answer.read(size)
            self.answer.readline()
            if size == 0:
                return
            yield piece
        while not self.chunked and (piece := self.answer.read1(65536)):
            yield piece

    def body(self):
        return b"".join(self.pieces())

    def events(self):
        """The server-sent events as they come: (name, data)."""
        text = b""
        for piece in self.pieces():
            *whole, text = (text + piece).split(b"\n\n")
            for event in whole:
                fields = dict(line.split(b": ", 1) for line in event.split(b"\n"))
                if b"event" in fields:
                    yield fields[b"event"].decode(), json.loads(fields[b"data"])

    def close(self):
        self.answer.close()
        self.socket.close()


def record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(name, value):
    name, value = name.encode(), value.encode()
    return b"".join(struct.pack(">B", len(x)) if len(x) < 128 else struct.pack(">I", len(x) | 1 << 31)
                    for x in (name, value)) + name + value


def request(g, path, query="", accept="text/event-stream"):
    """A GET as a web server sends it."""
    params = {"REQUEST_METHOD": "GET", "PATH_INFO": API + path, "QUERY_STRING": query, "HTTP_ACCEPT": accept,
              "HTTP_AUTHORIZATION": basic(g), "REMOTE_ADDR": "127.0.0.1"}
    return (record(BEGIN, struct.pack(">HB5x", 1, 0)) +
            record(PARAMS, b"".join(pair(*p) for p in params.items())) + record(PARAMS, b"") + record(STDIN, b""))


class Followers:
    """Many requests at once, straight to the responder, all read by this one thread."""

    def __init__(self, g, number, path, query=""):
        self.texts, self.ended, self.rest = [b""] * number, [False] * number, [b""] * number
        self.selector, self.sockets = selectors.DefaultSelector(), []
        for i in range(number):
            s = socket.socket(socket.AF_UNIX)
            s.connect(g.socket_path)        # waits while too many wait for the responder to accept
            s.sendall(request(g, path, query))
            s.setblocking(False)
            self.selector.register(s, selectors.EVENT_READ, i)
            self.sockets.append(s)

    def take(self, i, data):
        data = self.rest[i] + data
        while len(data) >= 8:
            _, kind, _, length, padding = struct.unpack(">BBHHBx", data[:8])
            if len(data) < 8 + length + padding:
                break
            if kind == STDOUT:
                self.texts[i] += data[8:8 + length]
            self.ended[i] |= kind == END
            data = data[8 + length + padding:]
        self.rest[i] = data

    def read(self, what, holds):
        """Reads until HOLDS(i) is true of each."""
        left = {i for i in range(len(self.sockets)) if not holds(i)}
        while left:
            ready = self.selector.select(PATIENCE)
            check(ready, f"{len(left)} followers wait in vain for {what}:", self.texts[min(left)][-400:])
            for key, _ in ready:
                data = key.fileobj.recv(1 << 20)
                self.take(key.data, data)
                if not data:
                    self.selector.unregister(key.fileobj)
                if holds(key.data):
                    left.discard(key.data)
                else:
                    check(data, "the responder closed the connection:", self.texts[key.data][-400:])

    def close(self):
        self.selector.close()
        for s in self.sockets:
            s.close()
