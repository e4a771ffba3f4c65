"""Rows on exports: speed beside other programs, time on two cores, memory, disk."""

import json
import os
import re
import shutil
import zipfile

import imessage
import sql
from bench import per_second, spread
from measure import QUIET, Missing, in_turn, middle, note, run

CACHE_MB = 32    # [store] cache_mb as it is shipped
OVERHEAD_MB = 48
SMALL = 100_000  # messages of the smaller export whose memory is compared
LARGE = 10_000_000


def tasks_of_peers(bench, peers):
    """The peers that this machine has; the others are noted as left out."""
    found = {}
    for name, prepare in peers.items():
        try:
            found[name] = prepare(bench, bench.size)
        except Missing as missing:
            bench.explain(f"left out: {name}: {missing}")
    return found


def check_json(bench, directory):
    """Every message once, in order."""
    [path] = [path for path in directory.iterdir() if path.suffix == ".json" and path.name.startswith("bench")]
    with open(path, "rb") as file:
        file.seek(-400, os.SEEK_END)
        counts = re.search(rb'"counts":\{"messages":(\d+)', file.read())
    bench.require(int(counts[1]) == bench.size, f"the JSON export holds {int(counts[1])} of {bench.size} messages")
    if bench.is_smoke:
        exported = [message["_id"] for message in json.loads(path.read_text("utf-8"))["messages"]]
        with open(bench.messages(bench.size), encoding="utf-8") as lines:
            made = [json.loads(line)["_id"] for line in lines]
        bench.require(exported == made, "the JSON export has other messages than were imported")


def check_html(bench, archive):
    """Every message on a page: all of them by id in a smoke test, else their number."""
    with zipfile.ZipFile(archive) as files:
        pages = [name for name in files.namelist() if re.search(r"/r/[^/]+/2[^/]*\.html$", name)]
        found = (re.findall(rb'<li class="message[^>]* id="([^"]+)"', files.read(page)) for page in pages)
        seen = set().union(*found) if bench.is_smoke else sum(map(len, found))
    if bench.is_smoke:
        with open(bench.messages(bench.size), encoding="utf-8") as lines:
            missing = {json.loads(line)["_id"].encode() for line in lines} - seen
        bench.require(not missing, f"{len(missing)} messages are not in the HTML archive")
    else:
        bench.require(seen >= bench.size, f"the HTML archive holds {seen} of {bench.size} messages")


def ours(bench, data, form, suffix):
    """A run of our own export, from nothing."""
    output = bench.place / f"ours-{form}{suffix}"

    def task():
        if output.is_dir():
            shutil.rmtree(output)
        output.unlink(missing_ok=True)
        return run(on_two_cores(bench.export(data, form, output)))

    bench.explain(f"{form}: {bench.show(bench.export(data, form, output))}")
    return output, task


def on_two_cores(command):
    """The command kept to two cores, where there are more."""
    return ["taskset", "-c", "0,1", *command] if os.cpu_count() > 2 and shutil.which("taskset") else command


def against(bench, what, results, *, least, floor):
    """A line for each peer: messages per CPU second beside its own."""
    mine = per_second(bench.size, results["roomscribe"])
    for name, costs in results.items():
        bench.explain(f"{what}, {name}: CPU seconds {spread(costs)}, wall {middle(costs, 'wall'):.2f} s,"
                      f" peak {middle(costs, 'peak'):.0f} MiB")
        if name != "roomscribe":
            theirs = per_second(bench.size, costs)
            bench.tell(f"{what}, messages/CPU s", f"{mine:,.0f}", f"{name}: {theirs:,.0f}", mine / theirs,
                       f">= {least}x (floor {floor}x)", mine / theirs >= least)
    if len(results) == 1:
        bench.tell(f"{what}, messages/CPU s", f"{mine:,.0f}", "nobody is here")


def to_json(bench):
    """Messages per CPU second into one JSON file, beside databases that write the same rows as JSON."""
    output, task = ours(bench, bench.store(bench.size), "json", "")
    peers = {"sqlite3 .mode json": sql.sqlite("json"), "sqlite3 .mode html": sql.sqlite("html")}
    if not bench.is_smoke:
        peers["PostgreSQL COPY row_to_json"] = sql.postgres
    tasks = {"roomscribe": task, **tasks_of_peers(bench, peers)}
    note(f"json: {bench.rounds} rounds of {', '.join(tasks)}")
    results = in_turn(bench.rounds, tasks)
    check_json(bench, output)
    against(bench, f"{bench.size:,} messages to json", results, least=2, floor=1)


def to_html(bench):
    """Messages per CPU second into a zip with an HTML archive, and how much of that two cores share."""
    output, task = ours(bench, bench.store(bench.size), "html", ".zip")
    peers = {} if bench.is_smoke else {f"imessage-exporter, text {how}": imessage.prepare(how) for how in imessage.STORED}
    tasks = {"roomscribe": task, **tasks_of_peers(bench, peers)}
    note(f"html: {bench.rounds} rounds of {', '.join(tasks)}")
    results = in_turn(bench.rounds, tasks)
    check_html(bench, output)
    against(bench, f"{bench.size:,} messages to html zip", results, least=3, floor=2)
    cpu, wall = (middle(results["roomscribe"], field) for field in ("cpu", "wall"))
    ratio = middle([cost.wall / cost.cpu for cost in results["roomscribe"]])
    others = middle(results["roomscribe"], "others")
    bench.tell("the same, wall time on two cores", f"{wall:.1f} s", f"its own CPU time: {cpu:.1f} s", ratio, "<= 0.65x",
               ratio <= 0.65 if others <= QUIET else None)
    bench.explain(f"others had {others:.0%} of the machine while roomscribe exported html: with more than {QUIET:.0%} its wall time says nothing")


def memory(bench):
    """Peak memory of exports of a small and of a large room."""
    small = min(SMALL, bench.size // 4)
    large = LARGE if bench.large else bench.size
    budget = CACHE_MB + OVERHEAD_MB
    stores = {count: bench.store(count) for count in (small, large)}
    for form, suffix in (("json", ""), ("html", ".zip")):
        tasks = {count: ours(bench, data, form, suffix)[1] for count, data in stores.items()}
        note(f"memory: {form}")
        # A peak does not vary as time does.
        peaks = {count: middle(costs, "peak") for count, costs in in_turn(min(3, bench.rounds), tasks).items()}
        ratio = peaks[large] / peaks[small]
        bench.tell(f"peak memory of {form}, {large:,} messages", f"{peaks[large]:.0f} MiB", f"{small:,}: {peaks[small]:.0f} MiB",
                   ratio, f"<= 1.10x, <= {budget} MiB", ratio <= 1.1 and peaks[large] <= budget)
        if bench.is_smoke:
            bench.require(peaks[large] <= 3 * budget, f"an export of {large} messages took {peaks[large]:.0f} MiB")


def disk(bench):
    """Bytes of the store for each byte of the messages' JSON."""
    costs, size = bench.import_costs(bench.size), bench.messages(bench.size).stat().st_size
    ratio = costs["bytes"] / size
    bench.tell(f"store of {bench.size:,} messages, bytes of disk each", f"{costs['bytes'] / bench.size:.0f}",
               f"its JSON: {size / bench.size:.0f}", ratio, "<= 1.20x", ratio <= 1.2)
    bench.explain(f"import: {costs['cpu']:.1f} CPU s, {costs['wall']:.1f} s, peak {costs['peak']:.0f} MiB")
