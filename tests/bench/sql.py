"""Databases that write the same rows: the sqlite3 command line, and PostgreSQL."""

import csv
import json
import os
import pathlib
import pwd
import sqlite3
import subprocess

from measure import Failed, Missing, note, run, said, tool

COLUMNS = "id rid ts uid username name msg t tmid rest".split()
"""What every message has is a column; everything else is JSON in the last one."""


def rows(messages):
    """The messages of a file as rows."""
    with open(messages, encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            user = message.pop("u")
            first = [message.pop(key, None) for key in ("_id", "rid", "ts", "msg", "t", "tmid")]
            rest = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
            yield (*first[:3], user["_id"], user["username"], user["name"], *first[3:], rest)


def sqlite(mode):
    """Prepares the export by sqlite3's command line in one of its modes."""
    def prepare(bench, count):
        program = tool("sqlite3", "sqlite3")
        database = bench.place / f"rows-{count}.db"
        if not database.is_file():
            note(f"loading {count:,} rows into SQLite")
            connection = sqlite3.connect(database)
            connection.execute(f"create table m({', '.join(COLUMNS)}, primary key(rid, ts, id)) without rowid")
            marks = ",".join("?" * len(COLUMNS))
            connection.executemany(f"insert into m values({marks})", rows(bench.messages(count)))
            connection.commit()
            connection.close()
        output = bench.place / f"sqlite.{mode}"
        command = [program, "-batch", "-cmd", f".mode {mode}", database, "select * from m order by rid, ts, id"]
        bench.explain(f"sqlite3 {said(program, '--version').split()[0]}, the primary key in order, to a file: {bench.show(command)}")

        def task():
            cost = run(command, output=output)
            with open(output, "rb") as file:
                found = sum(line.count(b'"id":') if mode == "json" else line.startswith(b"<TR>") for line in file)
            bench.require(found >= count, f"sqlite3 wrote {found} of {count} rows")
            return cost

        return task
    return prepare


def somebody():
    """The account that PostgreSQL runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Missing("PostgreSQL does not run as root, and there is no other account")


def postgres(bench, count):
    """Prepares `COPY (SELECT row_to_json(m) …)`, in single-user mode: all its work is one process's."""
    programs = pathlib.Path(tool("initdb", "postgresql")).resolve().parent
    account = somebody()
    place = bench.fresh("postgres")
    place.mkdir()
    as_account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    if account:
        os.chown(place, account.pw_uid, account.pw_gid)
    as_account["cwd"] = place
    try:
        run([programs / "initdb", "-D", place / "data", "-E", "UTF8", "--locale=C.UTF-8", "-U", "bench"], **as_account)
    except (Failed, PermissionError) as error:
        raise Missing(f"initdb does not work here: {str(error)[-300:]}") from error
    note(f"loading {count:,} rows into PostgreSQL")
    table, output, script = place / "rows.csv", place / "rows.json", place / "script.sql"
    with open(table, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows(bench.messages(count)))
    columns = ", ".join(f"{name} {'json' if name == 'rest' else 'text'}" for name in COLUMNS)
    single = [programs / "postgres", "--single", "-D", place / "data", "postgres"]

    def execute(*statements):
        script.write_text("\n".join(statements) + "\n", "utf-8")
        return run(single, given=script, **as_account)

    execute(f"create table m ({columns}, primary key (rid, ts, id))", f"copy m from '{table}' with (format csv)", "vacuum (freeze, analyze) m")
    table.unlink()
    statement = f"copy (select row_to_json(m) from m order by rid, ts, id) to '{output}'"
    version = said(programs / "postgres", "--version").strip()
    bench.explain(f"{version}, as initdb sets it up, `postgres --single`, the primary key in order: {statement.replace(str(place) + '/', '')}")

    def task():
        cost = execute(statement)
        found = int(subprocess.run(["wc", "-l", output], capture_output=True, text=True, check=True, timeout=600).stdout.split()[0])
        bench.require(found == count, f"PostgreSQL wrote {found} of {count} rows")
        return cost

    return task
