"""A collection that is served, and what all that asks it shares."""

from __future__ import annotations

import time
from typing import Any

from holotype.index.errors import HolotypeError

from ..backend import Told
from ..progress import progress
from .http import Service, ServiceError, path_of

_FIRST_LOOK, _LATER = 0.05, 1.0  # seconds between two looks at a job


class Served:
    """A collection behind a service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def place(self) -> str:
        """The address of the service."""
        return self._service.address

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def job(self, kind: str, space: str | None, options: Told) -> Told:
        """Start a job, wait until it is done, and return its result; Ctrl-C cancels it.

        Raises:
            HolotypeError: it is refused, fails or is cancelled.
        """
        given = {name: value for name, value in options.items() if value is not None}
        order: dict[str, Any] = {"kind": kind, "space": space, "options": given}
        job = self._service.post(path_of("jobs"), order)
        place, pause = path_of("jobs", job["job_id"]), _FIRST_LOOK
        try:
            with progress(kind.capitalize()) as update:
                while job["state"] == "running":
                    update(job["percent"], 100)
                    time.sleep(pause)
                    pause = min(_LATER, 1.5 * pause)
                    job = self._service.get(place)
        except KeyboardInterrupt:
            self._service.ask("DELETE", place)
            raise
        if job["state"] != "done":
            raise ServiceError(job["error"] or f"The job was {job['state']}; start it again")
        result: Told = job["result"]
        return result

    def elsewhere(self, what: str, call: str) -> HolotypeError:
        """Return why something is not done over HTTP."""
        return ServiceError(
            f"{what} where the collection lies, not over HTTP: run holotype.open(…).{call} on the "
            f"machine that serves {self.place}"
        )
