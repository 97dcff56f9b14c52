"""The process's threads and memory allocator, set once before the numeric libraries start.

Import this module before numpy, faiss or torch do heavy work. It never overrides what the
environment says.
"""

from __future__ import annotations

import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from .settings import settings
from .ways import speak, voice


def worker_count() -> int:
    """Return how many threads decode and encode at once."""
    cores = len(os.sched_getaffinity(0)) if _LINUX else os.cpu_count() or 1
    return settings().threads or cores


def workers(threads: int | None = None) -> ThreadPoolExecutor:
    """Return a pool of threads, by default one a core, with the words of its maker's door."""
    return ThreadPoolExecutor(threads or worker_count(), initializer=speak, initargs=(voice(),))


_LINUX = sys.platform == "linux"


@cache
def may_have_gpu() -> bool:
    """Return whether PyTorch may find a GPU here, which takes seconds to ask PyTorch itself."""
    if not _LINUX or os.path.exists("/dev/kfd"):  # AMD's
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:  # no driver of NVIDIA's
        return False
    return True


@cache
def prepare() -> None:
    """Choose how threads wait, OpenBLAS kernels and to keep freed memory, where nobody has chosen.

    OpenMP's threads wait for each other by spinning; where another program wants the cores too, one
    image then takes seconds instead of a fifth of one.

    The OpenBLAS inside FAISS's wheel does not know recent AMD processors and falls back to SSE
    kernels, four times slower. glibc gives every large tensor back to the system and asks for it
    again at once, which doubles the time of a small network on a CPU.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if _LINUX:
        _choose_openblas_kernels()
        _keep_freed_memory()


def _choose_openblas_kernels() -> None:
    try:
        flags = set(Path("/proc/cpuinfo").read_text().partition("flags")[2].split("\n")[0].split())
    except OSError:
        return
    if "avx512f" in flags:
        os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
    elif "avx2" in flags:
        os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")


def _keep_freed_memory() -> None:
    trim_threshold, top_pad, mmap_threshold = -1, -2, -3  # constants of <malloc.h>
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:  # not glibc
        return
    if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        libc.mallopt(mmap_threshold, 1 << 30)
        libc.mallopt(trim_threshold, (1 << 31) - 1)
        libc.mallopt(top_pad, 64 << 20)
