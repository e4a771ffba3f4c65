#!/usr/bin/env python3
"""Proof that README's sections "Add a format" and "Add a delivery" work from an empty directory.

    tests/plugins/templates.py

Follows them to the letter in a copy of this repository under target/: runs their shell blocks, adds the
lines of their tables, and checks what the new server lists, exports and delivers. Takes a minute or two.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "target" / "templates" / "roomscribe"
TARGET = ROOT / "target"
PROGRAM = TARGET / "debug" / "roomscribe"
# Where README's words for the two files are found in them.
PLACES = {
    "`Cargo.toml`, `[workspace.dependencies]`": ("Cargo.toml", "[workspace.dependencies]\n"),
    "`Cargo.toml`, `[dependencies]`": ("Cargo.toml", "\n[dependencies]\n"),
    "[`src/export/plugins.rs`](src/export/plugins.rs), `PLUGINS`": (
        "src/export/plugins.rs",
        "pub const PLUGINS: &[Plugin] = &[\n",
    ),
}


def run(command, directory=COPY):
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=directory, env=environment, capture_output=True, text=True,
        timeout=900,
    )
    if done.returncode != 0:
        sys.exit(f"templates.py: README's step failed:\n{command}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}")
    return done.stdout


def copy_repository():
    """What is in the repository or may come into it, with its times: a second run builds less."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in run("git ls-files --cached --others --exclude-standard", ROOT).splitlines():
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)


def section(title):
    """A section of README without those inside of it: its shell blocks and the rows of its table of lines."""
    text = (COPY / "README.md").read_text("utf-8").split(f"\n## {title}\n")[1]
    text = re.split(r"\n##+ ", text)[0]
    rows = re.findall(r"^\| (.+) \| `(.+)` \|$", text, re.MULTILINE)
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL), [row for row in rows if row[0] in PLACES]


def add_line(place, line):
    name, after = PLACES[place]
    text = (COPY / name).read_text("utf-8")
    assert text.count(after) == 1, f"{name} has one {after!r}"
    (COPY / name).write_text(text.replace(after, after + line + "\n"), "utf-8")


def check(right, complaint):
    if not right:
        sys.exit(f"templates.py: {complaint}")


def call(address, path, headers, body):
    request = urllib.request.Request(
        address + path, json.dumps(body).encode(), headers | {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def deliver():
    """Exports a room by the new format and the new delivery through the REST API."""
    shelf = COPY / "shelf"
    shelf.mkdir()
    (COPY / "shelf.toml").write_text(f"[plugins.shelf]\ndirectories = {{ legal = '{shelf}' }}\n")
    command = [PROGRAM, "--config", "shelf.toml", "--data", "target/try", "serve", "--listen", "127.0.0.1:0"]
    environment = os.environ | {"ADMIN_USERNAME": "admin", "ADMIN_PASS": "not a secret"}
    server = subprocess.Popen(
        command, cwd=COPY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    too_long = threading.Timer(60, server.kill)
    too_long.start()
    try:
        said = ""
        while not (found := re.search(r"address=(127\.0\.0\.1:\d+)", said)):
            line = server.stdout.readline()
            check(line, f"the server did not come up:\n{said}")
            said += line
        address = "http://" + found[1]
        login = call(address, "/api/v1/login", {}, {"user": "admin", "password": "not a secret"})["data"]
        headers = {"X-User-Id": login["userId"], "X-Auth-Token": login["authToken"]}
        order = {"rid": "GENERAL", "type": "shelf", "format": "mine", "deliveryOptions": {"to": "legal"}}
        job = call(address, "/api/v1/rooms.export", headers, order)["exportId"]
        while not (arrived := list(shelf.glob("[!.]*"))):
            check(server.poll() is None, "the export was not delivered")
            time.sleep(0.1)
        check([path.name for path in arrived] == [f"{job}.zip"], f"{arrived} is not the export {job}")
        run(f"'{PROGRAM}' verify '{arrived[0]}'")
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
        too_long.cancel()


def main():
    copy_repository()
    later = []
    for title in ("Add a format", "Add a delivery"):
        (copies, tries), rows = section(title)
        check(len(rows) == len(PLACES), f"README's {title!r} names {len(rows)} lines to add, not {len(PLACES)}")
        run(copies)
        for place, line in rows:
            add_line(place, line)
        later.append(tries)
    # Both are in place before the first build: one server is built instead of two.
    try:
        listed = "".join(run(tries) for tries in later)
        for word in ("mine", "header", "time", "shelf", "to"):
            check(re.search(rf"^ +{word} ", listed, re.MULTILINE), f"`formats` does not list {word}:\n{listed}")
        sent = (COPY / "fixtures" / "hostile" / "room.ndjson").read_text("utf-8").count("\n")
        [export] = (COPY / "target" / "try" / "hostile").glob("*.tsv")
        lines = export.read_bytes().count(b"\n")
        check(lines == sent + 1, f"{sent} messages became {lines} lines, the header included")
        deliver()
    finally:
        # The copy's program lies where that of the repository lay.
        run("cargo build --locked", ROOT)
    print(f"README's new plug-ins are listed; {sent} messages exported, one export delivered")


if __name__ == "__main__":
    main()
