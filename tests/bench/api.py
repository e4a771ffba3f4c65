#!/usr/bin/env python3
"""How long a full server takes to answer: lists of 50, sending, calls without a login.

usage: tests/bench/api.py MESSAGES.ndjson [--binary target/release/roomscribe] [--calls 300] [--data KEPT]

MESSAGES.ndjson: REST message objects of many rooms, one a line. They are imported, everybody named
there is put into the largest room, and one user into every room. Prints how long opening took, then
the size of each endpoint's reply, what it costs the server, the median and the 99th percentile in
milliseconds, one call after the other over one connection and with several clients at once, and what
sending costs in a room of two and in the largest one, round by round. Shared machines are noisy:
compare ratios within one run only.
"""
import argparse, collections, concurrent.futures, http.client, json, os, re, statistics, subprocess, sys
import tempfile, threading, time, urllib.parse

ADMIN, PASSWORD = "admin", "correct-horse-battery"


def with_everybody(messages):
    """The lines of a file, and a last one from each person named there, in the largest room."""
    rooms, people = collections.Counter(), {}
    for line in open(messages, encoding="utf-8"):
        message = json.loads(line)
        rooms[message["rid"]] += 1
        for person in (message["u"], *message.get("mentions", ())):
            people[person["_id"]] = person
        yield line
    largest = rooms.most_common(1)[0][0]
    for number, (identity, person) in enumerate(people.items()):
        if identity not in ("all", "here"):
            author = {key: person[key] for key in ("_id", "username", "name")}
            yield json.dumps({"_id": f"hello{number}", "rid": largest, "ts": message["ts"], "u": author, "msg": "hello"}) + "\n"


def fill(binary, data, messages):
    began = time.monotonic()
    importing = subprocess.Popen([binary, "--data", data, "import", "-"], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, text=True)
    with importing.stdin as lines:
        lines.writelines(with_everybody(messages))
    if importing.wait():
        sys.exit("the messages could not be imported")
    print(f"imported in {time.monotonic() - began:.0f} s")


class Client:
    """One connection."""

    def __init__(self, address, headers=None):
        self.address, self.headers = address, {"content-type": "application/json", **(headers or {})}
        self.open()

    def open(self):
        self.connection = http.client.HTTPConnection(self.address, timeout=600)

    def call(self, method, path, body=None):
        payload = None if body is None else json.dumps(body)
        self.connection.request(method, "/api/v1/" + path, payload, self.headers)
        answer = self.connection.getresponse()
        said = answer.read()
        self.size = len(said)
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {said[:500].decode()}")
        return json.loads(said) if answer.headers["content-type"] == "application/json" else said

    def get(self, path, **query):
        return self.call("GET", f"{path}?{urllib.parse.urlencode(query)}")

    def post(self, path, **body):
        return self.call("POST", path, body)


def serve(binary, data):
    environment = {
        **os.environ, "NO_COLOR": "1", "ADMIN_USERNAME": ADMIN, "ADMIN_PASS": PASSWORD,
        "OVERWRITE_SETTING_API_Enable_Rate_Limiter": "false", "OVERWRITE_SETTING_API_User_Limit": "100000",
    }
    command = [binary, "--data", data, "serve", "--listen", "127.0.0.1:0"]
    began = time.monotonic()
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    for line in running.stderr:
        if address := re.search(r"ready address=(\S+)", line):
            print(f"opened in {time.monotonic() - began:.1f} s, {resident(running.pid)} MB resident")
            threading.Thread(target=lambda: [None for _ in running.stderr], daemon=True).start()
            return running, address[1]
    sys.exit("the server did not come up")


