"""Thousands of generated requests by schemathesis, from the server's own OpenAPI document.

Whatever is asked, the server answers: nothing but statuses and bodies that the document allows, no
5xx, no panic, and its memory stays where it is.

    python3 tests/fuzz/api.py [BINARY [EXAMPLES]]

EXAMPLES is the number of requests made up for each operation (5 if nothing is said), beside those
that try out the edges of its parameters.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("formats", "clients")]

import support
from fresh_server import ADMIN, PASSWORD, server

VERSION = "4.32.5"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

# Whoever calls these may have no valid session afterwards (ids of callers are learned from replies);
# the other runs are held to keep theirs.
SUICIDAL = [
    "logout", "users.logout", "users.deleteOwnAccount", "users.delete", "users.setActiveStatus", "users.update",
    "users.deactivateIdle", "users.resetTOTP", "users.resetE2EKey",
]

# After these the caller may do less.
CRIPPLING = ["users.2fa.enableEmail", "roles.removeUserFromRole", "roles.delete", "permissions.update", "settings", "settings/{_id}"]

# After these there is less to find.
CLEARING = r"[a-z]+\.(delete|leave|archive|changeArchivationState|convertTo[A-Z][a-z]+|cleanHistory)|moderation\.user\.deleteReportedMessages"

IN_THE_END = rf"/api/v1/({'|'.join(map(re.escape, SUICIDAL + CRIPPLING))}|{CLEARING})$"

# Nobody calls so little that less than this proves anything.
FEWEST_REQUESTS = 20_000

# The most that the resident memory may grow after the first run.
MOST_GROWTH_MB = 100


def call(url, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"content-type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def log_in(url, name):
    who = call(url, "/api/v1/login", {"user": name, "password": PASSWORD})["data"]
    return {"X-User-Id": who["userId"], "X-Auth-Token": who["authToken"]}


def memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024


def children():
    """The processes that this one has started."""
    tasks = pathlib.Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text("utf-8").split()}


def furnish(url, admin):
    """Something to find, and its names by the parameters that ask for it: made-up ones seldom name anything."""
    ask = lambda path, body: call(url, f"/api/v1/{path}", body, admin)
    people = ["ann", "ben", "cid", "ordinary", "keeper"]
    users = {}
    for name in people:
        roles = ["user", "admin"] if name == "keeper" else ["user"]
        given = {"username": name, "name": name, "email": f"{name}@example.org", "password": PASSWORD}
        users[name] = ask("users.create", {**given, "roles": roles, "verified": True})["user"]["_id"]
    others = ["ann", "ben", "cid"]
    members = {"members": [*others, "ordinary"]}
    rooms = [ask("channels.create", {"name": f"talk-{number}", **members})["channel"] for number in range(4)]
    rooms += [ask("groups.create", {"name": f"group-{number}", **members})["group"] for number in range(3)]
    direct = ask("im.create", {"username": "ordinary"})["room"]["_id"]
    teams = [ask("teams.create", {"name": f"team-{number}", "type": 0, **members})["team"] for number in range(2)]
    messages = []
    for room in rooms:
        for number in range(5):
            sent = ask("chat.postMessage", {"roomId": room["_id"], "text": f"message {number} @ann"})["message"]
            messages.append(sent["_id"])
        ask("chat.postMessage", {"roomId": room["_id"], "text": "a reply", "tmid": messages[-1]})
    ask("chat.pinMessage", {"messageId": messages[0]})
    ask("chat.reportMessage", {"messageId": messages[1], "description": "rude"})
    ask("roles.create", {"name": "helpers"})
    ids = [room["_id"] for room in rooms] + [direct]
    names = [room["name"] for room in rooms]
    dates = ["2020-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"]
    of_users = [users[name] for name in others]
    known = {
        **dict.fromkeys(["roomId", "rid", "prid", "roomIds", "rooms"], ids),
        **dict.fromkeys(["roomName", "channel"], names),
        **dict.fromkeys(["msgId", "messageId", "mid", "tmid", "pmid", "msgs", "messages", "thread"], messages),
        **dict.fromkeys(["userId", "userIds", "ids", "uid"], of_users),
        **dict.fromkeys(["username", "usernames", "user", "users", "members", "toUsers"], others),
        "teamId": [team["_id"] for team in teams],
        "teamName": [team["name"] for team in teams],
        **dict.fromkeys(["roleId", "role", "roleName"], ["helpers", "owner", "user"]),
        **dict.fromkeys(["updatedSince", "lastUpdate", "oldest", "latest", "since", "startDate", "endDate"], dates),
        "query": ['{"_id":"x"}', '{"name":{"$regex":"talk"}}'],
        "fields": ['{"name":1}', '{"name":0}'],
        "sort": ['{"name":1}', '{"ts":-1}', '{"_updatedAt":1}'],
        "message": [method(name, [ids[0]]) for name in METHODS],
    }
    return known, log_in(url, "keeper"), log_in(url, "ordinary")


# Methods that end nothing, for `method.call`.
METHODS = [
    "getRoomById", "loadHistory", "rooms/get", "subscriptions/get", "getUsersOfRoom", "getRoomRoles", "openRoom",
    "getThreadsList", "loadMissedMessages", "getChannelHistory", "readMessages", "permissions/get",
]

HARMLESS_SETTINGS = ["Message_MaxAllowedSize", "API_Default_Count", "API_Upper_Count_Limit", "Site_Name"]


def method(name, params):
    return json.dumps({"msg": "method", "id": "1", "method": name, "params": params})


def with_known(name, schema, known):
    """A schema that allows the same, and names what there is."""
    if not isinstance(schema, dict):
        return schema
    schema = {**schema}
    if isinstance(schema.get("properties"), dict):
        schema["properties"] = {key: with_known(key, value, known) for key, value in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        schema["items"] = with_known(name, schema["items"], known)
    kinds = schema.get("type")
    is_text = "string" in (kinds if isinstance(kinds, list) else [kinds]) and "format" not in schema
    return {"anyOf": [{"enum": known[name]}, schema]} if is_text and name in known else schema


def document_for(program, known):
    document = json.loads(support.run(program, "openapi"))
    for path, operations in document["paths"].items():
        here = {**known, "_id": HARMLESS_SETTINGS} if path.endswith("/settings/{_id}") else known
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                parameter["schema"] = with_known(parameter["name"], parameter["schema"], here)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["schema"] = with_known("", content["schema"], here)
    place = support.ROOT / "target" / "fuzz" / "openapi.json"
    place.write_text(json.dumps(document), "utf-8")
    return place


def fuzz(programs, url, document, caller, examples, select):
    notes = document.parent / "notes.json"
    notes.unlink(missing_ok=True)
    command = [
        programs / "schemathesis", "run", document, "--url", url, "--checks", CHECKS, "--phases", "coverage,fuzzing",
        "--max-examples", examples, "--seed", "1", "--workers", "1", "--continue-on-failure", "--no-color",
        "--generation-database", "none", "--warnings", "off", "--suppress-health-check", "all",
        "--request-timeout", "30", "--output-sanitize", "false", *select,
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": str(pathlib.Path(__file__).with_name("hooks.py")),
        "FUZZ_CALLER": json.dumps(caller),
        "FUZZ_NOTES": str(notes),
    }
    done = subprocess.run(
        [str(part) for part in command], cwd=document.parent, env=environment, capture_output=True, text=True, timeout=2400
    )
    if not notes.is_file():
        sys.exit(f"schemathesis did not begin:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done, json.loads(notes.read_text("utf-8"))


def main():
    program = support.roomscribe()
    examples = sys.argv[2] if len(sys.argv) > 2 else "5"
    programs = support.python_with("fuzz", f"schemathesis=={VERSION}")
    failures, total, growth, successes = [], 0, [], collections.Counter()
    before = children()
    with server(program, CREATE_TOKENS_FOR_USERS="yes") as url:
        [pid] = children() - before
        admin = log_in(url, ADMIN)
        known, keeper, ordinary = furnish(url, admin)
        document = document_for(program, known)
        as_admin, as_user = ({"url": url, "keeper": keeper, "headers": headers} for headers in (admin, ordinary))
        rest, end = ["--exclude-path-regex", IN_THE_END], ["--include-path-regex", IN_THE_END]
        print(f"before: {memory(pid)} MB resident")
        for name, caller, select in [
            ("an ordinary user", as_user, rest),
            ("an administrator", as_admin, rest),
            ("nobody", None, []),
            ("an ordinary user in the end", as_user, end),
            ("an administrator in the end", as_admin, end),
        ]:
            done, notes = fuzz(programs, url, document, caller, examples, select)
            number = sum(sum(counts.values()) for counts in notes["statuses"].values())
            total += number
            growth.append(memory(pid))
            print(f"{name}: {number} requests, {growth[-1]} MB resident", flush=True)
            for operation, counts in notes["statuses"].items():
                successes[operation] += sum(count for status, count in counts.items() if status < "400")
            if done.returncode != 0:
                failures.append(f"{name}:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")
            if notes["ended"] and select == rest:
                failures.append(f"{name} lost the session by {list(dict.fromkeys(notes['ended']))[:5]}")
    never = sorted(operation for operation, count in successes.items() if count == 0)
    print(f"{total} requests in all; {len(successes) - len(never)} of {len(successes)} operations succeeded at least once")
    if "FUZZ_VERBOSE" in os.environ:
        print("never:", *never, sep="\n  ")
    if growth[-1] - growth[0] > MOST_GROWTH_MB:
        failures.append(f"the memory grew by {growth[-1] - growth[0]} MB after the first run")
    if total < FEWEST_REQUESTS:
        failures.append("so few requests prove nothing")
    support.report(failures)


main()
