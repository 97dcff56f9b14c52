"""No name in a collection, a card or a config has anything fetched, or read from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from holotype.index.encoders import load_encoder
from holotype.index.errors import EncoderError
from holotype.index.settings import settings
from tests.conftest import Cli
from tests.hostile.forging import Listener, forge

pytestmark = pytest.mark.usefixtures("stranger")

FETCHED = (
    "hf-hub:evil/model",
    "timm:resnet18",
    "timm:hf-hub:evil/model",
    "open_clip:ViT-B-32/openai",
    "open_clip:hf-hub:evil/model/x",
    "local-dir:/etc",
    "checkpoint:/etc",
)

CARDS = {
    "a hub's network": {"name": "hf-hub:evil/model"},
    "another hub's": {"name": "hf_hub:evil/model"},
    "a folder's": {"name": "local-dir:/etc"},
    "a network that there is none of": {"name": "no_such_network"},
    "a much larger network": {"name": "vit_giant_patch14_dinov2"},
    "a list": {"name": ["resnet18"]},
    "nothing": {},
}

CONFIGS = {
    "a network": ("vision_cfg", "timm_model_name", "hf-hub:evil/model"),
    "its weights": ("vision_cfg", "timm_model_pretrained", True),
    "words": ("text_cfg", "hf_model_name", "evil/model"),
    "letters": ("text_cfg", "hf_tokenizer_name", "evil/model"),
}

_TRY = """
import json, sys
from holotype.index.encoders import load_encoder
from holotype.index.errors import EncoderError
for name in json.loads(sys.argv[1]):
    try:
        load_encoder(name)
    except EncoderError as error:
        print(str(error).splitlines()[0])
    else:
        raise SystemExit(f"{name} was loaded")
"""


@pytest.mark.parametrize("name", FETCHED)
def test_what_a_collection_names_is_not_loaded(
    folder: Path, source: Path, cli: Cli, name: str
) -> None:
    forge(folder, "UPDATE spaces SET encoder = ?", values=(name,))
    picture = source.parent / "0-0.png"
    for command in ("identify", picture, "--in", folder), ("search", picture, "--in", folder):
        code, _, err = cli(*command)
        assert code == 1, err
        assert name in err
        assert "collection trust" in " ".join(err.split())
    assert cli("search", "--id", "0-0.png", "--in", folder)[0] == 0  # needs none


def test_an_encoder_that_is_trusted_is_loaded(
    folder: Path, source: Path, cli: Cli, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, name = source.parent / "0-0.png", f"checkpoint:{tiny_folder}"
    assert cli("search", picture, "--in", folder)[0] == 1
    with monkeypatch.context() as patched:
        patched.setenv("HOLOTYPE_TRUSTED_ENCODERS", name)
        settings.cache_clear()
        assert cli("search", picture, "--in", folder)[0] == 0
    settings.cache_clear()
    code, out, err = cli("collection", "trust", folder, "--yes", "--json")
    assert code == 0, err
    assert json.loads(out) == {"store": "", "encoders": [name]}
    assert cli("search", picture, "--in", folder)[0] == 0


def test_cards_and_configs_have_nothing_fetched(
    tmp_path: Path, tiny_folder: Path, listener: Listener
) -> None:
    """In a process that may go online, with a hub that counts who asks."""
    names = []
    for number, architecture in enumerate(CARDS.values()):
        copy = Path(shutil.copytree(tiny_folder, tmp_path / f"card{number}"))
        card = json.loads((copy / "card.json").read_text())
        (copy / "card.json").write_text(json.dumps({**card, "architecture": architecture}))
        names.append(f"checkpoint:{copy}")
    for number, (tower, key, value) in enumerate(CONFIGS.values()):
        folder = tmp_path / f"config{number}"
        folder.mkdir()
        towers = {"vision_cfg": {"layers": 1}, "text_cfg": {"layers": 1}, "embed_dim": 8}
        towers[tower][key] = value  # type: ignore[index]
        (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": towers}))
        shutil.copy(tiny_folder / "model.safetensors", folder / "open_clip_model.safetensors")
        names.append(f"local-dir:{folder}")
    ways = ("HF_ENDPOINT", "http_proxy", "https_proxy")
    online = dict.fromkeys(ways, listener.address) | {"HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", _TRY, json.dumps(names)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            **online,
            "http_proxy": listener.address,
            "https_proxy": listener.address,
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(names)
    assert "Traceback" not in done.stderr
    assert listener.visits == 0


@pytest.mark.parametrize(
    "change",
    [
        {"format": 3},
        {"preprocessing": {"size": 10**9, "mean": [0, 0, 0], "std": [1, 1, 1]}},
        {"preprocessing": {"size": "32", "mean": [0, 0, 0], "std": [1, 1, 1]}},
        {"preprocessing": {"size": 32, "mean": [0, 0], "std": [1, 1, 1]}},
        {"preprocessing": {"size": 32, "mean": [0, 0, 0], "std": [0, 0, 0]}},
        {"preprocessing": []},
        {"architecture": "resnet18"},
    ],
)
def test_a_hostile_card_is_refused_in_a_sentence(
    tiny_folder: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    copy = Path(shutil.copytree(tiny_folder, tmp_path / "card"))
    card = json.loads((copy / "card.json").read_text())
    recipe = {"interpolation": "bicubic"}
    if isinstance(change.get("preprocessing"), dict):
        change = {"preprocessing": recipe | change["preprocessing"]}  # type: ignore[operator]
    (copy / "card.json").write_text(json.dumps({**card, **change}))
    with pytest.raises(EncoderError) as caught:
        load_encoder(f"checkpoint:{copy}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["card.json", "model.safetensors"])
def test_a_checkpoint_is_of_plain_files(tiny_folder: Path, tmp_path: Path, file: str) -> None:
    copy = Path(shutil.copytree(tiny_folder, tmp_path / "card"))
    (copy / file).unlink()
    os.mkfifo(copy / file)
    with pytest.raises(EncoderError, match=f"no file {file}"):
        load_encoder(f"checkpoint:{copy}")


def test_a_card_that_nests_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_folder, tmp_path / "card"))
    (copy / "card.json").write_text("[" * 100_000)
    with pytest.raises(EncoderError, match="nested too deeply"):
        load_encoder(f"checkpoint:{copy}")
