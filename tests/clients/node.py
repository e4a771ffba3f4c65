"""The JavaScript clients of Rocket.Chat itself, from npm, against a fresh server: node.cjs says what they do.

`@rocket.chat/api-client` and the REST part of `@rocket.chat/sdk` are unpacked as they are; of what
they depend on only what runs is installed, for the rest is types, and a repository outside npm.

    python3 tests/clients/node.py [BINARY]
"""

import json
import os
import pathlib
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "formats"))

import support
from fresh_server import ADMIN, PASSWORD, server

CLIENTS = ["@rocket.chat/api-client@0.2.57", "@rocket.chat/sdk@0.2.9"]
NEEDED = ["filter-obj@3.0.0", "query-string@7.1.3", "split-on-first@3.0.0", "strict-uri-encode@2.0.0",
          "node-rest-client@3.1.0", "lru-cache@4.1.5"]


def npm(place, *arguments):
    done = subprocess.run(["npm", *arguments], cwd=place, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"node.py: npm {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def installed():
    """A directory whose node_modules hold the clients."""
    place = support.ROOT / "target" / "clients-node"
    note = place / "installed"
    wanted = "\n".join(CLIENTS + NEEDED)
    if note.is_file() and note.read_text("utf-8") == wanted:
        return place
    place.mkdir(parents=True, exist_ok=True)
    (place / "package.json").write_text("{}", "utf-8")
    npm(place, "install", "--silent", "--no-audit", "--no-fund", *NEEDED)
    for packed in json.loads(npm(place, "pack", "--json", *CLIENTS)):
        into = place / "node_modules" / packed["name"]
        with tarfile.open(place / packed["filename"].replace("@", "").replace("/", "-")) as package:
            package.extractall(into.parent / "unpacked", filter="data")
        (into.parent / "unpacked" / "package").rename(into)
        (into.parent / "unpacked").rmdir()
    note.write_text(wanted, "utf-8")
    return place


def main():
    program = support.roomscribe()
    place = installed()
    script = pathlib.Path(__file__).with_name("node.cjs")
    with server(program) as url:
        environment = {
            **os.environ,
            "NODE_PATH": str(place / "node_modules"),
            "ROCKETCHAT_URL": url,
            "ROCKETCHAT_USER": ADMIN,
            "ROCKETCHAT_PASSWORD": PASSWORD,
        }
        done = subprocess.run(["node", str(script)], env=environment, timeout=300)
    sys.exit(done.returncode)


main()