def log_in(address, user, password):
    data = Client(address).post("login", user=user, password=password)["data"]
    return {"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]}


def cpu(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) // 1024


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1000


def await_rest(pid):
    """Waits until the server has indexed what was imported, which it begins a minute after its start."""
    time.sleep(65)
    used = -1
    while cpu(pid) - used > .25:
        used = cpu(pid)
        time.sleep(5)


def timed(address, headers, ask, calls, clients=1):
    """Seconds of each call."""
    def work(_):
        client, times = Client(address, headers), []
        ask(client)
        for _ in range(calls // clients):
            began = time.perf_counter()
            ask(client)
            times.append(time.perf_counter() - began)
        return times

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return [seconds for times in pool.map(work, range(clients)) for seconds in times]


def everything(admin):
    """Every row of a list, page by page."""
    def pages(path, key):
        offset = 0
        while rows := admin.get(path, count=100, offset=offset)[key]:
            yield from rows
            offset += len(rows)
    return list(pages("rooms.adminRooms", "rooms")), list(pages("users.list", "users"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages")
    parser.add_argument("--binary", default="target/release/roomscribe")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--data", help="keep the imported data here, or use what is there")
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.binary)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as place:
        data = os.path.abspath(arguments.data or os.path.join(place, "data"))
        if not os.path.isdir(data):
            fill(binary, data, arguments.messages)
        running, address = serve(binary, data)
        try:
            measure(running.pid, address, arguments.calls)
        finally:
            running.terminate()
            running.wait(120)


def measure(pid, address, calls):
    admin_headers = log_in(address, ADMIN, PASSWORD)
    admin = Client(address, admin_headers)
    rooms, users = everything(admin)
    named = [room for room in rooms if room["t"] in "cp"]
    largest = max(named, key=lambda room: room["msgs"])
    user = next((user for user in users if user["username"] == "bench"), None)
    if not user:
        user = admin.post("users.create", username="bench", name="Bench", email="bench@example.org", password="bench-password",
                          joinDefaultChannels=False)["user"]
        # An administrator may put anybody into a channel, but not into a group that is not theirs.
        grants = [{"_id": name, "roles": ["admin"]} for name in ("add-user-to-any-p-room", "add-user-to-any-c-room")]
        admin.post("permissions.update", permissions=grants)
        for room in named:
            family = "channels" if room["t"] == "c" else "groups"
            admin.post(f"{family}.invite", roomId=room["_id"], userId=user["_id"])
    await_rest(pid)
    headers = log_in(address, "bench", "bench-password")
    bench = Client(address, headers)
    pair = bench.post("im.create", username=ADMIN)["room"]["rid"]
    family = "channels" if largest["t"] == "c" else "groups"
    rid = largest["_id"]
    counters = bench.get(f"{family}.counters", roomId=rid)
    print(f"{len(rooms):,} rooms, {len(users):,} users, {sum(room['msgs'] for room in rooms):,} messages; the largest room:"
          f" {counters['members']:,} members, {counters['msgs']:,} messages; {resident(pid)} MB resident\n")

    thread = next((m for m in bench.get(f"{family}.messages", roomId=rid, count=100)["messages"] if m.get("tmid")), None)
    lists = {
        "users.list": {}, "rooms.get": {}, "subscriptions.get": {}, "channels.list": {}, "channels.list.joined": {},
        "groups.list": {}, "im.list": {}, f"{family}.members": {"roomId": rid}, f"{family}.messages": {"roomId": rid},
        f"{family}.history": {"roomId": rid}, f"{family}.files": {"roomId": rid}, f"{family}.roles": {"roomId": rid},
        f"{family}.moderators": {"roomId": rid}, "rooms.membersOrderedByRole": {"roomId": rid},
        "rooms.getDiscussions": {"roomId": rid}, "rooms.images": {"roomId": rid},
        "chat.getThreadsList": {"rid": rid}, "chat.getPinnedMessages": {"roomId": rid},
        "chat.getStarredMessages": {"roomId": rid}, "chat.getMentionedMessages": {"roomId": rid},
        "chat.getDiscussions": {"roomId": rid}, "chat.getDeletedMessages": {"roomId": rid, "since": "2020-01-01T00:00:00Z"},
        "chat.search": {"roomId": rid, "searchText": "release"}, "directory": {"type": "users"},
        "spotlight": {"query": "a"}, "users.autocomplete": {"selector": '{"term":"a"}'}, "users.presence": {},
        "rooms.autocomplete.channelAndPrivate": {"selector": '{"name":""}'}, "permissions.listAll": {}, "roles.list": {},
        "emoji-custom.all": {}, "commands.list": {}, "exports.list": {},
    }
    if thread:
        lists["chat.getThreadMessages"] = {"tmid": thread["tmid"]}
    admins = {"rooms.adminRooms": {}, "im.list.everyone": {}, "groups.listAll": {}, "users.listByStatus": {},
              "roles.getUsersInRole": {"role": "user"}, "settings": {}, "teams.listAll": {}, "integrations.list": {}}
    strangers = {"info": {}, "settings.public": {}, "service.configurations": {}, "pw.getPolicy": {}}
    unpaged = {"rooms.get", "subscriptions.get", "permissions.listAll", "roles.list", "spotlight", "users.presence", f"{family}.roles",
               f"{family}.moderators"}
    print(f"{'endpoint (count 50)':40}{'kB':>8}{'CPU ms':>8}{'median':>9}{'p99':>9}   clients at once:{'median':>9}{'p99':>9}   ms")
    for group, who in ((lists, headers), (admins, admin_headers), (strangers, {})):
        for path, query in group.items():
            query = query if path in unpaged else {**query, "count": 50}
            show(pid, path, lambda client: client.get(path, **query), address, who, calls)
    for name, room in (("a room of 2", pair), (f"a room of {counters['members']:,}", rid)):
        show(pid, f"chat.sendMessage, {name}", lambda client: client.post("chat.sendMessage", message={"rid": room, "msg": "hello"}),
             address, headers, calls)

    print(f"{resident(pid)} MB resident\n\nCPU ms of a message, in turn:")
    ratios, bench = [], Client(address, headers)  # the server has closed the one that was idle
    for round in range(5):
        costs = []
        for room in (pair, rid):
            before = cpu(pid)
            for number in range(400):
                bench.post("chat.sendMessage", message={"rid": room, "msg": f"message {number} of round {round}"})
            costs.append((cpu(pid) - before) / 400 * 1000)
        ratios.append(costs[1] / costs[0])
        print(f"  a room of 2: {costs[0]:.2f}   the largest: {costs[1]:.2f}   ratio {ratios[-1]:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}; {resident(pid)} MB resident")


def show(pid, name, ask, address, headers, calls):
    client = Client(address, headers)
    ask(client)
    before = cpu(pid)
    alone = timed(address, headers, ask, calls)
    spent = (cpu(pid) - before) / (calls + 1) * 1000
    # One user may search twice at once.
    clients = 2 if name == "chat.search" else 8
    many = timed(address, headers, ask, calls, clients)
    print(f"{name:40}{client.size / 1000:8.1f}{spent:8.2f}{percentile(alone, .5):9.1f}{percentile(alone, .99):9.1f}            {clients:5}"
          f"{percentile(many, .5):9.1f}{percentile(many, .99):9.1f}", flush=True)


main()
