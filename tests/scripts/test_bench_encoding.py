"""What the benchmark of encoding compares with is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from holotype.index.encoders import Encoder
from holotype.index.pictures.reading import picture_size, read_picture
from holotype.scripts.bench import plain as plain_script
from holotype.scripts.bench.interleaved import measure
from holotype.scripts.bench.photographs import photograph
from holotype.scripts.bench.plain import embed_files, usual_transform
from holotype.scripts.bench.plain_torch import PlainTorch, recipe


def shell(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC))


def test_contenders_take_turns_and_a_first_round_does_not_count() -> None:
    turns: list[str] = []
    costs = measure({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, 2, pieces=4)
    assert turns == ["a", "b"] * 3
    assert all(0 <= cost.best_wall <= cost.wall for cost in costs.values())


def test_what_people_write_runs_without_this_package(tiny: Encoder, tmp_path: Path) -> None:
    Image.fromarray(shell(0)).save(tmp_path / "0.png")
    with PlainTorch(tiny, tmp_path) as plain:
        spent = [plain.embed(8, 4), *(plain.loop([tmp_path / "0.png"], n, 1) for n in (0, 1))]
        costs = measure({"theirs": lambda: spent[0], "ours": list}, 2)
    assert all(each.wall > 0 and each.cpu > 0 for each in spent)
    assert costs["theirs"].cpu == spent[0].cpu
    assert "holotype" not in Path(plain_script.__file__).read_text().partition('"""')[2]


def test_noise_makes_a_photograph_larger_and_each_seed_another() -> None:
    plain, noisy, other = (
        photograph(shell(0), 160, 120, noise=noise, seed=seed)
        for noise, seed in ((1, 0), (9, 0), (9, 1))
    )
    assert picture_size(plain) == (160, 120)
    assert len(plain) < len(noisy)
    assert noisy != other


def test_the_usual_loop_sees_what_the_encoder_sees(tiny: Encoder, tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.png" for seed in range(3)]
    for seed, file in enumerate(files):
        Image.fromarray(shell(seed)).save(file)
    transform = usual_transform(**recipe(tiny))
    found = embed_files(tiny.network.image, transform, [str(file) for file in files], workers=0)
    features = torch.nn.functional.normalize(found).numpy()
    pixels = np.stack([tiny.preprocess(read_picture(file.read_bytes())) for file in files])
    assert (features * tiny.encode_images(pixels)).sum(axis=1).min() > 0.999
