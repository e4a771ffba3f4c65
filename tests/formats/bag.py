#!/usr/bin/env python3
"""Proof that zipped exports are BagIt bags to the program of the Library of Congress.

    tests/formats/bag.py [path of roomscribe]

Exports the room of `roomscribe demo`, the hostile room and one whose name tries to forge a line, with
the real program, as zips. Each is tested by `unzip -t`, unpacked, and validated by bagit-python (PyPI,
installed under target/). Then a byte of every file is changed in turn, a file is added, one is taken
away, and the same validation must complain.
"""

import json
import pathlib
import shutil
import tempfile
import zipfile

from support import DEMO, HOSTILE, demo, python_with, report, roomscribe, run

BAGIT = "bagit==1.9.0"

# What some program takes for the end of a line, and a line that would be believed behind it.
BREAKS = ["\n", "\r", "\u000b", "\u000c", "\u001c", "\u001e", "\u0085", "\u2028", "\u2029"]
FORGED = "harbour" + "".join(f"{end}Payload-Oxum: 1.1" for end in BREAKS)

# Runs with bagit's Python: what it says of the bag, and what it reads in bag-info.txt.
VALIDATE = """
import json, logging, sys, bagit
logging.disable(logging.CRITICAL)
try:
    bag = bagit.Bag(sys.argv[1])
    bag.validate()
    print(json.dumps({"info": bag.info, "payload": sorted(bag.payload_files())}))
except bagit.BagError as error:
    print(json.dumps({"complaint": str(error)}))
"""


def forged_room(directory):
    """A room whose name would be several lines, if it could."""
    header = {"type": "header", "format": "roomscribe-ndjson", "version": 1,
              "room": {"_id": "forged", "t": "c", "name": "forged", "fname": FORGED, "ts": "2024-03-15T10:20:00.000Z"}}  # fmt: skip
    message = {"_id": "m1", "rid": "forged", "msg": "x", "ts": "2024-03-15T10:20:00.000Z",
               "u": {"_id": "bob", "username": "bob"}}  # fmt: skip
    file = directory / "forged.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in (header, message)), "utf-8")
    return file


def unpacked(archive, into):
    """The one directory in the zip."""
    if shutil.which("unzip"):
        run("unzip", "-tq", archive)
        run("unzip", "-q", archive, "-d", into)
    else:
        with zipfile.ZipFile(archive) as packed:
            if packed.testzip() is not None:
                raise SystemExit(f"bag.py: {archive} is damaged")
            packed.extractall(into)
    [bag] = into.iterdir()
    return bag


def validated(python, bag):
    return json.loads(run(python, "-c", VALIDATE, bag).splitlines()[-1])


def harmless(python, bag, verdict):
    """What is wrong with a bag that should be right."""
    if "complaint" in verdict:
        yield verdict["complaint"]
        return
    payload = sorted(path for path in (bag / "data").rglob("*") if path.is_file())
    listed = [path.relative_to(bag).as_posix() for path in payload]
    if sorted(verdict["payload"]) != sorted(listed):
        yield f"bagit lists {verdict['payload']}, there are {listed}"
    info = verdict["info"]
    expected = f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"
    if info.get("Payload-Oxum") != expected:
        yield f"Payload-Oxum is {info.get('Payload-Oxum')!r}, not {expected!r}"
    for label in ("Bagging-Date", "Bag-Software-Agent", "External-Description", "Roomscribe-Room", "Merkle-Root"):
        if not isinstance(info.get(label), str):
            yield f"{label} is {info.get(label)!r}, not one line"


def harmful(python, bag):
    """Changes that bagit did not complain about."""
    # The signature stands in no list; `roomscribe verify` checks it.
    files = sorted(path for path in bag.rglob("*") if path.is_file() and path.name != "signature.json")
    for file in files:
        intact = file.read_bytes()
        if not intact:
            continue
        changed = bytearray(intact)
        changed[len(changed) // 2] ^= 1
        file.write_bytes(changed)
        if "complaint" not in validated(python, bag):
            yield f"a changed byte in {file.relative_to(bag)} was not found"
        file.write_bytes(intact)
    extra = bag / "data" / "extra.txt"
    extra.write_bytes(b"")
    if "complaint" not in validated(python, bag):
        yield "a file too many was not found"
    extra.unlink()
    payload = next(path for path in files if bag / "data" in path.parents)
    intact = payload.read_bytes()
    payload.unlink()
    if "complaint" not in validated(python, bag):
        yield "a file too few was not found"
    payload.write_bytes(intact)
    if "complaint" in validated(python, bag):
        yield "the bag is not what it was; the changes before prove nothing"


def main():
    program = roomscribe()
    python = python_with("bagit", BAGIT) / "python"
    failures = []
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        data = directory / "data"
        demo(program, data)
        run(program, "--data", data, "import", HOSTILE)
        run(program, "--data", data, "import", forged_room(directory))
        rooms = {"demo": DEMO, "hostile": HOSTILE, "forged": None}
        for name, source in rooms.items():
            room = "forged" if source is None else json.loads(source.open(encoding="utf-8").readline())["rid"]
            archive = directory / f"{name}.zip"
            run(program, "--data", data, "export", room, "-f", "ndjson", "-o", archive)
            run(program, "--data", data, "verify", archive)
            bag = unpacked(archive, directory / f"{name}-unpacked")
            run(program, "--data", data, "verify", bag)
            wrong = list(harmless(python, bag, validated(python, bag)))
            if name == "demo":
                if not any((bag / "data" / "assets").iterdir()):
                    wrong.append("the files of the demo are not there")
                wrong += harmful(python, bag)
            failures += [f"{name}: {complaint}" for complaint in wrong]
            print(f"{name}: {sum(path.is_file() for path in bag.rglob('*'))} files, {len(wrong)} complaints")
    report(failures)


if __name__ == "__main__":
    main()
