#!/usr/bin/env python3
"""A format for roomscribe: tab-separated values, one line a message."""

import json
import sys

DESCRIPTION = {
    "abi": 1,
    "name": "tsv",
    "version": "1.0.0",
    "description": "Tab-separated values, one line a message",
    "extension": "tsv",
    "media_type": "text/tab-separated-values; charset=utf-8",
    "options": {
        "type": "object",
        "properties": {
            "header": {"type": "boolean", "default": True, "description": "The first line names the columns"},
            "columns": {
                "type": "string",
                "enum": ["full", "short"],
                "default": "full",
                "description": "Which: short leaves out the id",
            },
        },
    },
}
NAMES = ("id", "time", "sender", "text")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def lines(options, records):
    """The lines of the file. The records are those after the header."""
    first = 1 if options["columns"] == "short" else 0
    if options["header"]:
        yield "\t".join(NAMES[first:])
    for record in records:
        # Only messages have a `rid`; members, files and what later versions bring have a `type`.
        if "rid" in record:
            cells = (record["_id"], record["ts"], record["u"]["username"], record["msg"])
            yield "\t".join(cell.translate(ESCAPES) for cell in cells[first:])


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    records = (json.loads(line) for line in sys.stdin)
    first = next(records)
    if first["type"] == "describe":
        print(json.dumps(DESCRIPTION))
        return
    for line in lines(first["options"], records):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
