"""What a config of open_clip would have fetched, which only the user may allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import EncoderError
from ..trust import trusts_encoder

_FETCHED = ("timm_model_name", "timm_model_pretrained")


def require_no_fetching(config: Mapping[str, Any], where: str) -> None:
    """Refuse a config by which open_clip would ask a hub, unless the user has said that it may.

    Args:
        config: its `model_cfg`.
        where: what names it, for the sentence.

    Raises:
        EncoderError: naming what would be fetched.
    """
    import timm

    for key, name in dict(_named(config)).items():
        own = key == "timm_model_name" and timm.is_model(str(name))
        if not own and not trusts_encoder(f"hf-hub:{name}"):
            raise EncoderError(
                f"{where} names something to fetch ({key} '{name}'); if "
                f"you know it, name 'hf-hub:{name}' in HOLOTYPE_TRUSTED_ENCODERS"
            )


def _named(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what the towers of a config name: networks, tokenizers, weights."""
    for tower in config.values():
        if isinstance(tower, dict):
            for key, name in tower.items():
                if name and (key in _FETCHED or (key.startswith("hf_") and key.endswith("_name"))):
                    yield key, name
