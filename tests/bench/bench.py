"""What all rows share: the programs under test, how large and how often, and the data, made once."""

import hashlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

from measure import KEPT, ROOT, Cost, Failed, Row, middle, note, run, size_of

SMALL_ROOM = 1000
"""Messages of the room that lies beside the large one in every store."""

GENERATOR = pathlib.Path(__file__).with_name("gen.py")
SEEDS = {"bench": 1, "small": 2}
"""Of what is said in each room: no two messages have one id."""


class Bench:
    """One run of benchmarks."""

    def __init__(self, program, size, rounds, *, large=False, is_smoke=False):
        self.program = pathlib.Path(program).resolve()
        self.size, self.rounds, self.large, self.is_smoke = size, rounds, large, is_smoke
        self.seconds = 2 if is_smoke else 10
        self.rows, self.notes = [], []
        KEPT.mkdir(parents=True, exist_ok=True)
        self.kept_for = tempfile.TemporaryDirectory(prefix="run-", dir=KEPT)
        self.place = pathlib.Path(self.kept_for.name)
        self.place.chmod(0o755)  # PostgreSQL runs as somebody else
        self.digest, self.generator = digest(self.program), digest(GENERATOR)

    # What is told.

    def tell(self, what, ours, theirs, ratio=None, target="", is_met=None):
        """Adds a line to the table. Times of a smoke test are no measurement, so they are not judged."""
        note(f"{what}: {ours}; {theirs}")
        self.rows.append(Row(what, ours, theirs, ratio, target, None if self.is_smoke else is_met))

    def explain(self, text):
        """Adds a note below the table."""
        if text not in self.notes:
            self.notes.append(text)

    def show(self, command):
        """A command as one may type it at the top of the repository."""
        words = shlex.join(str(part) for part in command)
        return words.replace(str(self.place), "RUN").replace(str(ROOT) + "/", "")

    def require(self, holds, words):
        """Counts must be right at every size."""
        if not holds:
            raise Failed(words)

    # What is run.

    def helper(self, name):
        """A program of our own beside the one under test."""
        program = self.program.parent / "examples" / name
        self.require(program.is_file(), f"there is no {program}: cargo build --examples makes it")
        return program

    def export(self, data, form, output, *options):
        """The command that exports the large room."""
        return [self.program, "--data", data, "export", "bench", "-f", form, "-o", output, *options]

    def load(self, address, *paths, **options):
        """Sends requests; answers what became of them, and what sending them cost in `cpu`."""
        command = [self.helper("load"), "--to", address]
        for name, value in options.items():
            values = value if isinstance(value, list) else [value]
            command += [part for each in values for part in ("--" + name, str(each))]
        output = self.place / "load.json"
        cost = run([*command, "--", *paths], output=output)
        told = json.loads(output.read_text("utf-8"))
        self.require(told["failed"] == 0, f"{told['failed']} of {told['sent']} requests failed: {told['failure']}")
        self.require(told["answered"] == told["sent"] > 0, f"{told['answered']} of {told['sent']} requests were answered")
        return told | {"cpu": cost.cpu, "others": cost.others, "rate": told["answered"] / told["seconds"]}

    def fresh(self, name):
        """The path of a directory that is not there yet."""
        path = self.place / name
        shutil.rmtree(path, ignore_errors=True)
        return path

    # What is measured with.

    def messages(self, count, room="bench"):
        """The file with so many made-up messages of a room."""
        path = KEPT / f"{room}-{count}-{self.generator}.ndjson"
        if not path.is_file():
            note(f"making up {count:,} messages")
            unfinished = path.with_suffix(".part")
            run([sys.executable, GENERATOR, count, "--room", room, "--seed", SEEDS[room]], output=unfinished)
            unfinished.rename(path)
        return path

    def store(self, count):
        """A data directory with a room of so many messages and one of 1,000. To be left as it is: see `copy`."""
        path = KEPT / f"store-{self.digest}-{self.generator}-{count}"
        if not (path / "costs.json").is_file():
            for old in KEPT.glob(f"store-*-{count}"):  # of another build or of other messages, or not finished
                shutil.rmtree(old)
            messages = self.messages(count)
            note(f"importing {count:,} messages")
            cost = run([self.program, "--data", path, "import", messages], timeout=7200)
            costs = {"cpu": cost.cpu, "wall": cost.wall, "peak": cost.peak, "bytes": size_of(path / "store")}
            run([self.program, "--data", path, "import", self.messages(SMALL_ROOM, "small")])
            (path / "costs.json").write_text(json.dumps(costs), "utf-8")
        return path

    def import_costs(self, count):
        """What the import took: `cpu`, `wall`, `peak`, and the `bytes` of the store after it."""
        return json.loads((self.store(count) / "costs.json").read_text("utf-8"))

    def copy(self, count, name):
        """A copy of such a store, to be changed."""
        path = self.fresh(name)
        subprocess.run(["cp", "-a", "--reflink=auto", self.store(count), path], check=True, timeout=3600)
        return path

    def close(self):
        self.kept_for.cleanup()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def build():
    """The release build of the program and of what measures it."""
    command = ["cargo", "build", "--release", "--locked", "--bin", "roomscribe", "--example", "floor", "--example", "load"]
    note(shlex.join(command))
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=7200, check=False).returncode:
        raise Failed("the build failed")
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "roomscribe"


def per_second(count, costs):
    """Messages per second of processor: the median of some runs."""
    return count / middle(costs, "cpu")


def spread(costs):
    """The least and the most processor seconds of some runs."""
    values = [cost.cpu if isinstance(cost, Cost) else cost for cost in costs]
    return f"{min(values):.2f}..{max(values):.2f}"
