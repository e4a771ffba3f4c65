#!/usr/bin/env python3
"""Exports a room of any size beside the sqlite3 command line over the same rows, in one run.

usage: tests/bench/export.py MESSAGES.ndjson [--binary target/release/roomscribe] [--rounds 3]

MESSAGES.ndjson: REST message objects of one room, one a line, in time order. Prints, for each
task, the median over the rounds of CPU seconds, wall seconds, messages per CPU second, and the
largest resident memory. Shared machines are noisy: compare ratios within one run only.
"""
import argparse, json, os, shutil, sqlite3, statistics, subprocess, sys, tempfile, time


def measured(command):
    """Runs a command; answers CPU seconds, wall seconds and its peak resident memory in MiB."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed: {errors.decode()}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024


def load_sqlite(messages, path):
    database = sqlite3.connect(path)
    database.execute("create table m(id, rid, ts, uid, username, name, msg, t, tmid, rest,"
                     " primary key(rid, ts, id)) without rowid")

    def rows():
        for line in open(messages, encoding="utf-8"):
            message = json.loads(line)
            user = message.pop("u")
            first = [message.pop(key, None) for key in ("_id", "rid", "ts", "msg", "t", "tmid")]
            rest = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
            yield (*first[:3], user["_id"], user["username"], user.get("name"), *first[3:], rest)

    database.executemany("insert into m values(?,?,?,?,?,?,?,?,?,?)", rows())
    database.commit()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages")
    parser.add_argument("--binary", default="target/release/roomscribe")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    binary, messages = os.path.abspath(arguments.binary), os.path.abspath(arguments.messages)
    with open(messages, encoding="utf-8") as lines:
        room = json.loads(lines.readline())["rid"]
        count = 1 + sum(1 for _ in lines)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as place:
        os.chdir(place)
        imported = measured([binary, "--data", "data", "import", messages])
        print(f"{count:,} messages; import: {imported[0]:.1f} CPU s, {imported[1]:.1f} s, peak {imported[2]:.0f} MiB")
        opened = measured([binary, "--data", "data", "export", room, "-f", "json", "-o", "none",
                           "--to", "1970-01-02"])
        print(f"opening the store alone: peak {opened[2]:.0f} MiB")
        tasks = {f"roomscribe {form} {'zip' if kind else 'files'}":
                 [binary, "--data", "data", "export", room, "-f", form, "-o", f"out{kind}"]
                 for form in ("json", "html") for kind in ("", ".zip")}
        if shutil.which("sqlite3"):
            load_sqlite(messages, "rows.db")
            tasks["sqlite3 .mode json"] = ["sqlite3", "-cmd", ".mode json", "rows.db", "select * from m order by ts, id"]
        else:
            print("sqlite3 is not installed: left out")
        results = {name: [] for name in tasks}
        for _ in range(arguments.rounds):
            for name, command in tasks.items():
                results[name].append(measured(command))
                shutil.rmtree("out", ignore_errors=True)
                if os.path.exists("out.zip"):
                    os.remove("out.zip")
        print(f"{'task':<24}{'CPU s':>8}{'wall s':>8}{'messages/CPU s':>16}{'peak MiB':>10}")
        for name, rounds in results.items():
            cpu, wall, peak = (statistics.median(figures) for figures in zip(*rounds))
            print(f"{name:<24}{cpu:>8.2f}{wall:>8.2f}{count / cpu:>16,.0f}{peak:>10.0f}")


main()
