"""Rows on sending messages: beside a server that does nothing, beside Synapse, and while exports run."""

import contextlib
import json
import os
import subprocess
import time

import synapse
from measure import QUIET, Failed, Missing, cpu_seconds, in_turn, middle, note
from server import ADDRESSES, Client, Server

PATH = "/api/v1/chat.sendMessage"
TEXT = "Message {n}: the build is green again, please look at the last change before we go on with it"
MANY, FEW = 256, 32
MOST = 2_000_000
"""No run sends more than this, however fast the server is."""
PACE = 200
"""Messages a second while exports run: a lively server, far from its limit."""


class Room:
    """A channel that one user writes into."""

    def __init__(self, server, name="sends"):
        self.server, self.client = server, Client(server)
        self.rid = self.client.post("channels.create", name=name)["channel"]["_id"]
        self.sent = 0

    def body(self):
        return {"message": {"rid": self.rid, "msg": TEXT}}

    def load(self, bench, connections, **options):
        """Sends for some seconds. Adds the server's processor seconds as `server_cpu`."""
        headers = [f"{name}: {value}" for name, value in self.client.headers.items()]
        options = {"seconds": bench.seconds, "requests": 500 if bench.is_smoke else MOST} | options
        before = cpu_seconds(self.server.pid)
        told = bench.load(self.server.address, PATH, method="POST", connections=connections, header=headers,
                          body=json.dumps(self.body()), **options)
        self.sent += told["answered"]
        spent = cpu_seconds(self.server.pid) - before
        others = max(0, told["others"] - spent / told["seconds"] / os.cpu_count())
        return told | {"server_cpu": spent, "others": others}

    def check(self, bench):
        """Every message that was acknowledged is there."""
        found = self.client.get(f"channels.counters?roomId={self.rid}")["msgs"]
        bench.require(found == self.sent, f"{self.sent} messages were acknowledged, {found} are in the room")


