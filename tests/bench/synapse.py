"""Synapse, the chat server of Matrix, from PyPI: one user sends into one room."""

import contextlib
import http.client
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import time

from measure import Failed, Missing, cpu_seconds, note

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "formats"))
from support import python_with  # noqa: E402

VERSION = "1.163.2"
SETTINGS = """
# What a measurement needs: no limit of requests, nobody else on the network.
rc_message: {{per_second: 1000000, burst_count: 1000000}}
rc_login:
  address: {{per_second: 1000000, burst_count: 1000000}}
  account: {{per_second: 1000000, burst_count: 1000000}}
enable_registration: false
registration_shared_secret: "{secret}"
trusted_key_servers: []
federation_domain_whitelist: []
presence: {{enabled: false}}
"""


class Synapse:
    """A running one."""

    def __init__(self, process, port, version):
        self.process, self.address, self.name = process, f"127.0.0.1:{port}", f"Synapse {version}, SQLite"
        self.token, self.room, self.sent = None, None, 0

    def call(self, method, path, body=None, timeout=60):
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        with contextlib.closing(http.client.HTTPConnection(self.address, timeout=timeout)) as connection:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != 200:
            raise Failed(f"Synapse: {method} {path}: {answer.status} {content[:300].decode(errors='replace')}")
        return json.loads(content or b"{}")

    def load(self, bench, connections, text):
        """Sends for some seconds; every request has a transaction of its own."""
        before = cpu_seconds(self.process.pid)
        path = f"/_matrix/client/v3/rooms/{self.room}/send/m.room.message/{secrets.token_hex(4)}-{{n}}"
        told = bench.load(self.address, path, method="PUT", connections=connections, seconds=bench.seconds, requests=100_000,
                          header=["content-type: application/json", f"authorization: Bearer {self.token}"],
                          body=json.dumps({"msgtype": "m.text", "body": text}))
        self.sent += told["answered"]
        return told | {"server_cpu": cpu_seconds(self.process.pid) - before}

    def check(self, bench):
        """Every message that was acknowledged is there; the room is read from its end in pages."""
        found, start = 0, None
        while True:
            page = self.call("GET", f"/_matrix/client/v3/rooms/{self.room}/messages?dir=b&limit=1000" + (f"&from={start}" if start else ""))
            found += sum(event["type"] == "m.room.message" for event in page["chunk"])
            start = page.get("end")
            if not start or not page["chunk"]:
                break
        bench.require(found == self.sent, f"Synapse acknowledged {self.sent} messages, {found} are in its room")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(bench):
    """Installs it, sets it up, and answers it with a user in a room."""
    note("installing Synapse")
    try:
        programs = python_with("bench/synapse", f"matrix-synapse=={VERSION}")
    except SystemExit as failure:
        raise Missing(f"it cannot be installed: {str(failure)[-300:]}") from failure
    place = bench.fresh("synapse")
    place.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    python, configuration, secret = programs / "python", place / "homeserver.yaml", secrets.token_hex(16)
    generate = [python, "-m", "synapse.app.homeserver", "--generate-config", "-H", "localhost", "-c", configuration, "--report-stats=no"]
    made = subprocess.run([str(part) for part in generate], cwd=place, capture_output=True, text=True, timeout=300, check=False)
    if made.returncode:
        raise Missing(f"it makes no configuration: {made.stderr[-300:]}")
    text = configuration.read_text("utf-8").replace("port: 8008", f"port: {port}")
    kept = [line for line in text.splitlines() if not line.startswith(("registration_shared_secret", "trusted_key_servers", '  - server_name: "matrix'))]
    configuration.write_text("\n".join(kept) + SETTINGS.format(secret=secret), "utf-8")
    with open(place / "log", "wb") as log:
        process = subprocess.Popen([str(python), "-m", "synapse.app.homeserver", "-c", str(configuration)], cwd=place,
                                   stdout=log, stderr=log, env={**os.environ, "SYNAPSE_CACHE_FACTOR": "1.0"})
    peer = Synapse(process, port, VERSION)
    try:
        prepare(peer, programs, configuration)
    except BaseException:
        peer.__exit__()
        note((place / "log").read_text("utf-8", errors="replace")[-2000:])
        raise
    bench.explain(f"{peer.name}, CPython, one process, its generated configuration with registration and presence off and"
                  " without limits of requests; PUT …/send/m.room.message with a transaction id each, no encryption")
    return peer


def prepare(peer, programs, configuration):
    """Waits until it answers, makes the user and the room."""
    deadline = time.monotonic() + 120
    while True:
        try:
            peer.call("GET", "/_matrix/client/versions", timeout=5)
            break
        except OSError as error:
            if peer.process.poll() is not None or time.monotonic() > deadline:
                raise Missing("it does not come up") from error
            time.sleep(0.2)
    user = ["-u", "bench", "-p", "correct-horse-battery", "--no-admin", "-c", configuration, f"http://{peer.address}"]
    command = [programs / "register_new_matrix_user", *user]
    made = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, check=False)
    if made.returncode:
        raise Missing(f"it makes no user: {(made.stdout + made.stderr)[-300:]}")
    login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "bench"}, "password": "correct-horse-battery"}
    peer.token = peer.call("POST", "/_matrix/client/v3/login", login)["access_token"]
    peer.room = peer.call("POST", "/_matrix/client/v3/createRoom", {"preset": "public_chat"})["room_id"]
