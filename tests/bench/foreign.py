#!/usr/bin/env python3
"""How fast a format is that is not part of the program: the same table built in, as WebAssembly, as a program.

    tests/bench/foreign.py [--binary target/release/roomscribe] [--messages 1000000] [--rounds 3]

A room of made-up messages is exported by `csv`, which is part of the program, and by the examples `tsv` in WAT
and in Python, in turn. Prints for each messages per CPU second, those of its processes together, and the peak of
memory of the largest process; and demands 120,000 messages per CPU second of WebAssembly from 1,000,000 on.
"""

import argparse
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
OVERHEAD_MIB = 64  # [plugins.wasm] memory_mb as it is shipped


def store(program, place, messages):
    """A data directory with the room `bench`."""
    lines = place / "bench.ndjson"
    generator = measure.ROOT / "tests" / "bench" / "gen.py"
    run([sys.executable, generator, str(messages)], output=lines)
    run([program, "--data", place / "data", "import", lines])
    lines.unlink()


def wat(program, place):
    """The example in WAT, compiled, where the server looks for it."""
    import foreign

    modules = place / "data" / "plugins"
    modules.mkdir(parents=True)
    measure.said(program, "plugin", "new", "tsv-wat", "--lang", "wat", "--in", place)
    measure.said(*foreign.by_wabt(place / "tsv-wat" / "tsv-wat.wat", modules / "tsv-wat.wasm"))


def python(program, place):
    """The example in Python, named in config.toml."""
    measure.said(program, "plugin", "new", "tsv-python", "--lang", "python", "--in", place)
    command = [os.path.realpath(sys.executable), str(place / "tsv-python" / "tsv-python.py")]
    (place / "config.toml").write_text(f"[plugins.process.tsv-python]\ncommand = {json.dumps(command)}\n", "utf-8")


def task(program, place, name):
    """One export by that format, from nothing."""

    def export():
        output = place / "out" / name
        shutil.rmtree(output, ignore_errors=True)
        output.parent.mkdir(exist_ok=True)
        command = [program, "--config", place / "config.toml", "--data", place / "data"]
        return run([*command, "export", "bench", "-f", name, "-o", output])

    return export


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=measure.ROOT / "target" / "release" / "roomscribe")
    parser.add_argument("--messages", type=int, default=JUDGED)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    program = options.binary.resolve()
    if not program.is_file():
        sys.exit(f"foreign.py: there is no {program}; build it (cargo build --release), or give its path")
    with tempfile.TemporaryDirectory(dir=measure.ROOT / "target") as place:
        place = pathlib.Path(place)
        try:
            note(f"a room of {options.messages:,} messages")
            store(program, place, options.messages)
            wat(program, place)
            python(program, place)
            names = ["csv", "tsv-wat", "tsv-python"]
            results = in_turn(options.rounds, {name: task(program, place, name) for name in names})
        except Failed as failed:
            sys.exit(f"foreign.py: {failed}")
        for name in names[1:]:
            [table] = (place / "out" / name).glob("*.tsv")
            lines = table.read_bytes().count(b"\n")
            if lines != options.messages + 1:
                sys.exit(f"foreign.py: {name} wrote {lines} lines for {options.messages} messages")
    print(measure.machine())
    rates = {}
    for name, costs in results.items():
        rates[name] = options.messages / middle(costs, "cpu")
        print(f"{name:<11} {rates[name]:>10,.0f} messages per CPU second, {middle(costs, 'wall'):6.1f} s,"
              f" peak {middle(costs, 'peak'):4.0f} MiB")
    more = middle(results["tsv-wat"], "peak") - middle(results["csv"], "peak")
    if more > OVERHEAD_MIB:
        sys.exit(f"foreign.py: WebAssembly takes {more:.0f} MiB more than csv, of at most {OVERHEAD_MIB}")
    if options.messages >= JUDGED and rates["tsv-wat"] < LEAST:
        sys.exit(f"foreign.py: WebAssembly writes fewer than {LEAST:,} messages per CPU second")


if __name__ == "__main__":
    main()
