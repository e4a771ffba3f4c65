#!/usr/bin/env python3
"""Measures roomscribe beside other programs that do the same work, and prints one table.

usage: tests/bench/peers.py [ROW ...] [-n 1000000] [--rounds 5] [--large] [--binary PATH] [--smoke]

Rows: json html memory disk send synapse calm history idle; all of them without a word. From a fresh clone
it needs Python and Rust alone: it makes up its data, builds the release binary, and brings what it compares with
into target/bench (Debian's, PyPI's and crates.io's packages). What cannot be had is left out with a word.

Each figure is the median of the rounds, in which all programs take turns. Shared machines are noisy: compare
ratios within one run, and processor seconds rather than time. --large exports ten million messages for the
row `memory`. --smoke is for tests: few messages, whatever binary there is, and it fails only if a message is
missing anywhere, a request was not answered, or memory is not bounded; never because of a time.
"""
import argparse
import gc
import sys
import time

import exports
import reads
import sends
from bench import Bench, build
from measure import ROOT, Failed, Missing, machine, note, said, table

ROWS = {
    "json": exports.to_json,
    "html": exports.to_html,
    "memory": exports.memory,
    "disk": exports.disk,
    "send": sends.to_floor,
    "synapse": sends.to_synapse,
    "calm": sends.beside_exports,
    "history": reads.history,
    "idle": reads.idle,
}
PEERS_ONLY = {"synapse"}
"""Rows that are nothing without a program that takes long to install."""


def versions(program):
    """What was measured: the version, the commit and the compiler, as far as they are known."""
    words = [said(program, "--version").strip()]
    for command in (["git", "-C", ROOT, "describe", "--always", "--dirty"], ["rustc", "--version"]):
        try:
            words.append(said(*command).strip())
        except (Failed, OSError):
            words.append(f"no {command[0]} here")
    return ", ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=" ".join(ROWS))
    parser.add_argument("-n", type=int, dest="size", help="messages of the room (1,000,000; 5,000 with --smoke)")
    parser.add_argument("--rounds", type=int, help="rounds of each row (5; 1 with --smoke)")
    parser.add_argument("--large", action="store_true", help="export ten million messages, too, for the row `memory`")
    parser.add_argument("--binary", help="measure this program; its examples/ lie beside it")
    parser.add_argument("--smoke", action="store_true", help="few messages; check counts and memory, judge no time")
    arguments = parser.parse_args()
    if unknown := [row for row in arguments.rows if row not in ROWS]:
        parser.error(f"there is no row {', '.join(unknown)}; there are {' '.join(ROWS)}")
    size = arguments.size or (5_000 if arguments.smoke else 1_000_000)
    if size < 1_000:
        parser.error("less than 1,000 messages make no benchmark")
    began = time.monotonic()
    bench = Bench(arguments.binary or build(), size, arguments.rounds or (1 if arguments.smoke else 5),
                  large=arguments.large, is_smoke=arguments.smoke)
    wanted = arguments.rows or [row for row in ROWS if not (arguments.smoke and row in PEERS_ONLY)]
    failures = []
    print(f"{machine()}\n{versions(bench.program)}\n{bench.size:,} messages, medians of {bench.rounds} rounds\n", flush=True)
    for name in wanted:
        note(f"row {name}")
        try:
            ROWS[name](bench)
        except Missing as missing:
            bench.explain(f"left out: {name}: {missing}")
        except Failed as failed:
            failures.append(f"FAILED {name}: {failed}")
            note(failures[-1])
        # What runs next inherits the peak of this process as its own.
        gc.collect()
    bench.close()
    print(table(bench.rows), "", *(f"- {words}" for words in bench.notes), sep="\n")
    print("\n".join(["", *failures, f"{len(wanted) - len(failures)} rows done, {len(failures)} failed, {time.monotonic() - began:.0f} s"]))
    sys.exit(len(failures) > 0)


if __name__ == "__main__":
    main()
