"""Sentences that tell the way out as a command, told as the request that does the same."""

from __future__ import annotations

import re

# A command, or an option, and what does it over HTTP. What only the machine that serves can do (to
# verify, trust, restore) stays a command: it is for whoever runs the service.
_REQUESTS = (
    (r"'holotype map[^']*'", "a job of kind 'map' (POST /v1/jobs)"),
    (r"'holotype calibrate'", "a job of kind 'calibrate' (POST /v1/jobs)"),
    (r"'holotype cluster'", "a job of kind 'cluster' (POST /v1/jobs)"),
    (r"'holotype clusters list' shows", "GET /v1/clusters shows"),
    (r"'holotype clusters log' shows", "GET /v1/decisions shows"),
    (
        r"'holotype collection log C --specimen ID' shows",
        "GET /v1/specimens/{specimen_id}/history shows",
    ),
    (r"'holotype collection info'", "GET /v1/taxa"),
    (r"'holotype undo --to'", "POST /v1/decisions/{decision_id}/undo-since"),
    (
        r"Say --last to remove it all the same",
        "A request does not remove it: put pictures into another space first, or delete the images",
    ),
    (r"add pictures with 'holotype ingest'", "add pictures with PUT /v1/images/{image_id}"),
)
_KNOWN = [(re.compile(command), request) for command, request in _REQUESTS]
# Options of a command that stays one are its own; any other is a field of what is sent.
_FIELDS = (
    *("query", "gallery", "where", "space", "as", "folds", "group", "protocol", "allow-leak"),
    *("unlabelled", "classifiers", "resume", "encoder", "with-tuned", "levels", "loss", "preset"),
)
_OPTION = re.compile(rf"'holotype [^']*'|(?<=[\s(])--({'|'.join(_FIELDS)})\b")
_OTHER_NAMES = {"as": "name"}


def as_request(sentence: str) -> str:
    """Return a sentence with requests instead of commands, where there are such.

    >>> as_request("Not calibrated; run 'holotype calibrate' first")
    "Not calibrated; run a job of kind 'calibrate' (POST /v1/jobs) first"
    >>> as_request("moths-tuned is tuned from 'base'; remove them first, or say --with-tuned")
    "moths-tuned is tuned from 'base'; remove them first, or say 'with_tuned'"
    """
    if "holotype " not in sentence and "--" not in sentence:
        return sentence
    for command, request in _KNOWN:
        sentence = command.sub(request, sentence)
    return _OPTION.sub(_field, sentence)


def _field(found: re.Match[str]) -> str:
    option = found[1]
    return f"'{_OTHER_NAMES.get(option, option.replace('-', '_'))}'" if option else found[0]
