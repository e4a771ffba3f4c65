#!/usr/bin/env python3
"""Proof that exports of a hostile room are harmless, with the real program and a real browser.

    tests/browser/check.py [path of roomscribe]

Imports fixtures/hostile/room.ndjson, exports it, opens every page in headless Chromium, once as it is
and once without its Content-Security-Policy: the escaping and the policy must each be enough alone.
Every foreign address in the room leads to a server of ours that must never be asked.
Then the same checks look at pages and files that are not harmless, and must complain.
In the end a sample archive is used: its keys and its search must work, and axe-core must find every
kind of page fit for everybody, in light and dark. axe-core comes from npm, into target/axe.
"""

import html
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from html.parser import HTMLParser

import sample

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOM = ROOT / "fixtures" / "hostile" / "room.ndjson"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')

KINDS = ("html", "json", "mail")

# What a page must not hold, whoever wrote it.
FORBIDDEN = set(
    "script iframe frame frameset object embed applet base link form input button textarea select template "
    "noscript foreignobject image animate set math portal marquee plaintext xmp owned".split()
)
# What the archive's own scripts add to the bar of a page, and nowhere else.
CONTROLS = {"form", "input", "button", "select"}
# The files that all pages of an archive share, seen from any of them.
SCRIPT = re.compile(r"(\.\./\.\./)?(assets/archive|search/search)\.js")
STYLE = re.compile(r"(\.\./\.\./)?(assets/style|user)\.css")
STRICT = ("default-src 'none'", "script-src 'self' file:;", "connect-src 'none'", "frame-src 'none'", "base-uri 'none'")
LINKS = {"href", "xlink:href"}
FETCHED = {"src", "srcset", "poster", "background", "data", "archive", "lowsrc", "dynsrc", "manifest"}
ELSEWHERE = {"action", "formaction", "ping", "cite", "longdesc", "srcdoc", "style", "target", "http-equiv"}


