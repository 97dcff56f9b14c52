"""Exit codes: 1 failed, 2 not understood, 3 locked, 4 corrupt or mismatched; one sentence each."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from tests.conftest import Cli


@pytest.fixture
def picture(source: Path) -> Path:
    return source.parent / "0-0.png"


def refused(result: tuple[int, str, str], code: int, *said: str) -> None:
    """Refused with this code and one sentence on stderr, and nothing on stdout."""
    found, out, err = result
    assert (found, out) == (code, ""), err
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    for words in said:
        assert words in lines[0]


def test_1_for_what_failed(folder: Path, tmp_path: Path, source: Path, cli: Cli) -> None:
    text, empty = tmp_path / "text.jpg", tmp_path / "empty"
    text.write_text("no picture")
    empty.mkdir()
    (tmp_path / "columns.csv").write_text("file\na.png\n")
    (tmp_path / "missing.csv").write_text("path\nnone.png\n")
    refused(cli("identify", text, "--in", folder, "--json"), 1, "not a JPEG, PNG, WebP or TIFF")
    refused(cli("identify", tmp_path / "no.jpg", "--in", folder, "--json"), 1, "does not exist")
    refused(cli("ingest", empty, "--to", folder), 1, "holds no pictures")
    refused(cli("ingest", tmp_path / "columns.csv", "--to", folder), 1, "no column 'path'")
    encoder = Collection.open(folder).space().encoder
    refused(
        cli("ingest", tmp_path / "missing.csv", "--to", folder, "--encoder", encoder),
        1,
        "row 2",
        "none.png does not exist",
    )
    refused(cli("ingest", source, "--to", folder, "--encoder", "x"), 1, "'x' is not known")


def test_2_for_what_was_not_understood(folder: Path, picture: Path, cli: Cli) -> None:
    refused(cli("identify", picture, "--in", folder / "none"), 2, "is not a collection")
    refused(cli("search", picture, "--in", folder, "--space", "x"), 2, "no space 'x'")
    refused(cli("search", picture, "--in", folder, "--where", "x=1"), 2, "no column 'x'")
    refused(cli("search", picture, "--id", "x", "--in", folder), 2, "exactly one")
    refused(cli("search", "--in", folder), 2, "exactly one")
    refused(cli("search", "--id", "none", "--in", folder), 2, "no image 'none'")
    refused(cli("search", picture, "--in", folder, "--k", 1001), 2, "k is 1001", "HOLOTYPE_MAX_K")
    refused(cli("search", "--text", "moth", "--in", folder), 2, "no text tower")
    refused(cli("identify", picture, "--in", folder, "--only", "genus=X"), 2, "genus 'X'")
    refused(cli("identify", picture, "--in", folder, "--risk", 2), 2, "risk is 2.0")
    refused(cli("eval", folder, "--query", "split=test"), 2, "both --query and --gallery")
    refused(cli("export", folder, "--out", "x.txt"), 2, "ends in .parquet or .csv")


def test_2_for_an_option_that_does_not_exist(folder: Path, cli: Cli) -> None:
    for arguments in (["nonsense"], ["eval", folder, "--nonsense"], ["search", "--k", "0"]):
        code, out, err = cli(*arguments)
        assert (code, out) == (2, "")
        assert "Traceback" not in err


def test_4_for_another_encoder(folder: Path, source: Path, tiny: Encoder, cli: Cli) -> None:
    arguments = ("ingest", source, "--to", folder, "--encoder", tiny.name, "--views", 3)
    refused(cli(*arguments), 4, "use that encoder, or another space")


def test_4_for_weights_that_changed_under_a_collection(
    source: Path, tmp_path: Path, tiny_folder: Path, cli: Cli
) -> None:
    """A query with another encoder is refused, never answered."""
    import timm
    import torch

    from holotype.index.encoders.checkpoint import save_checkpoint
    from holotype.index.encoders.model import Preprocessing

    def write(seed: int) -> None:
        torch.manual_seed(seed)
        network = timm.create_model("test_efficientnet", num_classes=0)
        recipe = Preprocessing(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        save_checkpoint(
            tmp_path / "net",
            network,
            architecture="test_efficientnet",
            preprocessing=recipe,
            card={},
            replace_existing=True,
        )

    to, picture = tmp_path / "c", source.parent / "0-0.png"
    write(1)
    assert cli("ingest", source, "--to", to, "--encoder", f"checkpoint:{tmp_path / 'net'}")[0] == 0
    write(2)
    refused(cli("identify", picture, "--in", to, "--json"), 4, "fingerprint")
    refused(cli("search", picture, "--in", to, "--json"), 4, "fingerprint")
    assert cli("search", "--id", "0-0.png", "--in", to, "--json")[0] == 0


def test_a_setting_that_cannot_be_is_2(
    folder: Path, picture: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_PIXELS", "many")
    refused(cli("identify", picture, "--in", folder), 2, "HOLOTYPE_MAX_PIXELS is 'many'")
