"""Thousands of generated requests by schemathesis, from the server's own OpenAPI document.

Whatever is asked, the server answers: nothing but statuses and bodies that the document allows, no
5xx, no panic, and its memory stays where it is.

    python3 tests/fuzz/api.py [BINARY [EXAMPLES]]

EXAMPLES is the number of requests made up for each operation (30 if nothing is said).
"""

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

# Whoever calls these has no valid credentials afterwards, and the rest would only see 401.
SUICIDAL = r"/(logout|users\.logout|users\.logoutOtherClients|users\.removeOtherTokens|users\.deleteOwnAccount|users\.resetTOTP|users\.resetE2EKey|users\.setActiveStatus|users\.delete|users\.deactivateIdle|permissions\.update|roles\.removeUserFromRole|settings|settings/\{_id\}|method\.call/\{method\})$"

# The most that the resident memory may grow over all requests, beyond what the first thousand took.
MOST_GROWTH_MB = 150


def call(url, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"content-type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024


def furnish(url, headers):
    """Something to find: made-up ids seldom name anything."""
    room = call(url, "/api/v1/channels.create", {"name": "talk"}, headers)["channel"]
    for number in range(20):
        call(url, "/api/v1/chat.postMessage", {"roomId": room["_id"], "text": f"message {number}"}, headers)


def fuzz(programs, url, document, headers, examples, phases, select):
    command = [
        programs / "schemathesis", "run", document, "--url", url, "--checks", CHECKS, "--phases", phases,
        "--max-examples", examples, "--seed", "1", "--workers", "1", "--continue-on-failure", "--no-color",
        "--generation-database", "none", "--warnings", "off", "--suppress-health-check", "all",
        "--request-timeout", "30", "--output-sanitize", "false", *select,
    ]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run([str(part) for part in command], cwd=document.parent, capture_output=True, text=True, timeout=2400)
    return done


def main():
    program = support.roomscribe()
    examples = sys.argv[2] if len(sys.argv) > 2 else "30"
    programs = support.python_with("fuzz", f"schemathesis=={VERSION}")
    failures, total = [], 0
    with server(program) as url:
        document = support.ROOT / "target" / "fuzz" / "openapi.json"
        document.write_text(support.run(program, "openapi"), "utf-8")
        who = call(url, "/api/v1/login", {"user": ADMIN, "password": PASSWORD})["data"]
        admin = {"X-User-Id": who["userId"], "X-Auth-Token": who["authToken"]}
        furnish(url, admin)
        pid = subprocess.run(["pgrep", "-f", f"{program} --data"], capture_output=True, text=True).stdout.split()[0]
        runs = [
            ("what destroys nothing, as an administrator", admin, examples, ["--exclude-path-regex", SUICIDAL]),
            ("everything, as nobody", {}, "5", []),
            ("what ends a session, as an administrator", admin, "20", ["--include-path-regex", SUICIDAL]),
        ]
        before = None
        for name, headers, count, select in runs:
            done = fuzz(programs, url, document, headers, count, "examples,coverage,fuzzing", select)
            made = re.search(r"(\d+) generated", done.stdout)
            found = re.search(r"(\d+) found", done.stdout)
            number = int(made[1]) if made else 0
            total += number
            print(f"{name}: {number} requests, {memory(pid)} MB resident")
            if done.returncode != 0 or found:
                failures.append(f"{name}:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")
            before = before or memory(pid)
        grown = memory(pid) - before
        if grown > MOST_GROWTH_MB:
            failures.append(f"the memory grew by {grown} MB after the first run")
    print(f"{total} requests in all")
    if total < 1000:
        failures.append("so few requests prove nothing")
    support.report(failures)


main()
