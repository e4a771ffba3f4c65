#!/usr/bin/env python3
"""What somebody who chats notices while others do their worst, and what it costs the server.

    tests/overload/overload.py [BINARY [CASE …]] [--small]

Each case has a fresh server. Somebody sends a message every 20 milliseconds, each tenth over a new
connection, from a process of its own: at first alone, then while the case goes on. Prints the latency of that, the resident
memory of the server before and at its peak, and what became of the others. Latencies are for people to
read: shared machines are noisy. What fails is a message that is not taken, an answer that is none of
those that the case may get, and memory that is not bounded. `--small` is quick enough for every change.
"""

import asyncio
import collections
import json
import multiprocessing
import pathlib
import resource
import socket
import sys
import time
import http.client

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("formats", "clients")]

import support
from fresh_server import ADMIN, PASSWORD, server

SMALL = "--small" in sys.argv
sys.argv = [argument for argument in sys.argv if argument != "--small"]
ALONE = 2 if SMALL else 5
LONG = 5 if SMALL else 40


class Client:
    """One kept connection, opened anew when it was closed."""

    def __init__(self, address, headers=None):
        self.address, self.headers, self.reopened = address, {"content-type": "application/json", **(headers or {})}, 0
        self.connection = http.client.HTTPConnection(address, timeout=60)

    def call(self, method, path, body=None, kind=None):
        headers = {**self.headers, **({"content-type": kind} if kind else {})}
        payload = body if isinstance(body, bytes | None) else json.dumps(body)
        try:
            self.connection.request(method, path, payload, headers)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection.close()
            self.reopened += 1
            self.connection.request(method, path, payload, headers)
            answer = self.connection.getresponse()
        return answer.status, answer.read()

    def post(self, endpoint, **body):
        status, said = self.call("POST", f"/api/v1/{endpoint}", body)
        if status != 200:
            sys.exit(f"{endpoint}: {status} {said[:300]}")
        return json.loads(said)


def log_in(address, user, password):
    data = Client(address).post("login", user=user, password=password)["data"]
    return {"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]}


def chat(address, headers, over, told):
    """Sends a message every 20 milliseconds. Tells when, for how long, and how each was answered."""
    client, sent = Client(address, headers), []
    while not over.is_set():
        if len(sent) % 10 == 9:
            client.connection.close()
        began = time.monotonic()
        try:
            status, _ = client.call("POST", "/api/v1/chat.sendMessage", {"message": {"rid": "GENERAL", "msg": "hello"}})
        except (OSError, http.client.HTTPException) as error:
            status = type(error).__name__
            client.connection.close()
        sent.append((began, time.monotonic() - began, status))
        time.sleep(0.02)
    told.put((sent, client.reopened))


def memory(pid, field):
    status = pathlib.Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.split(f"{field}:")[1].split()[0]) // 1024


def children():
    tasks = pathlib.Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text("utf-8").split()}


class Crowd:
    """Many clients of many addresses, and how they ended."""

    def __init__(self, address, headers):
        host, port = address.split(":")
        self.host, self.port, self.headers, self.ends = host, int(port), headers, collections.Counter()
        self.end = time.monotonic() + LONG

    async def connect(self, number, each=200, buffer=None):
        """A connection from one of as many addresses as that takes."""
        plain = socket.socket()
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.setblocking(False)
        plain.bind((f"127.0.{1 + number // each // 200}.{1 + number // each % 200}", 0))
        await asyncio.get_running_loop().sock_connect(plain, (self.host, self.port))
        return await asyncio.open_connection(sock=plain, limit=4096)

    def request(self, method, path, body=b"", more=""):
        fields = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{head}{fields}{more}\r\n".encode() + body

    def goes_on(self):
        return time.monotonic() < self.end

    async def all(self, count, client):
        """Runs so many clients; each answers how it ended."""

        async def one(number):
            try:
                self.ends[await asyncio.wait_for(client(number), LONG + 90)] += 1
            except (OSError, asyncio.IncompleteReadError) as error:
                self.ends[f"closed ({type(error).__name__})"] += 1
            except TimeoutError:
                self.ends["stuck"] += 1

        await asyncio.gather(*(one(number) for number in range(count)))


