#!/usr/bin/env python3
"""How a large HTML archive opens and answers, from a folder and without a server.

    cargo build --release
    tests/bench/gen.py > target/messages.ndjson
    tests/bench/archive.py target/messages.ndjson WORD [WORD …]

Imports the file (one message object a line) with target/release/roomscribe, exports it as html into a zip,
unpacks that, and opens the front page from file:// in headless Chromium, driven by Playwright (PyPI, under
target/). Prints, for each of five fresh browsers, the median and the worst of: the page is interactive;
the first search for each WORD shows its first result, on a page that has loaded nothing before; a page of
messages is interactive. Fails if any request left the folder, or a search found nothing.
"""

import json
import pathlib
import resource
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "formats"))
from support import ROOT, python_with, run  # noqa: E402

ROUNDS = 5

# Runs with Playwright's Python.
DRIVE = """
import json, sys, time
from playwright.sync_api import sync_playwright
front, pages, rounds, words = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
seen, strangers = {}, []
def note(name, value):
    seen.setdefault(name, []).append(value)
INTERACTIVE = "performance.getEntriesByType('navigation')[0].domInteractive"
with sync_playwright() as play:
    for _ in range(rounds):
        for word in words:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page()
            page.on("request", lambda request: request.url.startswith(("file:", "data:")) or strangers.append(request.url))
            page.goto(front)
            note("front page interactive", page.evaluate(INTERACTIVE))
            page.wait_for_selector("input[type=search]")
            took = page.evaluate('''(word) => new Promise((resolve, reject) => {
                const began = performance.now(), field = document.querySelector("input[type=search]");
                field.value = word;
                field.form.requestSubmit();
                const look = () => {
                    if (document.querySelector(".find-results a")) { resolve(performance.now() - began); }
                    else if (performance.now() - began > 20000) { reject(new Error("nothing found")); }
                    else { setTimeout(look, 1); }
                };
                look();
            })''', word)
            note("search for " + word, took)
            note("status of " + word, page.inner_text(".find-status"))
            browser.close()
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for address in pages:
            page = browser.new_page()
            page.on("request", lambda request: request.url.startswith(("file:", "data:")) or strangers.append(request.url))
            page.goto(address)
            note("page of messages interactive", page.evaluate(INTERACTIVE))
            page.close()
        browser.close()
print(json.dumps([seen, strangers]))
"""


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program = ROOT / "target" / "release" / "roomscribe"
    python = python_with("playwright", "playwright==1.56.0") / "python"
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as temporary:
        directory = pathlib.Path(temporary)
        data, archive, top = directory / "data", directory / "a.zip", directory / "unpacked"
        run(program, "--data", data, "import", sys.argv[1], timeout=3600)
        room = json.loads(open(sys.argv[1], encoding="utf-8").readline())["rid"]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        run(program, "--data", data, "export", room, "--format", "html", "--output", archive, timeout=3600)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"export: {time.monotonic() - begun:.1f} s, {cpu:.1f} CPU s, {archive.stat().st_size / 1e6:.0f} MB")
        run("unzip", "-q", archive, "-d", top, timeout=3600)
        [front] = top.glob("*/data/index.html")
        size = sum(path.stat().st_size for path in front.parent.rglob("*") if path.is_file())
        pages = sorted(front.parent.glob("r/*/2*.html"))
        print(f"unpacked: {size / 1e6:.0f} MB, {len(pages)} pages of months, front page {front.stat().st_size:,} bytes")
        some = [page.as_uri() for page in pages[:: max(1, len(pages) // 3)]]
        said = run(python, "-c", DRIVE, front.as_uri(), json.dumps(some), ROUNDS, *sys.argv[2:], timeout=600)
    seen, strangers = json.loads(said.splitlines()[-1])
    for name, values in seen.items():
        if name.startswith("status"):
            print(f"{name}: {values[0]}")
        else:
            print(f"{name}: median {statistics.median(values):.0f} ms, worst {max(values):.0f} ms, of {len(values)}")
    print(f"requests that left the folder: {len(strangers)}")
    sys.exit(len(strangers) > 0)


if __name__ == "__main__":
    main()
