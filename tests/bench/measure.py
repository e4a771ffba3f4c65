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
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / "target" / "bench"
"""Where made-up data and peers are kept between runs."""


QUIET = 0.1
"""Times are not judged while others have more of the machine than this share."""


class Missing(Exception):
    """Something that this machine does not have; its row is left out, with these words."""


class Failed(Exception):
    """A program did not do what it was asked for."""


@dataclasses.dataclass
class Cost:
    """What one run of a program took: seconds of processor and of time, MiB of memory at its peak; and
    the share of the machine that other programs had meanwhile, from 0 to 1.

    The kernel counts the peak from before the program began, so it is never told to be less than this script's own.
    """

    cpu: float
    wall: float
    peak: float
    others: float


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
    """Runs a command to its end. Reads the file `given`, writes the file `output`, or none."""
    command = [str(part) for part in command]
    with (tempfile.TemporaryFile() as errors, open(output or os.devnull, "wb") as sink,
          open(given or os.devnull, "rb") as source):
        began, busy = time.monotonic(), machine_seconds()
        process = subprocess.Popen(command, stdin=source, stdout=sink, stderr=errors, **settings)
        too_long = threading.Timer(timeout, process.kill)
        too_long.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        finally:
            too_long.cancel()
        wall, process.returncode = time.monotonic() - began, os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            words = " ".join(command)[:300]
            raise Failed(f"{words} ended with {process.returncode} after {wall:.0f} s: {errors.read()[-2000:].decode(errors='replace')}")
    cpu = used.ru_utime + used.ru_stime
    return Cost(cpu, wall, used.ru_maxrss / 1024, share_of_others(busy, wall, cpu))


def machine_seconds():
    """Seconds that all cores together have worked since the machine started, or another machine took from them."""
    fields = pathlib.Path("/proc/stat").read_text("utf-8").split(maxsplit=9)[1:9]
    user, nice, system, _idle, _waiting, interrupt, soft, stolen = map(int, fields)
    return (user + nice + system + interrupt + soft + stolen) / os.sysconf("SC_CLK_TCK")


def share_of_others(before, wall, cpu):
    """The share of the machine, from 0 to 1, that others had for `wall` seconds in which we took `cpu` of them."""
    return max(0.0, (machine_seconds() - before - cpu) / (max(wall, 0.01) * os.cpu_count()))


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


def where(name):
    """The path of a program; Debian's servers of PostgreSQL are not on the usual one."""
    places = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, places)))


def tool(name, package=None):
    """The path of a program; installs Debian's package of it if this is allowed and possible."""
    if found := where(name):
        return found
    if package and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
            subprocess.run(["apt-get", *words], capture_output=True, env=environment, timeout=900, check=False)
        if found := where(name):
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
