"""schemathesis against a served collection: requests that OpenAPI allows and forbids, and chains.

python -m tests.hostile.contract COLLECTION [EXAMPLES] [SEED]

A copy of the collection is served with an API key, and changed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.service.process import service

_KEY = "a key for everything"
_SECONDS = 3600

# An image's id may hold slashes and end in /picture, so this is a PUT of that image.
_CONFIG = """
[[operations]]
include-path-regex = "^/v1/images/.image_id./(picture|thumbnail)$"
checks.unsupported_method.enabled = false
"""

# What the description allows may still be refused with 422: a space that is not there, a condition
# on a column that no image has.
_LEFT_OUT = "positive_data_acceptance"


@dataclass(frozen=True)
class Findings:
    """What a run found.

    Attributes:
        cases: requests that were sent.
        failures: sentences, one for each kind of failure.
        text: all that schemathesis says.
        server_errors: answers of 500 and more, but for 503, as the service counts them.
    """

    cases: int
    failures: list[str]
    text: str
    server_errors: list[str]


def run(folder: Path, examples: int, seed: int = 1, phases: str = "") -> Findings:
    """Serve a copy of a collection and send it about 50 x `examples` and 3,000 further requests.

    Args:
        folder: of the collection.
        examples: of each operation and phase.
        phases: some of examples, coverage, fuzzing and stateful, separated by commas; or all.
    """
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        served = Path(shutil.copytree(folder, here / "shells"))
        (here / "schemathesis.toml").write_text(_CONFIG)
        digest = hashlib.sha256(_KEY.encode()).hexdigest()
        with service(served, here / "log", HOLOTYPE_API_KEYS=f"admin:{digest}") as found:
            command = [
                *(str(Path(sys.executable).with_name("schemathesis")), "run"),
                f"{found.address}/openapi.json",
                *("--phases", phases or "examples,coverage,fuzzing,stateful"),
                *("--header", f"Authorization: Bearer {_KEY}"),
                *("--max-examples", str(examples), "--seed", str(seed)),
                *("--exclude-checks", _LEFT_OUT, "--suppress-health-check", "all"),
                *("--generation-database", "none", "--request-timeout", "300"),
                *("--continue-on-failure", "--no-shrink", "--no-color"),
            ]
            done = subprocess.run(
                command, cwd=here, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
            counts = _counts(found.address)
    cases = re.search(r"Test cases:\s+(\d+) generated", done.stdout)
    assert cases, done.stdout + done.stderr
    failures = re.findall(r"(?:❌|🚫) (ST\d+ .+|\w+ Error: .+)", done.stdout)
    return Findings(int(cases[1]), failures, done.stdout, counts)


def _counts(address: str) -> list[str]:
    """Return the counts of server errors, but for those that say that it is busy."""
    import httpx2

    headers = {"Authorization": f"Bearer {_KEY}"}
    text = httpx2.get(f"{address}/metrics", headers=headers, timeout=60).text
    return re.findall(r'holotype_requests_total\{.*status="5(?!03)\d\d"\} .*', text)


def main() -> None:
    """Print what a run finds as JSON, with exit code 1 where that is anything."""
    folder, *rest = sys.argv[1:]
    examples, seed = [*map(int, rest), *(10, 1)[len(rest) :]]
    found = run(Path(folder), examples, seed)
    told = {name: value for name, value in vars(found).items() if name != "text"}
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    if found.failures or found.server_errors:
        sys.stdout.write(found.text)
        sys.exit(1)


if __name__ == "__main__":
    main()
