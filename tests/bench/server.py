"""A running roomscribe, and whoever calls it."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from measure import Failed

PASSWORD = "correct-horse-battery"
UNLIMITED = {
    "OVERWRITE_SETTING_API_Enable_Rate_Limiter": "false",
    "OVERWRITE_SETTING_API_User_Limit": "100000",
}
"""The one setting that makes a measurement of requests possible at all, and how many accounts may be listed."""

ADDRESSES = "[server]\nconnections_per_address = 1024\n"
"""All clients of a benchmark have one address; otherwise the configuration is the one that is shipped."""


class Server:
    """A running server, stopped at the end of its `with`. `.ready` is the seconds until its first answer."""

    def __init__(self, program, data, settings=ADDRESSES):
        self.data = pathlib.Path(data)
        configuration = self.data.parent / (self.data.name + ".toml")
        configuration.write_text(settings, "utf-8")
        environment = {**os.environ, "NO_COLOR": "1", "ADMIN_USERNAME": "admin", "ADMIN_PASS": PASSWORD, **UNLIMITED}
        command = [program, "--config", configuration, "--data", self.data, "serve", "--listen", "127.0.0.1:0"]
        began = time.monotonic()
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, env=environment)
        too_long = threading.Timer(600, self.process.kill)
        too_long.start()
        self.lines = []
        for line in self.process.stderr:
            self.lines.append(line)
            if address := re.search(r"ready address=(\S+)", line):
                break
        else:
            raise Failed("the server did not come up:\n" + "".join(self.lines[-20:]))
        too_long.cancel()
        self.address, self.pid = address[1], self.process.pid
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()
        with contextlib.closing(http.client.HTTPConnection(self.address, timeout=60)) as connection:
            connection.request("GET", "/livez")
            connection.getresponse().read()
        self.ready = time.monotonic() - began

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Client:
    """Calls the REST API as one user, on a fresh connection each time: none is left idle during a measurement."""

    def __init__(self, server, user="admin", password=PASSWORD):
        self.address, self.headers = server.address, {"content-type": "application/json"}
        data = self.post("login", user=user, password=password)["data"]
        self.headers |= {"x-user-id": data["userId"], "x-auth-token": data["authToken"]}

    def call(self, method, path, body=None):
        """The bytes of a successful answer."""
        with contextlib.closing(http.client.HTTPConnection(self.address, timeout=600)) as connection:
            connection.request(method, f"/api/v1/{path}", None if body is None else json.dumps(body), self.headers)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != 200:
            raise Failed(f"{method} {path}: {answer.status} {content[:500].decode(errors='replace')}")
        return content

    def get(self, path):
        return json.loads(self.call("GET", path))

    def post(self, path, **body):
        return json.loads(self.call("POST", path, body))
