#!/usr/bin/env python3
"""Proof that a format in every language works as README says, from an empty directory to `rooms.export`.

    tests/plugins/foreign.py [BINARY]

For each language: `plugin new`, the build that its README.md names, `plugin check`; then all of them in one
server, which exports the same hostile room by each. All must write the same bytes. Then a program that goes
wrong: it is cancelled, it is switched off after three faults, and it comes back.

Installs what it builds with from PyPI and npm under target/. A language that cannot be had is left out with a
word; Python, JavaScript, WAT and one more that is compiled must be there.
"""

import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "formats"))

import support

ZIG = "ziglang==0.17.1"
NPM = ["assemblyscript@0.28.20", "wabt@1.0.39"]
PASSWORD = "correct-horse-battery"
HOSTILE = support.ROOT / "tests" / "cli" / "hostile.sh"
ENDED = ("done", "failed", "cancelled")


class Missing(Exception):
    """A compiler that this machine cannot have."""


def check(right, complaint):
    if not right:
        sys.exit(f"foreign.py: {complaint}")


def zig():
    """The command of the compiler."""
    place = support.ROOT / "target" / "foreign-zig"
    try:
        if not (place / "installed").is_file():
            subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True, capture_output=True, timeout=300)
            pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ZIG]
            subprocess.run(pip, check=True, capture_output=True, timeout=900)
            (place / "installed").touch()
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"{ZIG} cannot be installed: {error}") from error
    return [place / "bin" / "python", "-m", "ziglang"]


def npm(name):
    """A program of what npm has."""
    place = support.ROOT / "target" / "foreign-npm"
    try:
        if not (place / "installed").is_file():
            place.mkdir(parents=True, exist_ok=True)
            (place / "package.json").write_text("{}", "utf-8")
            command = ["npm", "install", "--silent", "--no-audit", "--no-fund", *NPM]
            subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=600)
            (place / "installed").touch()
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"{NPM} cannot be installed: {error}") from error
    return place / "node_modules" / ".bin" / name


def interpreter(name):
    """The file itself: what pyenv and others put into the PATH needs an environment."""
    ask = {"python3": [sys.executable, "-c", "import sys, os; print(os.path.realpath(sys.executable))"],
           "node": ["node", "-e", "console.log(process.execPath)"]}[name]
    try:
        return support.run(*ask).strip()
    except OSError as error:
        raise Missing(f"{name} is not installed") from error


def by_zig(source, wasm):
    flags = ["-target", "wasm32-freestanding", "-O", "ReleaseFast", "-fno-entry", "-rdynamic", "-fstrip"]
    return [*zig(), "build-exe", source, *flags, f"-femit-bin={wasm}"]


def by_zig_cc(source, wasm):
    flags = ["-target", "wasm32-freestanding", "-O2", "-nostdlib", "-Wl,--no-entry", "-s"]
    return [*zig(), "cc", *flags, source, "-o", wasm]


def by_clang(source, wasm):
    clang = next(filter(shutil.which, ["clang", *(f"clang-{version}" for version in range(25, 13, -1))]), None)
    if not clang:
        raise Missing("clang is not installed")
    return [clang, "--target=wasm32", "-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", source, "-o", wasm]


def by_asc(source, wasm):
    return [npm("asc"), source, "-O3", "--runtime", "minimal", "--use", "abort=", "-o", wasm]


def by_wabt(source, wasm):
    return [npm("wat2wasm"), source, "-o", wasm]


# A format's name, its language, and how it is compiled, or what runs it.
FORMATS = [
    ("tsv-python", "python", "python3"),
    ("tsv-node", "node", "node"),
    ("tsv-wat", "wat", by_wabt),
    ("tsv-assemblyscript", "assemblyscript", by_asc),
    ("tsv-zig", "zig", by_zig),
    ("tsv-c", "c", by_zig_cc),
    ("tsv-clang", "c", by_clang),
]


