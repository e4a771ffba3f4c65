#!/usr/bin/env python3
"""Proof that one pass writes all formats, and that programs which we did not write can read each.

    tests/formats/all.py [path of roomscribe [room.ndjson …]]

Imports the rooms (the demo's and the hostile one, if none are given; messages as the REST API writes
them), exports each with every format in one zip, and checks: the zip by `unzip -t` and `roomscribe
verify`; the bag by bagit-python; `ndjson` line by line and `json` as a whole by a JSON Schema validator;
`csv` by Python's reader; `markdown` by cmark, the reference parser of CommonMark; `slack` by
slack-export-viewer's reader; `mattermost` line by line and by its order; `html` and `text` by what they
hold. The messages that each reader finds must be those that were sent.
"""

import collections
import csv
import html.parser
import json
import pathlib
import shutil
import sys
import tempfile
import time

from support import DEMO, HOSTILE, ROOT, demo, python_with, report, roomscribe, run

FORMATS = ["html", "json", "ndjson", "csv", "markdown", "text", "slack", "mattermost"]

# Runs with the validators' Python: bag and schemas.
VALIDATE = """
import bagit, json, logging, sys
import jsonschema_rs
logging.disable(logging.CRITICAL)
bag, line_schema, document_schema = sys.argv[1:4]
bagit.Bag(bag).validate(processes=2)
schemas = {}
for path in (line_schema, document_schema):
    schema = json.load(open(path, encoding="utf-8"))
    schemas[schema["$id"]] = schema
registry = jsonschema_rs.Registry(list(schemas.items()))
line = jsonschema_rs.Draft202012Validator(json.load(open(line_schema, encoding="utf-8")), registry=registry)
document = jsonschema_rs.Draft202012Validator(json.load(open(document_schema, encoding="utf-8")), registry=registry)
count = 0
for path in sys.argv[4].split("\\n"):
    with open(path, encoding="utf-8", newline="\\n") as lines:
        for text in lines:
            line.validate(json.loads(text))
            count += 1
for path in sys.argv[5].split("\\n"):
    document.validate(json.load(open(path, encoding="utf-8")))
# A validator that accepts everything proves nothing.
assert not line.is_valid({"_id": 1}) and not document.is_valid({"messages": 3})
print(count)
"""

# Runs with slack-export-viewer's Python.
READ_SLACK = """
import json, logging, sys
from slackviewer.config import Config
from slackviewer.reader import Reader
logging.disable(logging.WARNING)
reader = Reader(Config({"archive": sys.argv[1], "thread_note": False}))
rooms = list(reader.compile_channels().values()) + list(reader.compile_groups().values())
print(json.dumps([m._message["client_msg_id"] for messages in rooms for m in messages]))
"""


def sent_in(files):
    """The messages of the inputs, by their ids."""
    sent = {}
    for file in files:
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                message = json.loads(line)
                if "_id" in message and "rid" in message:
                    sent[message["_id"]] = message
    return sent


