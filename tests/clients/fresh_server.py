"""A real server for the clients, on a port of its own, and its end."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]

ADMIN = "admin"
ADDRESS = "admin@example.org"
PASSWORD = "correct-horse-battery"

# A suite calls one endpoint more often in a minute than people do.
FACTORY_BUT_LIMITS = {"OVERWRITE_SETTING_API_Enable_Rate_Limiter": "false"}


@contextlib.contextmanager
def server(program, **environment):
    """The URL of a fresh server with factory settings, rate limits excepted; what it logs is looked through."""
    with tempfile.TemporaryDirectory() as data:
        settings = {
            "ADMIN_USERNAME": ADMIN,
            "ADMIN_PASS": PASSWORD,
            "ADMIN_EMAIL": ADDRESS,
            **FACTORY_BUT_LIMITS,
            **environment,
        }
        command = [str(program), "--data", data, "serve", "--listen", "127.0.0.1:0"]
        log = []
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1", **settings}
        ) as running:
            ready = threading.Event()

            def follow():
                for line in running.stderr:
                    log.append(line)
                    if " ready " in line:
                        ready.set()
                ready.set()

            reader = threading.Thread(target=follow, daemon=True)
            reader.start()
            ready.wait(60)
            address = re.search(r"ready address=(\S+)", "".join(log))
            if not address:
                running.kill()
                sys.exit(f"the server did not come up:\n{''.join(log)[-3000:]}")
            try:
                yield f"http://{address[1]}"
            finally:
                running.terminate()
                running.wait(60)
                reader.join(10)
        broken = [line for line in log if " ERROR " in line or "panicked" in line]
        if broken:
            sys.exit(f"the server complained:\n{''.join(broken)[:3000]}")