async def status(reader):
    line = await reader.readline()
    return int(line.split()[1]) if line else "closed"


async def whole(reader):
    """The status, once all of the answer was read."""
    found = await status(reader)
    while await reader.read(65536):
        pass
    return found


async def slow_readers(crowd):
    """They ask for long lists and large files, and read 100 bytes a second."""
    paths = ["/api/v1/channels.messages?roomId=LONG&count=100", "/file-upload/FILE/large.bin"]

    async def client(number):
        reader, writer = await crowd.connect(number, buffer=4096)
        writer.write(crowd.request("GET", paths[number % 2]))
        found = await status(reader)
        while crowd.goes_on():
            if not await reader.read(100):
                return f"{found}, cut off"
            await asyncio.sleep(1)
        writer.transport.abort()
        return f"{found}, reading still"

    await crowd.all(100 if SMALL else 2000, client)


async def slow_writers(crowd):
    """Heads and bodies byte by byte, ten a second."""

    async def client(number):
        reader, writer = await crowd.connect(number)
        writer.write([b"GET /health HTTP/1.1\r\nX: ", crowd.request("POST", "/api/v1/login", b" " * 1000)[:-900]][number % 2])
        answer = asyncio.ensure_future(status(reader))
        while crowd.goes_on() and not answer.done():
            writer.write(b" ")
            await asyncio.sleep(0.1)
        if not answer.done():
            writer.transport.abort()
            answer.cancel()
            return "writing still"
        return await answer

    await crowd.all(300 if SMALL else 3000, client)


async def idle(crowd):
    """Connections that ask for nothing."""

    async def client(number):
        await asyncio.sleep(number / 2000)
        reader, writer = await crowd.connect(number)
        try:
            left = max(crowd.end - time.monotonic(), 1)
            await asyncio.wait_for(reader.read(1), left)
            return "closed"
        except TimeoutError:
            writer.transport.abort()
            return "open still"

    await crowd.all(3000 if SMALL else 10_000, client)


async def heads(crowd):
    """Heads of 10 MB, of 10,000 fields, request lines of 10 MB."""
    mega = b"x" * (10 << 20)
    requests = [
        b"GET /health HTTP/1.1\r\nX: " + mega + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + b"X: x\r\n" * 10_000 + b"\r\n",
        b"GET /" + mega + b" HTTP/1.1\r\n\r\n",
    ]

    async def client(number):
        reader, writer = await crowd.connect(number)
        writer.write(requests[number % 3])
        found = await status(reader)
        writer.transport.abort()
        return found

    await crowd.all(60 if SMALL else 600, client)


async def logins(crowd):
    """Logins all at once, every other one with a wrong password."""

    async def client(number):
        reader, writer = await crowd.connect(number, each=20)
        password = "crowd-password" if number % 2 else "wrong"
        body = json.dumps({"user": "crowd", "password": password}).encode()
        writer.write(crowd.request("POST", "/api/v1/login", body, "Connection: close\r\n"))
        return await whole(reader)

    await crowd.all(200 if SMALL else 1000, client)


async def lists(crowd):
    """Long lists, all at once, again and again."""

    async def client(number):
        while True:
            reader, writer = await crowd.connect(number, each=20)
            writer.write(crowd.request("GET", "/api/v1/channels.messages?roomId=LONG&count=100", more="Connection: close\r\n"))
            found = await whole(reader)
            writer.transport.abort()
            if not crowd.goes_on():
                return found
            crowd.ends[found] += 1
            await asyncio.sleep(0.5 if found == 200 else 2)

    await crowd.all(200 if SMALL else 1000, client)


# What the others may get, and how many MB more the server may need.
CASES = {
    "slow-readers": (slow_readers, {"200, cut off", "200, reading still", "503, cut off"}, 450),
    "slow-writers": (slow_writers, {"closed", 400, 408, "writing still"}, 150),
    "idle": (idle, {"closed", "open still"}, 100),
    "heads": (heads, {414, 431}, 150),
    "logins": (logins, {200, 401, 429, 503}, 150),
    "lists": (lists, {200, 503}, 450),
}


