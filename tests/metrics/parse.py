#!/usr/bin/env python3
"""Proof that Prometheus can read the metrics: its own Python client parses them, and they count what was done.

    tests/metrics/parse.py [path of roomscribe]

Starts a server, asks it things, and compares: every answer stands in the counters, under the name of its
endpoint and with its status; every family has a type and a help, and the names and units that Prometheus
recommends; a second scrape never counts less.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "formats"))

import support

PASSWORD = "correct-horse-battery"

# Runs with the client's Python.
PARSE = """
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps([[f.name, f.type, f.documentation, [[s.name, s.labels, s.value] for s in f.samples]] for f in families]))
"""


class Server:
    """A fresh server that tells its metrics, and how often it answered what."""

    def __init__(self, program, place):
        config = pathlib.Path(place, "config.toml")
        config.write_text('[metrics]\nlisten = "127.0.0.1:0"\n', "utf-8")
        command = [str(program), "--config", str(config), "--data", str(pathlib.Path(place, "data"))]
        environment = {**os.environ, "NO_COLOR": "1", "ADMIN_USERNAME": "admin", "ADMIN_PASS": PASSWORD}
        self.process = subprocess.Popen(
            [*command, "serve", "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True, env=environment
        )
        self.answered, self.headers, said = collections.Counter(), {}, ""
        too_long = threading.Timer(60, self.process.kill)
        too_long.start()
        for line in self.process.stderr:
            said += line
            if " ready " in line:
                break
        too_long.cancel()
        addresses = [re.search(rf"{word} address=(\S+)", said) for word in ("ready", "metrics can be read")]
        if None in addresses:
            self.process.kill()
            sys.exit(f"parse.py: the server did not come up:\n{said[-3000:]}")
        self.url, self.metrics = (f"http://{address[1]}" for address in addresses)
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    def ask(self, method, endpoint, path, body=None):
        """An answer as JSON, counted as one of this endpoint."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **self.headers}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        self.answered[method, endpoint, str(status)] += 1
        return json.loads(text) if text.startswith(b"{") else text

    def scrape(self, python):
        """The families of metrics, as Prometheus' client reads them."""
        with urllib.request.urlopen(f"{self.metrics}/metrics", timeout=60) as answer:
            media_type, text = answer.headers["Content-Type"], answer.read().decode("utf-8")
        if media_type != "text/plain; version=0.0.4; charset=utf-8":
            sys.exit(f"parse.py: {media_type!r} is not the type of the format")
        done = subprocess.run([python, "-c", PARSE], input=text, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            sys.exit(f"parse.py: the client cannot read it:\n{done.stderr[-2000:]}\n{text[:2000]}")
        return json.loads(done.stdout)

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


def use(server):
    """Some of everything that is counted."""
    data = server.ask("POST", "login", "/api/v1/login", {"user": "admin", "password": PASSWORD})["data"]
    server.ask("GET", "me", "/api/v1/me")
    server.headers = {"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]}
    for number in range(7):
        server.ask("GET", "rooms.info", f"/api/v1/rooms.info?roomId=GENERAL&{number}")
        server.ask("GET", "none", f"/nothing/{number}")
        server.ask("GET", "none", f"/api/v1/nothing.{number}")
    for number in range(3):
        message = {"rid": "GENERAL", "msg": f"number {number}"}
        server.ask("POST", "chat.sendMessage", "/api/v1/chat.sendMessage", {"message": message})
    server.ask("GET", "/health", "/health")
    server.ask("POST", "none", "/api/v1/rooms.info", {})


def complaints(server, first, second):
    samples = {}
    for name, kind, text, found in second:
        if kind not in ("counter", "gauge", "histogram") or not text or not found:
            yield f"{name} has type {kind!r}, help {text!r} and {len(found)} samples"
        if not name.startswith(("roomscribe_", "process_")) or re.search(r"_(ms|millis|mb|kb|minutes)$", name):
            yield f"{name} is no name that Prometheus recommends"
        for sample, labels, value in found:
            samples[sample, tuple(sorted(labels.items()))] = value
            if kind == "counter" and not sample.endswith("_total"):
                yield f"{sample} counts without saying so"
    counted = {
        tuple(dict(labels)[key] for key in ("method", "endpoint", "status")): value
        for (name, labels), value in samples.items()
        if name == "roomscribe_requests_total"
    }
    if counted != dict(server.answered):
        yield f"counted {counted}, answered {dict(server.answered)}"
    measured = sum(value for (name, _), value in samples.items() if name == "roomscribe_request_duration_seconds_count")
    if measured != sum(server.answered.values()):
        yield f"{measured} requests were measured, {sum(server.answered.values())} answered"
    flushes = samples["roomscribe_store_flush_waiters_count", ()]
    if flushes < 3 or samples["roomscribe_store_flush_duration_seconds_count", ()] != flushes:
        yield f"{flushes} flushes for three messages, one after the other"
    for name, least in {"resident_memory_bytes": 1e6, "open_fds": 3, "start_time_seconds": 1.7e9}.items():
        if samples[f"process_{name}", ()] < least:
            yield f"process_{name} is {samples[f'process_{name}', ()]}"
    for name, kind, _, found in first:
        for sample, labels, value in found if kind != "gauge" else []:
            if samples[sample, tuple(sorted(labels.items()))] < value:
                yield f"{sample} {labels} of {name} has become less"


def main():
    program = support.roomscribe()
    python = support.python_with("metrics", "prometheus-client==0.26.0") / "python"
    with tempfile.TemporaryDirectory() as place:
        server = Server(program, place)
        try:
            first = server.scrape(python)
            use(server)
            failures = list(complaints(server, first, second := server.scrape(python)))
        finally:
            code = server.stop()
    if code != 0:
        failures.append(f"the server ended with {code}")
    print(f"{len(second)} metrics, {sum(len(family[3]) for family in second)} samples,"
          f" {sum(server.answered.values())} requests")  # fmt: skip
    support.report(failures)


if __name__ == "__main__":
    main()
