"""What the checks of formats share: the real program, its demo, and other people's programs in target/."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "fixtures" / "demo" / "messages.ndjson"
HOSTILE = ROOT / "fixtures" / "hostile" / "room.ndjson"
ME = pathlib.Path(sys.argv[0]).name


def roomscribe():
    """The program under test: the first argument, else the debug build."""
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "debug" / "roomscribe").resolve()
    if not program.is_file():
        sys.exit(f"{ME}: there is no {program}; build it (cargo build), or give its path")
    return program


def run(*command, timeout=300):
    """What a command prints; its failure ends the check."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        shown = " ".join(map(str, command))[:200]
        sys.exit(f"{ME}: {shown} failed:\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def python_with(name, *packages):
    """The directory of the programs of a Python under target/ that has these packages (PyPI, with versions)."""
    place = ROOT / "target" / name
    programs, note = place / "bin", place / "installed"
    wanted = "\n".join(packages)
    if not note.is_file() or note.read_text("utf-8") != wanted:
        venv.create(place, with_pip=True, clear=True)
        run(programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
        note.write_text(wanted, "utf-8")
    return programs


def demo(program, data):
    """The example with its files, as `demo` makes it."""
    command = [str(program), "--data", str(data), "demo", "--listen", "127.0.0.1:0"]
    environment = {**os.environ, "NO_COLOR": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as server:
        too_long = threading.Timer(120, server.kill)
        too_long.start()
        said = []
        for line in server.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                server.send_signal(signal.SIGINT)
        too_long.cancel()
    if "Ctrl-C" not in "".join(said):
        sys.exit(f"{ME}: the demo did not come up:\n{''.join(said)[-3000:]}")
    page = next((line.split("open ", 1)[1].strip() for line in said if "index.html" in line), "")
    if not pathlib.Path(page).is_file():
        sys.exit(f"{ME}: the demo says to open {page!r}, which is not there")


def report(failures):
    """Prints what is wrong, and ends the check."""
    for failure in failures[:20]:
        print(f"FAILED {failure}")
    sys.exit(len(failures) > 0)
