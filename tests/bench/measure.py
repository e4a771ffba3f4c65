"""What a program costs, and the table in which costs stand beside their targets."""

import dataclasses
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / "target" / "bench"
"""Where made-up data and peers are kept between runs."""


class Missing(Exception):
    """Something that this machine does not have; its row is left out, with these words."""


class Failed(Exception):
    """A program did not do what it was asked for."""


@dataclasses.dataclass
class Cost:
    """What one run of a program took: seconds of processor and of time, MiB of memory at its peak.

    The kernel counts the peak from before the program began, so it is never told to be less than this script's own.
    """

    cpu: float
    wall: float
    peak: float


@dataclasses.dataclass
class Row:
    """One line of the table. `is_met` is None where nothing is demanded, or not at this size."""

    what: str
    ours: str
    theirs: str
    ratio: float | None
    target: str
    is_met: bool | None


def run(command, *, output=None, given=None, timeout=3600, **settings):
    """Runs a command to its end. Its output goes nowhere, or into the file `output`."""
    command = [str(part) for part in command]
    settings.setdefault("stdin", subprocess.DEVNULL if given is None else open(given, "rb"))
    with tempfile.TemporaryFile() as errors, open(output or os.devnull, "wb") as said:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=said, stderr=errors, **settings)
        deadline = began + timeout
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise Failed(f"{command[0]} was stopped after {timeout} seconds")
            time.sleep(0.005)
        wall, process.returncode = time.monotonic() - began, os.waitstatus_to_exitcode(ended[1])
        if process.returncode:
            errors.seek(0)
            words = " ".join(command)[:300]
            raise Failed(f"{words} ended with {process.returncode}: {errors.read()[-2000:].decode(errors='replace')}")
    used = ended[2]
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def said(*command, timeout=600):
    """What a command prints."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        raise Failed(f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def cpu_seconds(pid):
    """Seconds of processor that a running program, all of its threads, has taken so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid, field="VmRSS"):
    """MiB that a running program has in memory now (`VmRSS`), or had at most (`VmHWM`)."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024


def size_of(place):
    """Bytes that the files below a directory take on its disk, whole blocks."""
    return sum(path.stat().st_blocks * 512 for path in pathlib.Path(place).rglob("*") if path.is_file())


def in_turn(rounds, tasks):
    """Runs every task once a round, so that a noisy minute meets all of them. Answers lists by name."""
    results = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            results[name].append(task())
    return results


def middle(values, field=None):
    """The median of values, or of one field of each."""
    return statistics.median(values if field is None else [getattr(value, field) for value in values])


def tool(name, package=None):
    """The path of a program; installs Debian's package of it if this is allowed and possible."""
    if found := shutil.which(name):
        return found
    if package and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
            subprocess.run(["apt-get", *words], capture_output=True, env=environment, timeout=900, check=False)
        if found := shutil.which(name):
            return found
    raise Missing(f"{name} is not installed")


def note(text):
    """Tells how far it is, apart from the results."""
    print(f"  {text}", file=sys.stderr, flush=True)


def machine():
    """One line on where this runs."""
    processor = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text("utf-8"))
    memory_kib = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text("utf-8"))[1])
    disk = said("df", "--output=fstype", ROOT).split()[-1]
    return (f"{os.cpu_count()} cores ({processor[1] if processor else platform.machine()}), {memory_kib >> 20} GiB,"
            f" {platform.system()} {platform.release()}, {disk}; Python {platform.python_version()}")


def table(rows):
    """The rows with their columns aligned, as Markdown."""
    verdicts = {None: "", True: "met", False: "**missed**"}
    lines = [("what", "roomscribe", "against", "ratio", "target", "")]
    lines += [(row.what, row.ours, row.theirs, "" if row.ratio is None else f"{row.ratio:.2f}x", row.target, verdicts[row.is_met])
              for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)
