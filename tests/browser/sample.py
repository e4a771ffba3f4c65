"""The sample archive in a real browser: its keys, its search, and what axe-core says of its pages.

check.py runs this. The archive comes from plugins/html/examples/sample.rs, axe-core from npm, into target/axe.
"""

import html
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
AXE = "axe-core@4.14.1"


def axe():
    """The script that finds what some people could not read or use."""
    home = ROOT / "target" / "axe"
    script = home / "node_modules" / "axe-core" / "axe.min.js"
    version = script.with_name("package.json")
    if not version.is_file() or json.loads(version.read_text("utf-8"))["version"] != AXE.split("@")[1]:
        home.mkdir(parents=True, exist_ok=True)
        if shutil.which("npm") is None:
            sys.exit("check.py: there is no npm to get axe-core with; install it (apt-get install npm)")
        install = ["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--prefix", home, AXE]
        subprocess.run(install, check=True, timeout=300)
    return script


def answer(browser, canary, page, code, *scripts):
    """What `code` returns in the page, and complaints. The page is opened with two more scripts."""
    runner = page.with_name("runner.js")
    runner.write_text("""
      const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));
      addEventListener("load", async () => {
        const answer = await (async () => { %s })().catch((error) => String(error.stack));
        const results = document.createElement("pre");
        results.id = "answer";
        results.textContent = JSON.stringify(answer);
        document.body.append(results);
      });
    """ % code, "utf-8")  # fmt: skip
    added = "".join(f'<script src="{script}"></script>' for script in (*scripts, "runner.js"))
    opened = page.with_name(f"opened-{page.name}")
    opened.write_text(page.read_text("utf-8").replace("</head>", f"{added}</head>", 1), "utf-8")
    canary.taken()
    document = browser.open(opened, patience=60_000)
    complaints = [f"it asked for {hit}" for hit in canary.taken()]
    opened.unlink()
    runner.unlink()
    answers = re.search(r'<pre id="answer">(.*?)</pre>', document, re.DOTALL)
    if answers is None:
        return None, [*complaints, "the script did not come to an end"]
    return json.loads(html.unescape(answers[1])), complaints


def fit_complaints(browser, canary, page, script):
    """The serious findings on a page in both themes."""
    answers, complaints = answer(browser, canary, page, """
        const found = {};
        // What is not drawn yet has no place, and axe would take it for lying on top of something.
        document.querySelectorAll("*").forEach((element) => (element.style.contentVisibility = "visible"));
        for (const theme of ["light", "dark"]) {
          document.documentElement.dataset.theme = theme;
          document.querySelectorAll("details").forEach((details) => (details.open = true));
          const { violations, passes } = await axe.run(document, { resultTypes: ["violations"] });
          found[theme] = { passes: passes.length, violations: violations.map((violation) =>
            [violation.impact, violation.id, violation.nodes[0].html.slice(0, 200), violation.nodes[0].failureSummary]) };
        }
        return found;
    """, script.as_uri())  # fmt: skip
    if not isinstance(answers, dict):
        return [*complaints, f"axe said {answers}"]
    for theme, found in answers.items():
        if found["passes"] < 10:
            complaints.append(f"{theme}: axe has looked at next to nothing")
        complaints += [f"{theme}: {impact}: {rule}: {element}: {why}" for impact, rule, element, why
                       in found["violations"] if impact in ("serious", "critical")]  # fmt: skip
    return complaints


def use_complaints(browser, canary, page):
    """What does not work for somebody who uses the keyboard."""
    answers, complaints = answer(browser, canary, page, """
        const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        const found = [];
        press("t");
        found.push(document.documentElement.dataset.theme, document.querySelector("[aria-pressed=true]").value);
        press("t");
        found.push(document.documentElement.dataset.theme);
        press("]");
        press("]");
        await sleep(100);
        found.push(Math.abs(document.querySelectorAll(".day")[1].getBoundingClientRect().top) < 100);
        press("[");
        await sleep(100);
        found.push(Math.abs(document.querySelectorAll(".day")[0].getBoundingClientRect().top) < 100);
        press("/");
        found.push(document.activeElement.type);
        document.activeElement.value = "foghorn has:file";
        document.activeElement.dispatchEvent(new Event("input"));
        for (let wait = 0; wait < 50 && !document.querySelector(".find-results a"); wait++) await sleep(100);
        const links = Array.from(document.querySelectorAll(".find-results a"), (link) => link.getAttribute("href"));
        found.push(links.length > 5, links.every((link) => /^\\.\\.\\/\\.\\.\\/r\\/[a-z-]+\\/[0-9a-z-]+\\.html#/.test(link)));
        return found;
    """)  # fmt: skip
    wanted = ["light", "light", "dark", True, True, "search", True, True]
    return complaints + ([] if answers == wanted else [f"keys and search did {answers}, not {wanted}"])


def fit(directory, browser, canary):
    """What axe-core says of every kind of page: name and complaints."""
    script = axe()
    write = ["cargo", "run", "--quiet", "--locked", "-p", "export-html", "--example", "sample", "--", directory]
    subprocess.run(write, cwd=ROOT, check=True, timeout=900)
    room = directory / "r" / "lighthouse"
    pages = [directory / "index.html", directory / "r" / "night-of-the-lights" / "index.html", room / "index.html",
             room / "2025-09.html", room / "2026-01.html", room / "threads-0001.html"]  # fmt: skip
    for page in pages:
        yield f"{page.relative_to(directory)} is fit for everybody", fit_complaints(browser, canary, page, script)
    yield "the keys and the search of a page work", use_complaints(browser, canary, room / "2025-09.html")
    bad = directory / "bad.html"
    bad.write_text("<!doctype html><html><head><title>x</title></head><body><main><img src=x><a href=x></a>", "utf-8")
    caught = [complaint for complaint in fit_complaints(browser, canary, bad, script) if "image-alt" in complaint]
    yield "axe finds a picture without a text", [] if caught else ["not caught"]