@contextlib.contextmanager
def floor(bench, answer):
    """A bare warp handler that answers these bytes; its address and process id."""
    content = bench.place / "answer.json"
    content.write_bytes(answer)
    process = subprocess.Popen([str(bench.helper("floor")), str(content)], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.kill()
        process.wait()


def describe(bench, name, told):
    """What a line of the table leaves out."""
    rate, load = middle([each["rate"] for each in told]), middle([each["cpu"] / each["seconds"] for each in told])
    each = middle([each["server_cpu"] / each["answered"] * 1e6 for each in told])
    bench.explain(f"{name}: {rate:,.0f} requests/s, median {middle([each['median'] for each in told]):.1f} ms,"
                  f" p99 {middle([each['p99'] for each in told]):.1f} ms, {each:,.0f} CPU µs of the server each;"
                  f" the load generator took {load:.0%} of a core")
    return rate


def to_floor(bench):
    """Durable sends over 256 connections beside a warp handler that returns the same bytes."""
    with Server(bench.program, bench.fresh("sends")) as server:
        room = Room(server)
        answer = room.client.call("POST", "chat.sendMessage", room.body())
        room.sent += 1
        with floor(bench, answer) as (address, pid):
            def bare():
                before = cpu_seconds(pid)
                told = bench.load(address, PATH, method="POST", connections=MANY, seconds=bench.seconds,
                                  requests=500 if bench.is_smoke else MOST, body=json.dumps(room.body()))
                return told | {"server_cpu": cpu_seconds(pid) - before}

            tasks = {"roomscribe": lambda: room.load(bench, MANY), "a bare warp handler": bare}
            note(f"send: {bench.rounds} rounds of {bench.seconds} s each")
            told = in_turn(bench.rounds, tasks)
        room.check(bench)
    rates = [describe(bench, f"send, {MANY} connections, {name}", each) for name, each in told.items()]
    ratio = rates[0] / rates[1]
    bench.tell(f"durable chat.sendMessage, {MANY} connections, requests/s", f"{rates[0]:,.0f}",
               f"a bare warp handler, same bytes: {rates[1]:,.0f}", ratio, ">= 0.25x", ratio >= 0.25)
    spent = [middle([each["server_cpu"] / each["answered"] for each in told[name]]) * 1e6 for name in told]
    # The kernel counts in hundredths of a second: a smoke test may be over before the first one.
    bench.tell("the same, CPU µs of the server each", f"{spent[0]:,.0f}", f"{spent[1]:,.0f}", spent[0] / spent[1] if spent[1] else None)
    bench.explain(settings())


def settings():
    """How the server was set for rows of requests."""
    return ("rows of requests: config.toml as it is shipped but connections_per_address = 1024, for all clients have one"
            " address; the rate limiter is off (API_Enable_Rate_Limiter = false); one user, one room; a reply means on disk")


def to_synapse(bench):
    """Durable sends over 32 connections beside Synapse on the same disk."""
    try:
        peer = synapse.start(bench)
    except Missing as missing:
        bench.explain(f"left out: Synapse: {missing}")
        return
    with peer, Server(bench.program, bench.fresh("few-sends")) as server:
        room = Room(server)
        tasks = {"roomscribe": lambda: room.load(bench, FEW), peer.name: lambda: peer.load(bench, FEW, TEXT)}
        note(f"synapse: {bench.rounds} rounds of {bench.seconds} s each")
        told = in_turn(bench.rounds, tasks)
        room.check(bench)
        peer.check(bench)
    rates = [describe(bench, f"send, {FEW} connections, {name}", each) for name, each in told.items()]
    ratio = rates[0] / rates[1]
    bench.tell(f"durable chat.sendMessage, {FEW} connections, requests/s", f"{rates[0]:,.0f}", f"{peer.name}: {rates[1]:,.0f}",
               ratio, ">= 60x", ratio >= 60)
    bench.explain(settings())


class Exports:
    """Three exports of the large room that run at the same time, until the `with` ends."""

    FORMATS = ("html", "html", "html")  # none ends within a round

    def __init__(self, client):
        self.client, self.jobs = client, []

    def states(self):
        return [self.client.get(f"exports.info?exportId={job}")["export"]["state"] for job in self.jobs]

    def __enter__(self):
        for form in self.FORMATS:
            order = self.client.post("exports.create", rooms=["bench"], formats=[form])
            self.jobs.append(order["export"]["_id"])
        deadline = time.monotonic() + 60
        while "queued" in self.states():
            if time.monotonic() > deadline:
                raise Failed("the exports did not begin")
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        """Takes them back, so that the next round finds the disk and the queue as they were."""
        deadline = time.monotonic() + 600
        while any(state not in ("done", "failed", "cancelled") for state in self.states()):
            for job, state in zip(self.jobs, self.states()):
                if state in ("queued", "rendering", "delivering"):
                    with contextlib.suppress(Failed):  # it may just have ended
                        self.client.post("exports.cancel", exportId=job)
            if time.monotonic() > deadline:
                raise Failed("the exports did not end")
            time.sleep(0.2)
        for job in self.jobs:
            with contextlib.suppress(Failed):  # what was cancelled is gone
                self.client.post("exports.delete", exportId=job)


def await_rest(pid):
    """Waits until the server has indexed what was imported, which it begins a minute after its start."""
    note("waiting until the search index is there")
    time.sleep(65)
    used = -1
    while cpu_seconds(pid) - used > 0.25:
        used = cpu_seconds(pid)
        time.sleep(5)


def beside_exports(bench):
    """The 99th percentile of sends at a steady pace, with three exports running and without."""
    workers = len(Exports.FORMATS)
    with Server(bench.program, bench.copy(bench.size, "calm"), ADDRESSES + f"[export]\nworkers = {workers}\n") as server:
        room = Room(server)
        if not bench.is_smoke:
            await_rest(server.pid)
        pace = {"rate": PACE}
        running = []

        def busy():
            with Exports(room.client) as exports:
                told = room.load(bench, FEW, **pace)
                running.append(exports.states().count("rendering"))
            return told

        note(f"calm: {bench.rounds} rounds of {bench.seconds} s each")
        told = in_turn(bench.rounds, {"alone": lambda: room.load(bench, FEW, **pace), "beside three exports": busy})
        room.check(bench)
    for name, each in told.items():
        describe(bench, f"send at {PACE}/s, {name}", each)
    alone, beside = (middle([each["p99"] for each in told[name]]) for name in told)
    ratio, others = beside / alone, middle([each["others"] for each in told["alone"]])
    bench.tell(f"p99 of chat.sendMessage at {PACE}/s while three exports run", f"{beside:.1f} ms", f"without exports: {alone:.1f} ms",
               ratio, "<= 1.5x", ratio <= 1.5 if others <= QUIET else None)
    bench.explain(f"others had {others:.0%} of the machine while requests were sent alone: with more than {QUIET:.0%} a p99 says nothing")
    bench.explain(f"three exports of {bench.size:,} messages ({', '.join(Exports.FORMATS)}), [export] workers = {workers};"
                  f" still rendering at the end of each round: {running}")
    bench.explain(settings())
