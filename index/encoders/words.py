"""The words of a CLIP: its tokenizer, and what encodes descriptions beside pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import EncoderError
from .architecture import Architecture
from .fetching import require_no_fetching

if TYPE_CHECKING:
    import torch
    from torch import nn

Tokenizer = Callable[[list[str]], "torch.Tensor"]
EncodeText = Callable[[Sequence[str]], "torch.Tensor"]

_OPTIONS = frozenset({"clean", "reduction_mask"})  # of open_clip's own tokenizer; no path is one


def tokenizer_of(config: Mapping[str, Any]) -> Tokenizer:
    """Return the tokenizer of a `model_cfg` of open_clip: n texts to int64 [n, context length].

    open_clip's own comes with it. One of a hub is fetched where the user has said that it may be.

    Raises:
        EncoderError: the config names something to fetch, or options that no tokenizer has.
    """
    import open_clip

    require_no_fetching(config, "The architecture")
    text = config["text_cfg"]
    length = text.get("context_length") or open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH
    options = text.get("tokenizer_kwargs") or {}
    made: Tokenizer
    if text.get("hf_tokenizer_name"):
        made = open_clip.tokenizer.HFTokenizer(
            text["hf_tokenizer_name"],
            context_length=length,
            tokenizer_mode=text.get("tokenizer_mode"),
            **options,
        )
        return made
    if not isinstance(options, dict) or not options.keys() <= _OPTIONS:
        raise EncoderError(f"The tokenizer's options are not of {', '.join(sorted(_OPTIONS))}")
    made = open_clip.SimpleTokenizer(context_length=length, **options)
    return made


def encode_text_of(clip: nn.Module, tokenizer: Tokenizer) -> EncodeText:
    """Return what maps n descriptions to a CLIP's features, [n, dim]."""

    def encode_text(texts: Sequence[str]) -> torch.Tensor:
        tokens = tokenizer(list(texts)).to(next(clip.parameters()).device)
        features: torch.Tensor = clip.encode_text(tokens)  # type: ignore[operator]
        return features

    return encode_text


def text_of(architecture: Architecture, network: nn.Module) -> EncodeText | None:
    """Return what encodes words into the space of a network; None where it has no words.

    Those of two CLIPs side by side are side by side too. A head leaves the space of the words.
    """
    from .composed import Beside, ImageTower, side_by_side

    if architecture.beside is not None:
        assert isinstance(network, Beside)
        trained = text_of(replace(architecture, beside=None), network.trained)
        start = text_of(architecture.beside, network.start) if trained else None
        if trained is None or start is None:
            return None
        return lambda texts: side_by_side(trained(texts), start(texts))
    if architecture.config is None or architecture.head:
        return None
    assert isinstance(network, ImageTower)
    return encode_text_of(network.clip, tokenizer_of(architecture.config))