def made(program, place, name, language, by):
    """Begins, builds and checks a format; answers its command or its file, for `plugin`."""
    support.run(program, "plugin", "new", name, "--lang", language, "--in", place)
    [source] = (path for path in (place / name).iterdir() if path.name not in ("README.md", "room.ndjson"))
    if isinstance(by, str):
        target = ["--", interpreter(by), source]
    else:
        target = [place / name / f"{name}.wasm"]
        command = by(source, *target)
        began = time.monotonic()
        built = subprocess.run(list(map(str, command)), cwd=place / name, capture_output=True, text=True, timeout=600)
        check(built.returncode == 0, f"{name} cannot be built:\n{built.stderr[-3000:]}")
        print(f"  {name}: built in {time.monotonic() - began:.1f} s, {target[0].stat().st_size:,} bytes")
    support.run(program, "plugin", "check", *target)
    return target


class Server:
    """A server with these formats, and an administrator who calls it."""

    def __init__(self, program, place):
        command = [program, "--config", place / "config.toml", "--data", place / "data"]
        support.run(*command, "import", support.HOSTILE)
        environment = os.environ | {
            "ADMIN_USERNAME": "admin", "ADMIN_PASS": PASSWORD, "OVERWRITE_SETTING_API_Enable_Rate_Limiter": "false"}
        serve = [*map(str, command), "serve", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(serve, stderr=subprocess.PIPE, text=True, env=environment | {"NO_COLOR": "1"})
        too_long, said = threading.Timer(120, self.process.kill), ""
        too_long.start()
        while not (ready := re.search(r"ready address=(\S+)", said)):
            line = self.process.stderr.readline()
            check(line, f"the server did not come up:\n{said[-3000:]}")
            said += line
        too_long.cancel()
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.address, self.headers = f"http://{ready[1]}", {"Content-Type": "application/json"}
        login = self.call("login", user="admin", password=PASSWORD)["data"]
        self.headers |= {"X-User-Id": login["userId"], "X-Auth-Token": login["authToken"]}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def fetch(self, path, body=None):
        request = urllib.request.Request(self.address + path, body, self.headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def call(self, endpoint, **body):
        try:
            return json.loads(self.fetch(f"/api/v1/{endpoint}", json.dumps(body).encode()))
        except urllib.error.HTTPError as refused:
            return json.loads(refused.read())

    def state(self, job):
        return json.loads(self.fetch(f"/api/v1/exports.info?exportId={job}"))["export"]

    def until(self, job, states):
        for _ in range(1200):
            export = self.state(job)
            if export["state"] in states:
                return export
            time.sleep(0.1)
        sys.exit(f"foreign.py: export {job} stays {export}")

    def export(self, name):
        """How an export of the room by this format ended, and its table, if there is one."""
        answer = self.call("rooms.export", rid="hostile", type="file", format=name)
        check("exportId" in answer, f"rooms.export by {name}: {answer}")
        export = self.until(answer["exportId"], ENDED)
        if export["state"] != "done":
            return export, None
        return export, self.tables(answer["exportId"])[0]

    def tables(self, job):
        with zipfile.ZipFile(io.BytesIO(self.fetch(f"/data-export/{job}"))) as files:
            return [files.read(name) for name in sorted(files.namelist()) if name.endswith(".tsv")]

    def plugin(self, file):
        listed = json.loads(self.fetch("/api/v1/exports.plugins"))["plugins"]
        return next(plugin for plugin in listed if plugin["file"] == file)


def same_bytes(server, names):
    """Every format writes what the first writes, alone and beside the others, and with options."""
    listed = {known["id"] for known in json.loads(server.fetch("/api/v1/exports.formats"))["formats"]}
    check(set(names) <= listed, f"exports.formats lists {sorted(listed)}")
    sent = [json.loads(line) for line in support.HOSTILE.read_text("utf-8").split("\n") if line]
    first = None
    for name in names:
        export, table = server.export(name)
        check(table is not None, f"{name}: {export}")
        rows = [row.split(b"\t") for row in table.split(b"\n")]
        check(rows.pop() == [b""] and rows[0] == [b"id", b"time", b"sender", b"text"], f"{name}: {rows[:2]}")
        check({len(row) for row in rows} == {4}, f"{name}: a cell breaks its row")
        ids = {row[0].decode() for row in rows}
        check(all(message["_id"] in ids for message in sent), f"{name}: a message is missing")
        first = first or table
        check(table == first, f"{name} writes other bytes than {names[0]}")
    formats = [{"id": name, "options": {"columns": "short", "header": False}} for name in names]
    job = server.call("exports.create", rooms=["hostile"], formats=formats)["export"]["_id"]
    check(server.until(job, ENDED)["state"] == "done", f"exports.create: {server.state(job)}")
    tables = server.tables(job)
    short = b"".join(row.split(b"\t", 1)[1] for row in first.split(b"\n")[1:-1] for row in [row + b"\n"])
    check(len(tables) == len(names) and set(tables) == {short}, "with options they differ")
    refused = server.call("rooms.export", rid="hostile", type="file", format=names[0], formatOptions={"columns": "x"})
    check(not refused["success"] and "full, short" in str(refused), f"a wrong option: {refused}")
    return len(first)


def goes_wrong(server):
    """A program that hangs is cancelled; one that fails three times is switched off, until somebody says so."""
    job = server.call("rooms.export", rid="hostile", type="file", format="mute")["exportId"]
    server.until(job, ["rendering", "running", *ENDED])
    time.sleep(1)
    check(server.call("users.info", username="admin") and server.state(job)["state"] not in ENDED, "it does not hang")
    server.call("exports.cancel", exportId=job)
    check(server.until(job, ENDED)["state"] == "cancelled", "it cannot be cancelled")
    check(server.export("tsv-python")[1], "another export waits for what was cancelled")
    for _ in range(3):
        export, _ = server.export("crash")
        check("SIGSEGV" in export.get("error", str(export)), f"the reason is not told: {export}")
    refused = server.call("rooms.export", rid="hostile", type="file", format="crash")
    check(not refused["success"] and "switched off" in str(refused), f"it is not switched off: {refused}")
    check(server.plugin("[plugins.process.crash]")["state"] == "off", "exports.plugins does not tell")
    server.call("exports.plugins.reload")
    check(server.plugin("[plugins.process.crash]")["state"] == "ready", "it does not come back")


def main():
    program = support.roomscribe()
    with tempfile.TemporaryDirectory() as place:
        place, names, config = pathlib.Path(place), [], ""
        modules = place / "data" / "plugins"
        modules.mkdir(parents=True)
        for name, language, by in FORMATS:
            try:
                target = made(program, place, name, language, by)
            except Missing as missing:
                print(f"  left out: {name}: {missing}")
                continue
            names.append(name)
            if target[0] == "--":
                config += f"[plugins.process.{name}]\ncommand = {json.dumps([str(word) for word in target[1:]])}\n"
            else:
                shutil.copy(target[0], modules)
        check({"tsv-python", "tsv-node", "tsv-wat"} <= set(names), f"only {names} could be built")
        check({"tsv-zig", "tsv-assemblyscript"} & set(names), f"only {names} could be built")
        for way in ("mute", "crash"):
            config += f'[plugins.process.{way}]\ncommand = ["/bin/sh", "{HOSTILE}", "{way}"]\nsilent_seconds = 600\n'
        (place / "config.toml").write_text(config, "utf-8")
        with Server(program, place) as server:
            size = same_bytes(server, names)
            goes_wrong(server)
    print(f"{len(names)} formats write the same {size:,} bytes: {', '.join(names)}")


if __name__ == "__main__":
    main()
