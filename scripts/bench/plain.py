"""What people write: PyTorch as it comes, Pillow, open_clip's transform, a plain DataLoader.

It runs as a file, in a process of its own: nothing of this package is imported there, whose choice
of allocator makes PyTorch up to three times faster.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

Transform = Callable[[Image.Image], torch.Tensor]


def usual_transform(size: int, mean: Sequence[float], std: Sequence[float]) -> Transform:
    """Return open_clip's transform of a picture."""
    from open_clip.transform import image_transform

    made: Transform = image_transform(size, is_train=False, mean=tuple(mean), std=tuple(std))
    return made


class _Files(Dataset[torch.Tensor]):
    def __init__(self, files: Sequence[str], transform: Transform) -> None:
        self.files = files
        self.transform = transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> torch.Tensor:
        return self.transform(Image.open(self.files[place]).convert("RGB"))


@torch.inference_mode()
def embed_files(
    network: nn.Module, transform: Transform, files: Sequence[str], *, workers: int
) -> torch.Tensor:
    """Return the features of files, float32 [n, dim], by a DataLoader in batches of 32."""
    loader = DataLoader(_Files(files, transform), batch_size=32, num_workers=workers)
    return torch.cat([network(batch) for batch in loader])


@torch.inference_mode()
def embed_noise(network: nn.Module, pictures: int, batch: int, size: int) -> None:
    """Embed random pictures, in batches."""
    floats = torch.rand(batch, 3, size, size)
    for _ in range(pictures // batch):
        network(floats)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    """Do what every line of standard input asks for, and print the seconds it took."""
    network = torch.load(sys.argv[1], weights_only=False)
    transform = usual_transform(**json.loads(sys.argv[2]))
    for line in sys.stdin:
        asked = json.loads(line)
        torch.set_num_threads(asked.pop("threads"))
        wall, cpu = time.perf_counter(), _cpu()
        if "files" in asked:
            embed_files(network, transform, **asked)
        else:
            embed_noise(network, **asked)
        print(json.dumps([time.perf_counter() - wall, _cpu() - cpu]), flush=True)


if __name__ == "__main__":
    main()
