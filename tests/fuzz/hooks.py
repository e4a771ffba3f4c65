"""What schemathesis runs around each request: it shows credentials, notes how the request ended, and
begins a new session where one has ended.

The environment says who calls (FUZZ_CALLER, a JSON object; null: nobody), and where to write down
what was seen (FUZZ_NOTES).
"""

import atexit
import collections
import json
import os
import pathlib
import urllib.error
import urllib.request

import schemathesis

caller = json.loads(os.environ["FUZZ_CALLER"])
statuses = collections.defaultdict(collections.Counter)
ended, last = [], None


def ask(path, headers, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(caller["url"] + path, data, {"content-type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def is_logged_in():
    try:
        ask("/api/v1/me", caller["headers"])
    except urllib.error.HTTPError as error:
        return error.code != 401
    return True


def renew():
    """A session made by another administrator: logging in takes long, on purpose."""
    who = caller["headers"]["X-User-Id"]
    try:
        ask("/api/v1/users.setActiveStatus", caller["keeper"], {"userId": who, "activeStatus": True})
        made = ask("/api/v1/users.createToken", caller["keeper"], {"userId": who})
    except urllib.error.HTTPError:
        return  # There may be nobody left who is one.
    caller["headers"]["X-Auth-Token"] = made["data"]["authToken"]


@schemathesis.auth(refresh_interval=None)
class Credentials:
    def get(self, case, context):
        return caller and caller["headers"]

    def set(self, case, data, context):
        case.headers.update(data or {})


@schemathesis.hook
def after_call(context, case, response):
    global last
    operation = f"{case.operation.method.upper()} {case.operation.path}"
    statuses[operation][response.status_code] += 1
    if caller and response.status_code == 401 and not is_logged_in():
        ended.append(last)
        renew()
    last = operation


@atexit.register
def note():
    pathlib.Path(os.environ["FUZZ_NOTES"]).write_text(json.dumps({"statuses": statuses, "ended": ended}), "utf-8")