class Canary:
    """Listens where the hostile addresses lead and notes every connection."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.hits = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.note, args=(connection,), daemon=True).start()

    def note(self, connection):
        with connection:
            connection.settimeout(2)
            try:
                asked = connection.recv(200)
            except OSError:
                asked = b""
            # A connection without a request counts, too: it tells that somebody reads.
            self.hits.append(asked.split(b"\r\n")[0].decode("ascii", "replace") or "a connection")
            try:
                connection.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                pass

    def taken(self):
        time.sleep(0.3)
        hits, self.hits = self.hits, []
        return hits


class Browser:
    """Headless Chromium that reaches the canary and nothing else."""

    def __init__(self, canary):
        self.program = next(filter(None, map(shutil.which, BROWSERS)), None)
        if self.program is None:
            sys.exit("check.py: there is no Chromium; install it (apt-get install chromium) and run this again")
        self.rules = f"MAP *.example 127.0.0.1:{canary.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

    def open(self, page, patience=3000):
        """The document as it stands after everything in it has run."""
        with tempfile.TemporaryDirectory() as profile:
            command = [
                self.program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={profile}", f"--host-resolver-rules={self.rules}",
                f"--virtual-time-budget={patience}", "--dump-dom", page.as_uri(),
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, timeout=300)
        document = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0 or "<html" not in document:
            sys.exit(f"check.py: Chromium did not open {page}:\n{done.stderr.decode('utf-8', 'replace')[-2000:]}")
        return document


class Pages:
    """What pages of the format `html` look like."""

    has_policy, styles, title = True, (), "hostile"

    def begins_message(self, tag, attributes):
        return tag == "li" and "message" in (attributes.get("class") or "").split()


class Mails:
    """What the body of a mail looks like: no policy, for mail programs drop it, and styles of our own."""

    has_policy, title = False, "Messages"
    message = "margin:0 0 12px"
    styles = (
        message,
        "font-family:sans-serif;font-size:14px;line-height:1.4;color:#222",
        "font-size:18px;margin:0 0 16px",
        "color:#777;font-size:12px",
        "color:#777;font-size:12px;border-top:1px solid #ccc;padding-top:8px",
        "font-style:italic",
        "white-space:pre-wrap",
        "white-space:pre-wrap;border-left:3px solid #ccc;padding-left:8px",
        "color:#555",
    )

    def begins_message(self, tag, attributes):
        return tag == "div" and attributes.get("style") == self.message


class Document(HTMLParser):
    """Reads a page and complains about what may run, fetch or lead astray."""

    def __init__(self, text, kind, ran):
        super().__init__(convert_charrefs=True)
        self.kind, self.ran, self.in_bar = kind, ran, False
        self.complaints, self.messages, self.titles, self.in_title = [], 0, [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.in_bar |= tag == "header" and given.get("class") == "bar"
        if tag in FORBIDDEN and not self.is_own(tag, given):
            self.complaints.append(f"there is a <{tag}>")
        if tag == "title":
            self.in_title = True
            self.titles.append("")
        for name, value in attributes:
            self.attribute(tag, name, value or "")
        self.messages += self.kind.begins_message(tag, given)

    def is_own(self, tag, given):
        """Whether the archive itself put that there."""
        if tag == "script":
            return self.kind.has_policy and SCRIPT.fullmatch(given.get("src") or "") is not None
        if tag == "link":
            style = given.get("rel") == "stylesheet" and STYLE.fullmatch(given.get("href") or "") is not None
            return self.kind.has_policy and style
        return tag in CONTROLS and self.in_bar and self.ran

    def handle_endtag(self, tag):
        if tag == "header":
            self.in_bar = False
        if tag == "title":
            self.in_title = False

    def handle_data(self, data):
        if self.in_title:
            self.titles[-1] += data

    def attribute(self, tag, name, value):
        policy = tag == "meta" and name == "http-equiv" and value.lower() == "content-security-policy"
        own = name == "style" and value in self.kind.styles
        if name.startswith("on") or (name in ELSEWHERE and not policy and not own):
            self.complaints.append(f"<{tag}> has {name}={value!r:.60}")
        address = "".join(character for character in value if character > " ")
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.\-]*):", address)
        # A page of a room lies two directories deep.
        inside = address.removeprefix("../../") if self.kind.has_policy else address
        if name in FETCHED and (scheme or address.startswith(("/", "\\")) or ".." in inside.split("/")[1:]):
            self.complaints.append(f"<{tag}> fetches {name}={value!r:.60}")
        if name in LINKS:
            if tag == "link":
                return
            foreign = scheme and scheme[1].lower() not in ("http", "https", "mailto")
            if foreign or address.startswith(("/", "\\")) or (tag != "a" and not address.startswith("#")):
                self.complaints.append(f"<{tag}> leads to {value!r:.60}")


def page_complaints(browser, canary, page, messages, kind):
    """What is wrong with a page that ought to show that many messages."""
    source = page.read_text("utf-8")
    if "\0" in source:
        return ["there is a NUL in it"]
    policies = POLICY.findall(source)
    strict = len(policies) == 1 and all(rule in policies[0] for rule in STRICT) and "unsafe" not in policies[0]
    if kind.has_policy and not strict:
        return ["it has no strict policy"]
    bare = page.with_name(f"without-policy-{page.name}")
    bare.write_text(POLICY.sub("", source), "utf-8")
    complaints = [f"source: {complaint}" for complaint in Document(source, kind, ran=False).complaints]
    for name, opened in (("with policy", page), ("without policy", bare)):
        canary.taken()
        document = Document(browser.open(opened), kind, ran=True)
        found = document.complaints + [f"it asked for {hit}" for hit in canary.taken()]
        if document.titles != [kind.title]:
            found.append(f"its titles are {document.titles}")
        if document.messages != messages:
            found.append(f"it shows {document.messages} messages, not {messages}")
        complaints += [f"{name}: {complaint}" for complaint in found]
    bare.unlink()
    return complaints


def path_complaints(names):
    """Names of entries that would not stay in their folder everywhere."""
    return [
        f"{name!r} may leave its folder"
        for name in names
        if name.startswith("/") or "\\" in name or ":" in name or "\0" in name
        or any(part in ("", ".", "..") for part in name.split("/"))
    ]  # fmt: skip


def json_complaints(given, export):
    """How the messages of an export differ from the lines that were imported."""
    written = {message["_id"]: message for message in json.loads(export)["messages"]}
    complaints = [] if len(written) == len(given) else [f"{len(written)} messages, not {len(given)}"]
    for message in given:
        got = written.get(message["_id"], {})
        if got.get("msg", "").encode() != message["msg"].encode():
            complaints.append(f"the text of {message['_id']!r} is not what was imported")
        lost = [key for key, value in message.items() if value not in ({}, []) and got.get(key) != value]
        if lost:
            complaints.append(f"{message['_id']!r} has other {', '.join(lost)}")
    return complaints


def exported(program, directory, canary):
    """Imports the room and exports it; answers the messages that went in."""
    text = ROOM.read_text("utf-8").replace("http://CANARY/", f"http://127.0.0.1:{canary.port}/")
    (directory / "room.ndjson").write_text(text, "utf-8")
    def run(*arguments):
        subprocess.run([program, *arguments], cwd=directory, check=True, stdout=subprocess.DEVNULL, timeout=300)
    run("import", "room.ndjson", "--data", "data")
    for kind in KINDS:
        run("export", "hostile", "--format", kind, "--output", kind, "--data", "data")
        run("export", "hostile", "--format", kind, "--output", f"{kind}.zip", "--data", "data")
        run("verify", f"{kind}.zip")
    run("check", "--data", "data")
    return [json.loads(line) for line in text.split("\n") if line]


def harmless(program, directory, browser, canary):
    """The checks of the real exports: name and complaints."""
    given = exported(program, directory, canary)
    pages = [(page, kind) for name, kind in (("html", Pages()), ("mail", Mails()))
             for page in sorted((directory / name).rglob("*.html"))]
    yield "there are messages", [] if len(given) > 100 else ["the fixture is too small to prove anything"]
    yield "there are a page and a mail", [] if len(pages) == 2 else [f"there are {len(pages)}"]
    for page, kind in pages:
        yield f"page {page.name}", page_complaints(browser, canary, page, len(given), kind)
    for kind in KINDS:
        loose = [path.relative_to(directory / kind).as_posix() for path in (directory / kind).rglob("*")]
        yield f"paths of {kind}/", path_complaints(loose)
        yield f"paths of {kind}.zip", path_complaints(zipfile.ZipFile(directory / f"{kind}.zip").namelist())
    for export in (directory / "json").glob("hostile*.json"):
        yield "json", json_complaints(given, export.read_text("utf-8"))
    known = {"data", "room.ndjson", *KINDS, *(f"{kind}.zip" for kind in KINDS)}
    stray = {path.name for path in directory.iterdir()} - known
    yield "nothing was written elsewhere", [f"{name} was" for name in sorted(stray)]


def harmful(directory, browser, canary):
    """The same checks on what they must complain about: name, what the complaint must say, complaints."""
    policy = f"<meta http-equiv=\"Content-Security-Policy\" content=\"{'; '.join(STRICT)}\">"
    frame = f"<!doctype html><html><head>{policy}<title>hostile</title></head><body>%s<li class=message>x</li>"
    here = f"http://127.0.0.1:{canary.port}"
    pages = {
        "titles are": "<script>document.title = 'own' + 'ed'</script>",
        "there is a <owned>": "<svg onload=\"document.body.append(document.createElement('own'+'ed'))\"></svg>",
        "shows 0 messages": "<!--",
        "it asked for GET /style": f"<style>@import url({here}/style);</style>",
        "it asked for GET /picture": f"<img src='{here}/picture'>",
        "it asked for": "<img src='https://picture.example/x'>",
        "it asked for GET /refresh": f"<meta http-equiv=refresh content='0;url={here}/refresh'>",
        "there is a <script>": "<script></script>",
        "source: there is a <script>": "<script src=assets/evil.js></script>",
        "source: there is a <form>": "<header class=bar><form></form></header>",
        "there is a <button>": "<header class=bar></header><button>x</button>",
        "source: there is a <link>": "<link rel=stylesheet href=assets/evil.css>",
        "has onclick": "<b onclick=owned()>x</b>",
        "has style": "<p style='position:fixed'>x</p>",
        "leads to 'JavaScript:": "<a href=JavaScript:owned()>x</a>",
        "leads to 'java": "<a href='java&Tab;script:owned()'>x</a>",
        "leads to 'data:": "<a href='data:text/html,x'>x</a>",
        "fetches src": "<video src=//x.example/v></video>",
        "source: there is a <base>": "<base href=/>",
    }
    for expected, markup in pages.items():
        page = directory / "harmful.html"
        page.write_text(frame % markup, "utf-8")
        yield f"a page: {html.unescape(markup)[:50]}", expected, page_complaints(browser, canary, page, 1, Pages())
    page.write_text("<title>hostile</title><li class=message>x</li>", "utf-8")
    yield "a page without a policy", "no strict policy", page_complaints(browser, canary, page, 1, Pages())
    page.write_text("<title>hostile</title><div style='margin:0 0 12px'>x<p style='position:fixed'>", "utf-8")
    yield "a mail with a style of its own", "has style", page_complaints(browser, canary, page, 1, Mails())
    for name in ("../x", "a/../../x", "/x", "a\\b", "C:x", "a//b", "./a"):
        yield f"the path {name}", "may leave", path_complaints(["a/b.txt", name])
    sent = [{"_id": "a", "msg": "x\0", "u": {"username": "eve"}}]
    changed = json.dumps({"messages": [{"_id": "a", "msg": "x", "u": {"username": "eve"}}]})
    yield "a text without its NUL", "text of 'a'", json_complaints(sent, changed)
    yield "a lost message", "0 messages", json_complaints(sent, '{"messages": []}')
    changed = json.dumps({"messages": [{"_id": "a", "msg": "x\0", "u": {"username": "Eve"}}]})
    yield "a changed author", "other u", json_complaints(sent, changed)


def main():
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "debug" / "roomscribe").resolve()
    if not program.is_file():
        sys.exit(f"check.py: there is no {program}; build it (cargo build), or give its path")
    canary = Canary()
    browser = Browser(canary)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        (directory / "real").mkdir()
        results = list(harmless(program, directory / "real", browser, canary))
        for name, expected, complaints in harmful(directory, browser, canary):
            caught = any(expected in complaint for complaint in complaints)
            results.append((name, [] if caught else [f"not caught; complaints: {complaints}"]))
        results += sample.fit(directory / "sample", browser, canary)
    for name, complaints in results:
        passed, failed = passed + (not complaints), failed + bool(complaints)
        for complaint in complaints[:20]:
            print(f"FAILED {name}: {complaint}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