def furnish(address, admin):
    """A room of long messages, a large file, and somebody for the crowd. Answers the credentials and names."""
    client = Client(address, admin)
    client.post("users.create", username="crowd", name="Crowd", email="crowd@example.org", password="crowd-password")
    room = client.post("channels.create", name="long", members=["crowd"])["channel"]["_id"]
    for _ in range(100):
        client.post("chat.sendMessage", message={"rid": room, "msg": "long and longer " * 300})
    form = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n' + bytes(50 << 20) + b"\r\n--limit--\r\n"
    status, said = client.call("POST", f"/api/v1/rooms.media/{room}", form, "multipart/form-data; boundary=limit")
    if status != 200:
        sys.exit(f"rooms.media: {status} {said[:300]}")
    file = json.loads(said)["file"]["_id"]
    client.post(f"rooms.mediaConfirm/{room}/{file}")
    headers = log_in(address, "crowd", "crowd-password")
    headers["Cookie"] = f"rc_uid={headers['X-User-Id']}; rc_token={headers['X-Auth-Token']}"
    return headers, {"LONG": room, "FILE": file}


def percentiles(sent):
    times = sorted(seconds for _, seconds, _ in sent) or [0]
    return [times[min(len(times) - 1, int(len(times) * part))] * 1000 for part in (0.5, 0.99, 1)]


def measure(program, name):
    attack, allowed, most = CASES[name]
    before = children()
    with server(program, OVERWRITE_SETTING_Message_MaxAllowedSize="10000") as url:
        [pid] = children() - before
        address = url.removeprefix("http://")
        admin = log_in(address, ADMIN, PASSWORD)
        headers, names = furnish(address, admin)
        over, told = multiprocessing.Event(), multiprocessing.Queue()
        chatting = multiprocessing.Process(target=chat, args=(address, admin, over, told))
        chatting.start()
        time.sleep(ALONE)
        resident = memory(pid, "VmRSS")
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
        began = time.monotonic()
        crowd = Crowd(address, headers)
        request = crowd.request
        crowd.request = lambda method, path, *rest, **more: request(
            method, path.replace("LONG", names["LONG"]).replace("FILE", names["FILE"]), *rest, **more)
        asyncio.run(attack(crowd))
        ended = time.monotonic()
        peak = memory(pid, "VmHWM")
        files = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
        over.set()
        sent, reopened = told.get(timeout=120)
        chatting.join()
        alone = [one for one in sent if one[0] < began]
        during = [one for one in sent if began <= one[0] < ended]
        print(f"{name}: {attack.__doc__}")
        for what, some in (("alone", alone), ("during", during)):
            median, p99, longest = percentiles(some)
            print(f"  {what:7} {len(some):5} messages   median {median:7.1f} ms   p99 {p99:7.1f} ms   longest {longest:7.1f} ms")
        print(f"  memory  {resident} MB before, {peak} MB at most; {files} files open at the end; the one who chats was disconnected {reopened} times")
        print(f"  others  {dict(crowd.ends.most_common())} in {ended - began:.0f} s", flush=True)
    failures = [f"{name}: a message was answered with {status}" for _, _, status in sent if status != 200]
    failures += [f"{name}: {count} ended with {end}" for end, count in crowd.ends.items()
                 if end not in allowed and not str(end).startswith("closed (")]
    if peak - resident > most:
        failures.append(f"{name}: the server needed {peak - resident} MB more; {most} are enough")
    return failures


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    program = support.roomscribe()
    chosen = sys.argv[2:] or list(CASES)
    if unknown := set(chosen) - set(CASES):
        sys.exit(f"no such case: {', '.join(unknown)}; there are {', '.join(CASES)}")
    support.report([failure for name in chosen for failure in measure(program, name)])


if __name__ == "__main__":
    main()
