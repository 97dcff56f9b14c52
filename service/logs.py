"""Log lines that a terminal only shows, or JSON: what comes from requests and files is escaped."""

from __future__ import annotations

import datetime
import json
import logging
from typing import Any

from holotype.index.visible import visible

from .request_ids import REQUEST_ID
from .settings import ServiceSettings


class VisibleFormatter(logging.Formatter):
    """Formats records as lines, with the request they are about; only tracebacks have several."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the first line of a record."""
        name = REQUEST_ID.get()
        about = f" (request {name})" if name else ""
        return visible(super().formatMessage(record)) + about

    def formatException(self, info: Any) -> str:  # noqa: N802
        """Return a traceback."""
        return visible(super().formatException(info), keep="\n\t")


class JsonFormatter(logging.Formatter):
    """Formats records as JSON objects, one a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record: when, how grave, by whom, what, and of which request."""
        when = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        told: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if name := REQUEST_ID.get():
            told["request_id"] = name
        told |= getattr(record, "told", {})
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)


def log_config(limits: ServiceSettings) -> dict[str, Any]:
    """Return how logs are written, as `logging.config.dictConfig` takes it."""
    line = {"()": VisibleFormatter, "format": "%(levelname)s: %(message)s"}
    formatter = {"()": JsonFormatter} if limits.log_format == "json" else line
    levels = {
        "uvicorn": "WARNING",
        "holotype.service": "WARNING",
        "holotype.requests": "INFO" if limits.log_requests else "WARNING",
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            name: {"handlers": ["stderr"], "level": level, "propagate": False}
            for name, level in levels.items()
        },
    }
