"""The Python client that most programs use, rocketchat_API, with the tests that its authors wrote.

They are those of the source package on PyPI, unchanged, and talk to a fresh server. What is left
out, and why, stands in LEFT_OUT and LEFT_OUT_TESTS; nothing else may fail.

    python3 tests/clients/python.py [BINARY]
"""

import os
import pathlib
import re
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "formats"))

import support
from fresh_server import server

VERSION = "3.7.1"

# The suite's own first user, who is an administrator.
FIRST = {
    "ADMIN_USERNAME": "user1",
    "ADMIN_NAME": "user1",
    "ADMIN_EMAIL": "email@domain.com",
    "CREATE_TOKENS_FOR_USERS": "true",
    "CREATE_TOKENS_FOR_USERS_SECRET": "1234567890abcdef",
}

LEFT_OUT = {
    "tests/test_livechat.py": "there is no livechat",
    "tests/test_users_engagement.py": "the engagement dashboard is a paid part of Rocket.Chat",
    "tests/test_banners.py": "writes its banners into MongoDB",
}

LEFT_OUT_TESTS = {
    "tests/test_user.py::test_users_set_avatar_from_url": "has the server fetch a picture from the internet",
}


def suite(programs):
    """The directory of the source package."""
    place = support.ROOT / "target" / "clients-python"
    package = place / f"rocketchat_api-{VERSION}"
    if not package.is_dir():
        wanted = f"rocketchat_API=={VERSION}"
        support.run(
            programs / "python", "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
            "--dest", place, wanted,
        )
        with tarfile.open(next(place.glob(f"rocketchat_*api-{VERSION}.tar.gz"))) as source:
            source.extractall(place, filter="data")
    return package


def main():
    program = support.roomscribe()
    programs = support.python_with(
        "clients-python", f"rocketchat_API=={VERSION}", "pytest==9.0.1", "semver==3.0.4", "pymongo==4.15.4"
    )
    package = suite(programs)
    password = re.search(r'"(yoZ[^"]+)"', (package / "tests" / "conftest.py").read_text("utf-8"))[1]
    with server(program, ADMIN_PASS=password, **FIRST) as url:
        environment = {**os.environ, "ROCKETCHAT_URL": url, "PYTHONPATH": str(pathlib.Path(__file__).parent)}
        command = [str(programs / "pytest"), "-p", "where", "-q", "--tb=short", "-rfEs", "tests"]
        command += [f"--ignore={path}" for path in LEFT_OUT]
        command += [f"--deselect={test}" for test in LEFT_OUT_TESTS]
        done = subprocess.run(command, cwd=package, env=environment, timeout=900)
    sys.exit(done.returncode)


main()
