#!/usr/bin/env python3
"""How fast a format is that is not part of the program: the same table built in, as WebAssembly, as a program.

    tests/bench/foreign.py [--binary target/release/roomscribe] [--messages 1000000] [--rounds 3]
    tests/bench/foreign.py --ndjson MESSAGES.ndjson --room ID

A room of made-up messages, or of those in a file, is exported by `csv`, which is part of the program, and by
`tables/table.ts` (AssemblyScript) and `tables/table.py`, in turn. All three must write the same bytes. Prints for
each messages per CPU second, those of its processes together, and the peak of memory of the largest process; and
demands 120,000 messages per CPU second of WebAssembly from 1,000,000 on.
"""

import argparse
import filecmp
import json
import os
import pathlib
import shutil
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("plugins", "formats")]

import measure
from measure import Failed, in_turn, middle, note, run

LEAST = 120_000
JUDGED = 1_000_000
TABLES = measure.ROOT / "tests" / "bench" / "tables"
OVERHEAD_MIB = 64  # [plugins.wasm] memory_mb as it is shipped


def store(program, place, options):
    """A data directory with the messages; answers how many there are."""
    lines = options.ndjson
    if not lines:
        lines = place / "bench.ndjson"
        generator = measure.ROOT / "tests" / "bench" / "gen.py"
        run([sys.executable, generator, str(options.messages), "--room", options.room], output=lines)
    with lines.open("rb") as file:
        count = sum(1 for _ in file)
    run([program, "--data", place / "data", "import", lines])
    if not options.ndjson:
        lines.unlink()
    return count


def wasm(place):
    """The table in AssemblyScript, compiled, where the server looks for it."""
    import foreign

    modules = place / "data" / "plugins"
    modules.mkdir(parents=True)
    try:
        measure.said(*foreign.by_asc(TABLES / "table.ts", modules / "table.wasm"))
    except foreign.Missing as missing:
        raise Failed(str(missing)) from missing


def python(place):
    """The table in Python, named in config.toml."""
    command = [os.path.realpath(sys.executable), str(TABLES / "table.py")]
    (place / "config.toml").write_text(f"[plugins.process.table-python]\ncommand = {json.dumps(command)}\n", "utf-8")


def written(place, name):
    """The table of that format."""
    [table] = (place / "out" / name).glob("*.csv")
    return table


def task(program, place, room, name):
    """One export by that format, from nothing."""

    def export():
        output = place / "out" / name
        shutil.rmtree(output, ignore_errors=True)
        output.parent.mkdir(exist_ok=True)
        command = [program, "--config", place / "config.toml", "--data", place / "data"]
        return run([*command, "export", room, "-f", name, "-o", output])

    return export


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=measure.ROOT / "target" / "release" / "roomscribe")
    parser.add_argument("--messages", type=int, default=JUDGED)
    parser.add_argument("--ndjson", type=pathlib.Path, help="messages of one room instead of made-up ones")
    parser.add_argument("--room", default="bench", help="the room they are in")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    program = options.binary.resolve()
    if not program.is_file():
        sys.exit(f"foreign.py: there is no {program}; build it (cargo build --release), or give its path")
    with tempfile.TemporaryDirectory(dir=measure.ROOT / "target") as place:
        place = pathlib.Path(place)
        try:
            note("the room")
            count = store(program, place, options)
            wasm(place)
            python(place)
            names = ["csv", "table-wasm", "table-python"]
            note(f"{count:,} messages, {options.rounds} rounds")
            results = in_turn(options.rounds, {name: task(program, place, options.room, name) for name in names})
        except Failed as failed:
            sys.exit(f"foreign.py: {failed}")
        for name in names[1:]:
            if not filecmp.cmp(written(place, "csv"), written(place, name), shallow=False):
                sys.exit(f"foreign.py: {name} writes other bytes than csv")
        size = written(place, "csv").stat().st_size
    print(measure.machine())
    print(f"{count:,} messages, the same {size:,} bytes by each; medians of {options.rounds} rounds")
    rates = {}
    for name, costs in results.items():
        rates[name] = count / middle(costs, "cpu")
        print(f"{name:<12} {rates[name]:>10,.0f} messages per CPU second, {middle(costs, 'wall'):6.1f} s,"
              f" peak {middle(costs, 'peak'):4.0f} MiB")
    more = middle(results["table-wasm"], "peak") - middle(results["csv"], "peak")
    if more > OVERHEAD_MIB:
        sys.exit(f"foreign.py: WebAssembly takes {more:.0f} MiB more than csv, of at most {OVERHEAD_MIB}")
    if count >= JUDGED and rates["table-wasm"] < LEAST:
        sys.exit(f"foreign.py: WebAssembly writes fewer than {LEAST:,} messages per CPU second")


if __name__ == "__main__":
    main()