class Ids(html.parser.HTMLParser):
    """The ids of the messages on a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        if tag == "li" and "id" in names and "message" in (names.get("class") or "").split():
            self.found.append(names["id"])


def html_ids(top):
    """Every message is on a page of its month or, in a long thread, on that of its thread; mostly on both."""
    found = set()
    for page in sorted(top.rglob("*.html")):
        reader = Ids()
        with open(page, encoding="utf-8") as text:
            while part := text.read(1 << 20):
                reader.feed(part)
        if len(set(reader.found)) < len(reader.found):
            sys.exit(f"all.py: {page} has one id twice")
        found.update(reader.found)
    return found


def markdown_messages(top, sent):
    """What the reference parser makes of the documents: every text that is plain enough to look for."""
    for document in top.glob("*.md"):
        xml = run("cmark", "--to", "xml", document, timeout=3600)
        if "<html_block" in xml or "<html_inline" in xml:
            yield f"{document.name} holds HTML"
        texts = collections.Counter()
        for piece in xml.split("<text xml:space=\"preserve\">")[1:]:
            texts[piece.split("</text>", 1)[0]] += 1
        for message in sent.values():
            text = message["msg"]
            if not message.get("t") and text.isascii() and text.replace(" ", "").isalnum() and not texts[text]:
                if message["rid"] in document.read_text("utf-8")[:2000]:
                    yield f"{document.name}: message {message['_id']} is not there"


def mattermost_complaints(top, sent):
    order, posts = [], 0
    for name in ("1-import.jsonl", "2-posts.jsonl"):
        with open(top / name, encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if not order or order[-1] != record["type"]:
                    order.append(record["type"])
                if record["type"] == "post":
                    posts += 1 + len(record["post"].get("replies") or [])
    expected = ["version", "team", "channel", "user", "post"]
    if order != expected:
        yield f"mattermost wants {expected}, not {order}"
    if posts < len(sent):
        yield f"mattermost holds {posts} posts, {len(sent)} messages were sent"


def complaints(bag, sent, programs):
    data = bag / "data"
    missing = {name for name in FORMATS if not (data / name).is_dir()}
    if missing:
        yield f"there is nothing of {sorted(missing)}"
        return
    wanted = sorted(sent)

    def compare(name, found):
        if sorted(found) != wanted:
            counted = collections.Counter(found)
            lost = [one for one in wanted if not counted[one]][:3]
            extra = [one for one, times in counted.items() if one not in sent or times > 1][:3]
            yield f"{name} holds {len(found)} messages, {len(wanted)} were sent; lost: {lost}, too much: {extra}"

    lines = sorted(map(str, (data / "ndjson").glob("*.ndjson")))
    documents = sorted(map(str, (data / "json").glob("*.json")))
    schemas = [ROOT / "plugins" / name / "schema.json" for name in ("ndjson", "json")]
    python = programs / "python"
    run(python, "-c", VALIDATE, bag, *schemas, "\n".join(lines), "\n".join(documents), timeout=3600)
    found = []
    for path in lines:
        with open(path, encoding="utf-8", newline="\n") as records:
            found += [record["_id"] for record in map(json.loads, records) if "type" not in record or "rid" in record]
    yield from compare("ndjson", found)
    found = [message["_id"] for path in documents for message in json.load(open(path, encoding="utf-8"))["messages"]]
    yield from compare("json", found)
    csv.field_size_limit(1 << 30)
    found = []
    for path in (data / "csv").glob("*.csv"):
        with open(path, encoding="utf-8", newline="") as rows:
            reader = csv.DictReader(rows, strict=True)
            for row in reader:
                if None in row or None in row.values():
                    yield f"csv: the row of {row['id']} has another number of cells"
                found.append(row["id"])
    yield from compare("csv", found)
    read = run(python, "-c", READ_SLACK, data / "slack", timeout=3600)
    yield from compare("slack", json.loads(read.splitlines()[-1]))
    yield from compare("html", list(html_ids(data / "html")))
    yield from markdown_messages(data / "markdown", sent)
    yield from mattermost_complaints(data / "mattermost", sent)
    total = 0
    for path in (data / "text").glob("*.txt"):
        with open(path, encoding="utf-8") as text:
            total += sum(int(line.split()[1]) for line in text if line.startswith("Messages:      "))
    if total != len(sent):
        yield f"text counts {total} messages, {len(sent)} were sent"


def main():
    program = roomscribe()
    programs = python_with("validators", "bagit==1.9.0", "jsonschema-rs==0.33.0", "slack-export-viewer==3.5.0")
    if shutil.which("cmark") is None:
        sys.exit("all.py: there is no cmark; install the Debian package of that name")
    rooms = [pathlib.Path(path) for path in sys.argv[2:]] or [DEMO, HOSTILE]
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as temporary:
        directory = pathlib.Path(temporary)
        data, archive, unpacked = directory / "data", directory / "all.zip", directory / "unpacked"
        if len(sys.argv) > 2:
            for room in rooms:
                run(program, "--data", data, "import", room, timeout=3600)
        else:
            demo(program, data)
            run(program, "--data", data, "import", HOSTILE)
        sent = sent_in(rooms)
        ids = sorted({message["rid"] for message in sent.values()})
        choice = [word for name in FORMATS for word in ("--format", name)]
        begun = time.monotonic()
        run(program, "--data", data, "export", *ids, *choice, "--output", archive, timeout=3600)
        print(f"{len(ids)} rooms, {len(sent)} messages, {len(FORMATS)} formats: {archive.stat().st_size:,} bytes"
              f" in {time.monotonic() - begun:.1f} s")  # fmt: skip
        print(run(program, "verify", archive, timeout=3600).strip())
        run("unzip", "-tq", archive, timeout=3600)
        run("unzip", "-q", archive, "-d", unpacked, timeout=3600)
        [bag] = unpacked.iterdir()
        failures = list(complaints(bag, sent, programs))
    report(failures)


if __name__ == "__main__":
    main()
