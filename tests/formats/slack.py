#!/usr/bin/env python3
"""Proof that exports of the format `slack` are Slack exports to a program that knows only those.

    tests/formats/slack.py [path of roomscribe]

Exports the room of `roomscribe demo` and the hostile room with the real program, and reads them with
slack-export-viewer (PyPI, installed under target/): every message must be found, by the right person,
each thread behind its beginning, and the viewer must make pages of it all.
Then a file is taken away, and the same check must complain.
"""

import json
import pathlib
import tempfile

from support import DEMO, HOSTILE, demo, python_with, report, roomscribe, run

VIEWER = "slack-export-viewer==3.5.0"

# Runs with the viewer's Python: what its reader makes of the directory.
READ = """
import json, logging, sys
from slackviewer.config import Config
from slackviewer.reader import Reader
logging.disable(logging.WARNING)
reader = Reader(Config({"archive": sys.argv[1], "thread_note": False}))
rooms = reader.compile_channels()
found = [
    {"id": m._message["client_msg_id"], "user": m.user["name"] if m.user else None, "page": m.msg,
     "ts": m._message["ts"], "thread": m._message.get("thread_ts"), "in_thread": m.is_thread_msg,
     "files": [f.link for f in m.files], "reactions": sum(len(r["usernames"]) for r in m.reactions)}
    for m in sum(rooms.values(), [])
]
print("\\n" + json.dumps({"rooms": list(rooms), "messages": found}))
"""


def complaints(export, sent, programs):
    """What is wrong with the export, as far as the viewer can tell."""
    read = json.loads(run(programs / "python", "-c", READ, export).splitlines()[-1])
    found = {message["id"]: message for message in read["messages"]}
    order = [message["id"] for message in read["messages"]]
    if len(order) != len(sent):
        yield f"{len(order)} messages were found, {len(sent)} were sent"
    if len({message["ts"] for message in read["messages"]}) != len(order):
        yield "two messages have one timestamp"
    for message in sent:
        seen = found.get(message["_id"])
        if seen is None:
            yield f"message {message['_id']} was not found"
            continue
        # Slack names who came, not who let them in.
        someone = message["msg"] if message.get("t") in ("au", "ru") else message["u"]["username"]
        if seen["user"] != someone:
            yield f"message {message['_id']} is by {seen['user']!r}, not by {someone!r}"
        plain = message["msg"]
        if not message.get("t") and plain.isascii() and plain.replace(" ", "").isalnum() and plain not in seen["page"]:
            yield f"message {message['_id']} says {seen['page']!r}, not {plain!r}"
        gave = sum(len(given["usernames"]) for given in (message.get("reactions") or {}).values())
        if seen["reactions"] != gave:
            yield f"message {message['_id']} has {seen['reactions']} reactions, not {gave}"
        files = message.get("files") or []
        if len(seen["files"]) != sum(not file["name"].startswith("thumb-") for file in files):
            yield f"message {message['_id']} has {len(seen['files'])} files, not {len(files)}"
        for file in filter(None, seen["files"]):
            if not (export / file).is_file():
                yield f"the file {file} of message {message['_id']} is not there"
        began = found.get(message.get("tmid"))
        if began is not None:
            before = order[order.index(began["id"]) : order.index(seen["id"])]
            if seen["thread"] != began["ts"] or not seen["in_thread"] or any(
                found[one]["thread"] != began["ts"] for one in before
            ):
                yield f"the reply {message['_id']} is not in its thread"


def main():
    program = roomscribe()
    programs = python_with("slack-export-viewer", VIEWER)
    failures = []
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        data = directory / "data"
        demo(program, data)
        run(program, "--data", data, "import", HOSTILE)
        for room in (DEMO, HOSTILE):
            name = room.parent.name
            sent = [json.loads(line) for line in room.read_text("utf-8").splitlines()]
            export, pages = directory / f"{name}-export", directory / f"{name}-pages"
            run(program, "--data", data, "export", sent[0]["rid"], "-f", "slack", "-o", export)
            wrong = list(complaints(export, sent, programs))
            if room == DEMO and not any((export / "assets").iterdir()):
                wrong.append("the files of the demo are not there")
            run(programs / "slack-export-viewer", "-z", export, "--html-only", "-o", pages, "--no-browser")
            [page] = pages.glob("channel/*/index.html")
            shown = page.read_text("utf-8").count('<div class="message-container')
            if shown != len(sent):
                wrong.append(f"the viewer's page shows {shown} messages")
            failures += [f"{name}: {complaint}" for complaint in wrong]
            print(f"{name}: {len(sent)} messages, {len(wrong)} complaints")
        next(path for path in sorted(export.glob("*/*.json"))).unlink()
        if not any("was not found" in complaint for complaint in complaints(export, sent, programs)):
            failures.append("a day that was taken away was not missed")
    report(failures)


if __name__ == "__main__":
    main()
