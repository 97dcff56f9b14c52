"""One example of each record, as a collection of moths gives it; tests hold them to the models."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

_LINEAGE = {
    "category": "Moth",
    "family": "Noctuidae",
    "genus": "Xestia",
    "species": "Xestia c-nigrum",
}
_SHA256 = "5e1c9f5a3a4c77a8a1f2c8d6bb1f0f0d0c8d7a41a6b7be1b7c55de2a5b4f8e90"
_NOTE = "1 label changed (trip/7.jpg: Xestia baja -> Xestia c-nigrum)."
_WHEN = "2024-06-21T09:15:00+00:00"

IMAGE: Example = {
    "image_id": "trip/7.jpg",
    "specimen_id": "trip-7",
    "sha256": _SHA256,
    "width": 1600,
    "height": 1200,
    "split": "trip",
    "determination": {"rank": "species", "taxon": "Xestia c-nigrum"},
    "lineage": _LINEAGE,
    "details": {"date": "2024-06-20", "locality": "Sierra Nevada"},
    "metadata": {"sex": "f"},
}
PATCHED: Example = {**IMAGE, "notes": [_NOTE]}
STORED: Example = {
    **IMAGE,
    "notes": [],
    "created": True,
    "version": 0,
    "embedded": ["base"],
    "left_out": {},
}
STORED_PICTURE: Example = {
    "image": IMAGE,
    "created": True,
    "version": 0,
    "embedded": ["base"],
    "left_out": {},
    "notes": [],
}
STORED_PICTURES: Example = {
    "images": [STORED],
    "problems": [
        {
            "name": "8.jpg",
            "detail": "The picture is damaged or cut short; send it again.",
        }
    ],
}
IMAGES: Example = {"images": [IMAGE], "total": 540, "next": "1730"}

EVENT: Example = {
    "determination_id": 1731,
    "specimen_id": "trip-7",
    "taxon": "Xestia c-nigrum",
    "qualifier": "",
    "origin": "human",
    "determined_by": "A. Taxonomist",
    "determined_at": _WHEN,
    "remarks": "the reniform stigma",
    "undoes": None,
    "stands": True,
    "before": "Xestia baja",
    "after": "Xestia c-nigrum",
    "decision_id": None,
}
HISTORY: Example = {"specimen_id": "trip-7", "events": [EVENT]}
DETERMINATIONS: Example = {"determinations": [EVENT], "next": 1731}
_LEFT_OUT: Example = {
    "specimen_id": "trip-8",
    "why": "Specimen 'trip-8' has changed since version 1730: Xestia baja by Bo, "
    f"{_WHEN}; look at it again, then decide",
}
DETERMINED: Example = {"determinations": [EVENT], "left_out": [_LEFT_OUT]}
UNDONE: Example = {
    "determinations": [EVENT],
    "left_out": [
        {
            "determination_id": 1732,
            "specimen_id": "trip-8",
            "why": f"Determination 1732 of specimen 'trip-8' is undone already, by Bo, {_WHEN}",
        }
    ],
}
QUEUE_DECIDED: Example = {"queue": "mislabels", "determinations": [EVENT]}
SPECIMEN: Example = {
    "specimen_id": "trip-7",
    "version": 1731,
    "determination": {
        "determination_id": 1731,
        "rank": "species",
        "taxon": "Xestia c-nigrum",
        "qualifier": "",
        "origin": "human",
        "determined_by": "A. Taxonomist",
        "determined_at": _WHEN,
        "remarks": "the reniform stigma",
    },
    "lineage": _LINEAGE,
    "images": [IMAGE],
    "total": 1,
    "next": None,
}
QUEUE: Example = {
    "queue": "mislabels",
    "space": "base",
    "total": 107,
    "offset": 0,
    "entries": [
        {
            "place": 1,
            "score": 0.93,
            "specimen_ids": ["trip-7"],
            "image_ids": ["trip/7.jpg"],
            "taxa": ["Xestia baja"],
            "reason": "It fits the 11 specimens of Xestia c-nigrum better than the 10 other "
            "specimens of its own Xestia baja.",
            "proposed": _LINEAGE,
            "evidence": [
                {"image_id": "trip/9.jpg", "taxon": "Xestia c-nigrum", "cosine": 0.8312},
                {"image_id": "trip/3.jpg", "taxon": "Xestia baja", "cosine": 0.6127},
            ],
            "versions": [1730],
        }
    ],
    "left_out": {"without a name": 3},
}

_CHILD = {"rank": "genus", "taxon": "Xestia", "images": 120, "specimens": 96, "children": 6}
_BRANCH: Example = {
    "space": "base",
    "rank": "family",
    "taxon": "Noctuidae",
    "lineage": {"category": "Moth", "family": "Noctuidae"},
    "images": 540,
    "specimens": 431,
    "here": {"images": 12, "specimens": 12},
    "children": [_CHILD],
    "total": 43,
}
BRANCH: Example = {**_BRANCH, "next": "genus:17:Xestia"}
TAXON: Example = {
    **_BRANCH,
    "examples": ["trip/7.jpg", "trip/9.jpg"],
    "confused_with": [{"taxon": "Erebidae", "share": 0.12, "cosine": 0.8312}],
}
TAXA: Example = {
    "space": "base",
    "taxa": [
        {
            "taxon": "Xestia c-nigrum",
            "rank": "species",
            "lineage": _LINEAGE,
            "images": 31,
            "specimens": 24,
        }
    ],
}
SPACES: Example = {
    "collection": "moths",
    "images": 540,
    "specimens": 540,
    "taxa": {"genus": 70, "species": 100},
    "splits": {"train": 405, "test": 135},
    "spaces": [
        {
            "name": "base",
            "encoder": "bundled",
            "fingerprint": _SHA256,
            "views": 1,
            "dim": 1280,
            "tuned_from": None,
            "fitted_on": {
                "encoder": {"images": 0, "specimens": 0, "recorded": True},
                "space": None,
            },
            "embeddings": 540,
            "index": "flat",
        }
    ],
}

CLUSTER: Example = {
    "id": 12,
    "version": 30,
    "state": "open",
    "size": 2,
    "image_ids": ["trip/7.jpg", "trip/9.jpg"],
    "medoid": "trip/7.jpg",
    "typical": ["trip/7.jpg", "trip/9.jpg"],
    "outliers": [],
    "coherence": 0.8312,
    "parent": {"rank": "genus", "taxon": "Xestia", "p": 0.96},
    "nearest": [{"taxon": "Xestia baja", "cosine": 0.7127}],
    "name": "Xestia sp. 1",
    "probably": None,
}
CLUSTERING_RECORD: Example = {
    "clustering_id": 1,
    "space": "base",
    "source": "split=trip",
    "parameters": {"method": "auto"},
    "made_by": "A. Curator",
    "made_at": _WHEN,
}
CLUSTERING: Example = {
    "id": 1,
    "source": "split=trip",
    "made_by": "A. Curator",
    "made_at": _WHEN,
    "set_aside": [],
    "clusters": [CLUSTER],
    "k": 1,
    "parameters": {"method": "auto"},
    "next": None,
}
CLUSTERINGS: Example = {"clusterings": [CLUSTERING_RECORD]}
DECISION: Example = {
    "decision_id": 31,
    "clustering_id": 1,
    "kind": "name",
    "what": "name cluster 12 as Xestia viridis",
    "clusters": [12],
    "decided_by": "A. Taxonomist",
    "decided_at": _WHEN,
    "remarks": "green wings",
    "undoes": None,
    "stands": True,
}
DECISIONS: Example = {"decisions": [DECISION], "next": None}
DECIDED: Example = {
    "decision": DECISION,
    "cluster": {**CLUSTER, "version": 31, "state": "named", "name": "Xestia viridis"},
}
JOB: Example = {
    "job_id": "7b1d",
    "kind": "cluster",
    "space": "base",
    "state": "running",
    "percent": 35,
    "phase": "",
    "options": {"where": ["split=trip"]},
    "result": None,
    "error": None,
    "created_at": _WHEN,
    "changed_at": _WHEN,
}

EVALUATION: Example = {
    "evaluation_id": "20260504T081500123-3f2a91bc",
    "job_id": "3f2a91bc",
    "protocol": "split",
    "spaces": ["base"],
    "options": {"query": ["split=test"], "gallery": ["split=train"]},
    "summary": "For 9 of 10 pictures the most similar picture shows the right species.",
    "has_report": True,
    "made_at": _WHEN,
}
