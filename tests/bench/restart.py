#!/usr/bin/env python3
"""How long a start takes after a crash, with many messages.

usage: tests/bench/restart.py MESSAGES.ndjson [--binary target/release/roomscribe] [--rounds 5]

MESSAGES.ndjson: REST message objects of one room, one a line, in time order. Imports them, and then in
each round starts the server, lets four clients send for a second, and kills it with SIGKILL. Prints the
medians and the worst of the time from the start of the process to "ready", and of the peak of its resident
memory until then: for a start after a clean stop, and for those after a kill.
"""
import argparse, collections, http.client, json, os, signal, statistics, subprocess, tempfile, threading, time

PASSWORD = "restart-password"
CLIENTS = 4


class Server:
    """A server on the data directory `data`, ready."""

    def __init__(self, binary):
        began = time.monotonic()
        environment = {**os.environ, "ADMIN_PASS": PASSWORD, "RUST_LOG": "info"}
        self.process = subprocess.Popen([binary, "serve", "--listen", "127.0.0.1:0", "--data", "data"],
                                        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stderr:
            if "ready address=" in line:
                break
            said.append(line)
        else:
            raise SystemExit("the server did not become ready:\n" + "".join(said))
        self.seconds = time.monotonic() - began
        self.address = line.split("ready address=")[1].split()[0]
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            peak = next(line for line in status if line.startswith("VmHWM"))
        self.mebibytes = int(peak.split()[1]) / 1024
        # Somebody must read what it says, or it stops at a full pipe.
        threading.Thread(target=collections.deque, args=[self.process.stderr, 0], daemon=True).start()

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(timeout=60)


def post(connection, endpoint, body, headers=None):
    headers = {"Content-Type": "application/json", **(headers or {})}
    connection.request("POST", f"/api/v1/{endpoint}", json.dumps(body), headers)
    return json.loads(connection.getresponse().read())


def send_for_a_second(server):
    """Answers how many messages were acknowledged."""
    connection = http.client.HTTPConnection(server.address, timeout=60)
    data = post(connection, "login", {"user": "admin", "password": PASSWORD})["data"]
    headers = {"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]}
    until, counts = time.monotonic() + 1, [0] * CLIENTS

    def send(number):
        own = http.client.HTTPConnection(server.address, timeout=60)
        while time.monotonic() < until:
            reply = post(own, "chat.sendMessage", {"message": {"rid": "GENERAL", "msg": "one more"}}, headers)
            counts[number] += reply["success"]

    threads = [threading.Thread(target=send, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def show(name, starts):
    seconds, mebibytes = zip(*((server.seconds, server.mebibytes) for server in starts))
    print(f"{name:<20}{statistics.median(seconds):>10.2f}{max(seconds):>10.2f}"
          f"{statistics.median(mebibytes):>10.0f}{max(mebibytes):>10.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages")
    parser.add_argument("--binary", default="target/release/roomscribe")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    binary, messages = os.path.abspath(arguments.binary), os.path.abspath(arguments.messages)
    with open(messages, encoding="utf-8") as lines:
        count = sum(1 for _ in lines)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as place:
        os.chdir(place)
        subprocess.run([binary, "--data", "data", "import", messages], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=3600)
        first = Server(binary)
        first.end(signal.SIGTERM)
        clean, killed, sent = [], [], []
        for _ in range(arguments.rounds):
            server = Server(binary)
            clean.append(server)
            sent.append(send_for_a_second(server))
            server.end(signal.SIGKILL)
            server = Server(binary)
            killed.append(server)
            server.end(signal.SIGTERM)
        subprocess.run([binary, "--data", "data", "check"], check=True, stdout=subprocess.DEVNULL, timeout=3600)
        os.chdir("/")
    print(f"{count:,} messages imported, {statistics.median(sent):,.0f} sent before each kill; check finds nothing wrong")
    print(f"{'start after':<20}{'median s':>10}{'worst s':>10}{'peak MiB':>10}{'worst':>10}")
    show("the import", [first])
    show("a clean stop", clean)
    show("a kill", killed)


main()
