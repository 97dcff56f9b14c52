"""Log lines that a terminal only shows: what comes from requests and files is escaped."""

from __future__ import annotations

import logging
from typing import Any

from holotype.index.visible import visible


class VisibleFormatter(logging.Formatter):
    """Formats records as lines; only tracebacks have several."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the first line of a record."""
        return visible(super().formatMessage(record))

    def formatException(self, info: Any) -> str:  # noqa: N802
        """Return a traceback."""
        return visible(super().formatException(info), keep="\n\t")


LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": VisibleFormatter, "format": "%(levelname)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        name: {"handlers": ["stderr"], "level": "WARNING", "propagate": False}
        for name in ("uvicorn", "holotype.service")
    },
}
