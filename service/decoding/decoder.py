"""The process that decodes what strangers send.

It is `python -m holotype.service.decoding.decoder BYTES SECONDS`.

It has a limit of memory and of time that the system enforces, and holds nothing else: a decoder
that is led astray ends this process and not the service. It reads, from its standard input, a line
of JSON (`length`, `target`, `name`, `stored`) and the bytes of the picture, and writes a line
(`size`, that of the `file` and the `seconds` of a processor that it took, or `refused`) and the
pixels as RGB; at the end of its input it ends. It must start quickly, so it imports no more than
`pictures` does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any, BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from holotype.index.errors import PictureError
from holotype.index.files.regular import Limit
from holotype.index.pictures.checks import Limits
from holotype.index.pictures.reading import (
    FORMATS,
    UPLOADED,
    limits_of_settings,
    read_with_size,
)

READY = b"ready\n"
SETTING = "HOLOTYPE_DECODER_BYTES"

# Loaded before the limits hold, rather than at the first picture.
_PLUGINS = (
    *(JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin),
    *(GifImagePlugin, BmpImagePlugin, AvifImagePlugin, Jpeg2KImagePlugin),
)
_BESIDES = 128 << 20  # bytes for the file, the answer and blocks of pixels


def main() -> None:
    """Decode pictures until there are no more."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the service, which ends this, too
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    limits = limits_of_settings()._replace(memory=Limit(memory, SETTING))
    _limit_memory(memory + _BESIDES)
    answers.write(READY)
    answers.flush()
    while line := sys.stdin.buffer.readline():
        asked = json.loads(line)
        data = sys.stdin.buffer.read(asked["length"])
        _limit_time(seconds)
        try:
            _answer(answers, data, asked, limits)
        except BrokenPipeError:  # the service has ended
            os._exit(0)
        _limit_time(0)


def _answer(answers: BinaryIO, data: bytes, asked: dict[str, Any], limits: Limits) -> None:
    pixels = b""
    name, before = asked["name"], time.process_time()
    try:
        picture, whole = _decoded(data, asked, limits)
        pixels = picture.tobytes()
        seconds = time.process_time() - before
        said: dict[str, object] = {"size": picture.size, "file": whole, "seconds": seconds}
    except PictureError as error:
        said = {"refused": str(error)}
    except Exception as error:  # what no check foresaw
        called = name or "The picture"
        said = {"refused": f"{called} is damaged ({error}); copy it again from its source"}
    answers.write(json.dumps(said).encode() + b"\n")
    answers.write(pixels)
    answers.flush()


def _decoded(
    data: bytes, asked: dict[str, Any], limits: Limits
) -> tuple[Image.Image, tuple[int, int]]:
    formats = FORMATS if asked["stored"] else UPLOADED
    target, name = asked["target"], asked["name"]
    return read_with_size(data, target=target, name=name, limits=limits, formats=formats)


def _limit_memory(more: int) -> None:
    """Let the process take so many bytes more than it has now, where the system can."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return  # the time limit holds everywhere


def _limit_time(seconds: float) -> None:
    """End the process after so many seconds of a processor, where the system can; 0 lifts it."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


if __name__ == "__main__":
    main()
