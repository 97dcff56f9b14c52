"""Ways out as Python has them.

What lies below a notebook tells its ways out once, as commands, their options and addresses of the
service. Here each is told as the method that does the same, for whoever has an open collection.
"""

from __future__ import annotations

import json
import re
import shlex

# A command without its collection, and the method that does the same. Others have none: they
# are said to be for a terminal.
METHODS = {
    "calibrate": "calibrate",
    "cluster": "cluster",
    "clusters list": "clusters",
    "clusters log": "decisions",
    "collection info": "info",
    "collection log": "history",
    "collection snapshot": "snapshot",
    "collection verify": "verify",
    "eval": "evaluate",
    "export": "export",
    "ingest": "add",
    "map": "map",
    "review": "review",
    "train": "train",
    "tune": "tune",
    "undo": "undo",
}
# Requests that a service names, the longest of those that begin alike first.
ADDRESSES = {
    "GET /v1/clusters": "clusters()",
    "GET /v1/decisions": "decisions()",
    "GET /v1/specimens/{specimen_id}/history": 'history(specimen_id="ID")',
    "GET /v1/taxa": "info()",
    "POST /v1/clusters": "cluster()",
    "POST /v1/decisions/{decision_id}/undo-since": "undo(since=…)",
    "POST /v1/jobs": "identify_all()",
    "PUT /v1/images/{image_id}": "add()",
    "/v1/images": "add()",
    "/v1/taxa": "taxa()",
}
# Options that have another name as arguments; of the others a dash becomes an underscore.
RENAMED = {
    "as": "name",
    "column": "columns",
    "show-config": "docs/training.md",
    "specimen": "specimen_id",
    "to": "since",
}
FLAGS = frozenset({"allow-leak", "copy-images", "into-existing", "resume"})

_COMMAND = re.compile(
    r"'holotype (?=\S)((?:[^']|'[^']*'(?= --|'))+)'(?! in a terminal)( on (?:it|the collection)\b)?"
)
_JOB = re.compile(r"a job of kind '(\w+)' \(POST /v1/jobs\)")
_ADDRESS = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, ADDRESSES))})(?![\w/{{])")
_OPTION = re.compile(
    r"'holotype [^']*' in a terminal|(?<![\w'-])(?<!install )--(?P<option>[a-z][a-z-]*)"
    r"(?: (?P<value>(?<=column )\w+=[^,:;']*[^,:;'\s]"  # a column's name may hold spaces
    r"|\w+=[^,:;')\s]+"
    r"|(?<=levels )[\w-]+(?:,[\w-]+)+"
    r"|(?<=protocol )[\w-]+"
    r"|(?<=such as --encoder )[\w-]+))?"
)


def in_python(sentence: str) -> str:
    """Return a sentence with methods and arguments where it names commands and options.

    >>> in_python("Nothing is calibrated; run 'holotype calibrate' first")
    'Nothing is calibrated; run calibrate() first'
    >>> in_python("tune it again with 'holotype tune moths --as tuned --where split=train'")
    'tune it again with tune(name="tuned", where="split=train")'
    >>> in_python("Give both --query and --gallery, for example --query split=test")
    'Give both query and gallery, for example query="split=test"'
    >>> in_python("Not calibrated; run a job of kind 'calibrate' (POST /v1/jobs) first")
    'Not calibrated; run calibrate() first'
    >>> in_python("No species has two specimens; POST /v1/clusters makes candidates")
    'No species has two specimens; cluster() makes candidates'
    """
    said = _COMMAND.sub(_call, _JOB.sub(r"\1()", sentence))
    return _ADDRESS.sub(lambda found: ADDRESSES[found[1]], _OPTION.sub(_argument, said))


def _call(found: re.Match[str]) -> str:
    """Return a method with its arguments in place of a command; it lies where the command does."""
    try:
        words = shlex.split(found[1])
    except ValueError:  # it has been cut
        words = found[1].split()
    command = " ".join(words[:2]) if " ".join(words[:2]) in METHODS else words[0]
    if command not in METHODS or "--show-config" in words:
        return f"'holotype {found[1]}' in a terminal{found[2] or ''}"
    call = f"{METHODS[command]}({_arguments(words)})"
    return f"holotype.open(…).{call} where it lies" if found[2] else call


def _arguments(words: list[str]) -> str:
    """Return the options of a command as arguments; its collection is the object itself."""
    given: dict[str, list[str]] = {}
    for place, word in enumerate(words):
        if word.startswith("--"):
            value = words[place + 1 : place + 2]
            known = given.setdefault(word[2:], [])
            known += value if value and not value[0].startswith("--") else []
    if words[0] == "ingest":
        given.pop("to", None)  # a collection
    return ", ".join(_said(option, values) for option, values in given.items())


def _argument(found: re.Match[str]) -> str:
    value = found["value"]
    if found["option"] is None:  # a command that stays one
        return found[0]
    if value is None and found["option"] not in FLAGS:
        return _name(found["option"])
    return _said(found["option"], [value] if value else [])


def _said(option: str, values: list[str]) -> str:
    """Return an argument with its value, as it would be typed."""
    if option in FLAGS:
        return f"{_name(option)}=True"
    if not values:
        return f"{_name(option)}=…"
    if option == "column":
        told: object = dict([values[0].split("=", 1)])
    elif option == "levels":
        told = values[0].split(",")
    else:
        told = values if len(values) > 1 else values[0]
    return f"{_name(option)}={json.dumps(told, ensure_ascii=False)}"


def _name(option: str) -> str:
    return RENAMED.get(option, option.replace("-", "_"))
