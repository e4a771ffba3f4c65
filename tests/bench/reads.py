"""Rows on reading history, and on a server that has nothing to do."""

import datetime
import json
import random
import time
import urllib.parse

from bench import SMALL_ROOM
from measure import cpu_seconds, in_turn, memory, middle, note
from sends import await_rest
from server import Client, Server

PAGE = 100
PLACES = 200
"""Moments from which pages are read, so that not one of them alone is in every cache."""
CALLS = 1000


def pages(bench, client, room, count):
    """Paths of pages: the last one, and pages from anywhere in the room that has a full page before it."""
    rid = client.get(f"channels.info?roomName={room}")["channel"]["_id"]
    with open(bench.messages(count, room), encoding="utf-8") as lines:
        times = [json.loads(line)["ts"] for line in lines][PAGE + 1:]
    some = random.Random(1).sample(times, min(PLACES, len(times)))
    path = "/api/v1/channels.history?" + urllib.parse.urlencode({"roomId": rid, "count": PAGE})
    latest = [path + "&" + urllib.parse.urlencode({"latest": moment}) for moment in some]
    answer = client.get(latest[0].removeprefix("/api/v1/"))["messages"]
    bench.require(len(answer) == PAGE, f"a page of {room} has {len(answer)} messages")
    return {"the last page": [path], "pages anywhere": latest}


def history(bench):
    """A page of 100 messages out of the whole room beside one out of 1,000, from one server."""
    with Server(bench.program, bench.copy(bench.size, "reads")) as server:
        client = Client(server)
        rooms = {"bench": bench.size, "small": SMALL_ROOM}
        for room in rooms:
            client.post("channels.join", roomId=client.get(f"channels.info?roomName={room}")["channel"]["_id"])
        headers = [f"{name}: {value}" for name, value in client.headers.items()]
        asked = {room: pages(bench, client, room, count) for room, count in rooms.items()}
        if not bench.is_smoke:
            await_rest(server.pid)

        def read(paths):
            def task():
                before = cpu_seconds(server.pid)
                told = bench.load(server.address, *paths, connections=1, seconds=60, header=headers,
                                  requests=PLACES if bench.is_smoke else CALLS)
                return told | {"server_cpu": cpu_seconds(server.pid) - before}
            return task

        for kind in asked["bench"]:
            note(f"history: {kind}")
            for room in rooms:
                read(asked[room][kind])()  # once to warm up
            told = in_turn(bench.rounds, {room: read(asked[room][kind]) for room in rooms})
            large, small = (middle([each["median"] for each in told[room]]) for room in rooms)
            bench.tell(f"channels.history of {PAGE} out of {bench.size:,}, {kind}", f"{large:.2f} ms",
                       f"out of {SMALL_ROOM:,}: {small:.2f} ms", large / small, "<= 1.3x", large / small <= 1.3)
            spent = {room: middle([each["server_cpu"] / each["answered"] for each in told[room]]) * 1000 for room in rooms}
            bench.explain(f"history, {kind}, one connection: {spent['bench']:.2f} CPU ms of the server each, {spent['small']:.2f} in the small room")


def idle(bench):
    """Memory of a server that nobody asks for anything, and the time until it first answers."""
    first, later, resident, peak = [], [], [], []
    for _ in range(bench.rounds):
        data = bench.fresh("idle")
        with Server(bench.program, data) as server:
            first.append(server.ready * 1000)
        with Server(bench.program, data) as server:
            later.append(server.ready * 1000)
            time.sleep(2)
            resident.append(memory(server.pid))
            peak.append(memory(server.pid, "VmHWM"))
    held, began, again = middle(resident), middle(first), middle(later)
    bench.tell("idle memory, empty store", f"{held:.1f} MiB", "", target="<= 20 MB", is_met=held * 1.048576 <= 20)
    bench.tell("start-up on an empty store", f"{again:.0f} ms", "", target="<= 100 ms", is_met=again <= 100)
    bench.tell("the very first start, which makes the administrator", f"{began:.0f} ms", "", target="<= 100 ms", is_met=began <= 100)
    bench.explain(f"idle: two seconds after the second start, peak until then {middle(peak):.1f} MiB; start-up: from exec to the first answer")
    if bench.is_smoke:
        bench.require(held <= 64, f"a server without messages takes {held:.0f} MiB")
