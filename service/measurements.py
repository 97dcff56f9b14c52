"""What a service counts of itself, as Prometheus reads it: requests, seconds, queues, images."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from holotype.version import __version__

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measurements:
    """The counts of one application. Safe to call from several threads.

    Args:
        several: it serves several collections, so what is of one says of which.
    """

    def __init__(self, *, several: bool = False) -> None:
        self._several = several
        of = ("collection",) if several else ()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "holotype_requests",
            "Requests that were answered, by route and status.",
            (*of, "method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "holotype_request_seconds",
            "Seconds from the first byte of a request to the last of its answer, by route.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._under_way = Gauge(
            "holotype_requests_under_way",
            "Requests that are being answered.",
            registry=self._registry,
        )
        self._queues = self._gauge("queue_length", "Who waits or is answered, by queue.", "queue")
        self._images = self._gauge("images", "Images that a space shows.", *of, "space")
        self._jobs = self._gauge(
            "jobs", "Remembered jobs, by kind and state.", *of, "kind", "state"
        )
        info = self._gauge("info", "Always 1.", "version")
        info.labels(__version__).set(1)

    def _gauge(self, name: str, said: str, *labels: str) -> Gauge:
        return Gauge(f"holotype_{name}", said, labels, registry=self._registry)

    def begin(self) -> None:
        """Count a request that has come."""
        self._under_way.inc()

    def end(
        self, method: str, route: str, status: int, seconds: float, collection: str = ""
    ) -> None:
        """Count a request that has ended.

        Args:
            route: its template, such as `/v1/images/{image_id}`; one text for what is none.
            status: 0 where its client left before the answer began.
            collection: what it was about, where there are several; empty for none.
        """
        self._under_way.dec()
        known = method if method in _METHODS else "other"
        of = (collection,) if self._several else ()
        self._requests.labels(*of, known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def as_text(
        self,
        queues: Mapping[str, int],
        images: Mapping[tuple[str, ...], int],
        jobs: Mapping[tuple[str, ...], int],
    ) -> bytes:
        """Return everything in Prometheus' text format.

        Args:
            queues: how many wait or are answered in each.
            images: how many each space shows; of several collections, by collection and space.
            jobs: how many are remembered of each kind and state, likewise.
        """
        for gauge in (self._queues, self._images, self._jobs):
            gauge.clear()
        for queue, length in queues.items():
            self._queues.labels(queue).set(length)
        for of, count in images.items():
            self._images.labels(*of).set(count)
        for of, count in jobs.items():
            self._jobs.labels(*of).set(count)
        return generate_latest(self._registry)
