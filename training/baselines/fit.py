"""Fitting a classifier on fixed features, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear, relu

from holotype.index.arrays import Codes, Embeddings, Floats
from holotype.index.vectors.fitted_on import FittedOn

from .classifier import Classifier
from .config import TWO_LAYERS, ClassifierConfig

_BLOCK_ROWS = 4096
_TINY = 1e-8


class DivergenceError(ValueError):
    """The loss grew beyond all numbers."""


def fit_classifier(
    features: Embeddings,
    labels: Codes,
    config: ClassifierConfig = TWO_LAYERS,
    *,
    names: Sequence[str] | None = None,
    fitted_on: FittedOn | None = None,
) -> Classifier:
    """Fit a classifier by cross entropy; every feature is brought to mean 0 and spread 1 first.

    Args:
        features: float32 [n, d].
        labels: int64 [n], any codes; images of code -1 are left out.
        config: what is fitted, and how.
        names: of the classes, by code; by default the codes themselves.
        fitted_on: the images, for `Classifier.fitted_on`.

    Raises:
        DivergenceError: the learning rate is so large that nothing is learned.
        ValueError: fewer than two classes, sides of different length, or features that are not
            finite.
    """
    if len(features) != len(labels):
        raise ValueError(f"{len(features)} rows of features and {len(labels)} labels")
    rows = np.flatnonzero(labels >= 0)
    codes, targets = np.unique(labels[rows], return_inverse=True)
    if len(codes) < 2:
        raise ValueError(
            f"the images are of {len(codes)} {'class' if len(codes) == 1 else 'classes'}; "
            "a classifier needs at least 2"
        )
    mean, scale = _spread(features, rows)
    layers = _learn(features, rows, targets, mean, scale, config, len(codes))
    return Classifier(
        mean,
        scale,
        tuple((weight.detach().numpy(), bias.detach().numpy()) for weight, bias in layers),
        tuple(str(code) if names is None else names[code] for code in codes.tolist()),
        codes,
        {"config": config.to_dict(), "images": len(rows)},
        fitted_on,
    )


def _spread(features: Embeddings, rows: Codes) -> tuple[Embeddings, Embeddings]:
    """Return the mean of every feature, and 1 / its standard deviation (0 where it has none).

    Raises:
        ValueError: a feature is not finite.
    """
    sums: Floats = np.zeros(features.shape[1])
    squares: Floats = np.zeros(features.shape[1])
    centre = features[rows[0]].astype(np.float64)  # near the mean: little is lost by rounding
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = features[rows[start : start + _BLOCK_ROWS]] - centre
        sums += block.sum(axis=0)
        squares += np.einsum("ij,ij->j", block, block)
    if not np.isfinite(squares).all():
        raise ValueError("features hold NaN or infinity; every one must be a finite number")
    shift = sums / len(rows)
    spread = np.sqrt(np.maximum(squares / len(rows) - shift**2, 0))
    scale = np.where(spread > _TINY, 1 / np.maximum(spread, _TINY), 0)
    return (centre + shift).astype(np.float32), scale.astype(np.float32)


def _learn(
    features: Embeddings,
    rows: Codes,
    targets: Codes,
    mean: Embeddings,
    scale: Embeddings,
    config: ClassifierConfig,
    n_classes: int,
) -> list[tuple[Tensor, Tensor]]:
    """Return the weights and biases of all layers after the last epoch.

    Raises:
        DivergenceError: see `fit_classifier`.
    """
    generator = torch.Generator().manual_seed(config.seed)
    layers = _first_layers([features.shape[1], *config.hidden, n_classes], generator)
    optimiser = _optimiser(config, [part for layer in layers for part in layer])
    steps = math.ceil(len(rows) / config.batch)  # of an epoch
    epochs = max(config.epochs, math.ceil(config.least_steps / steps))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    for epoch in range(epochs):
        order = np.random.default_rng([config.seed, epoch]).permutation(len(rows))
        for start in range(0, len(rows), config.batch):
            batch = order[start : start + config.batch]
            seen = torch.from_numpy((features[rows[batch]] - mean) * scale)
            logits = _logits(seen, layers, config.dropout, generator)
            loss = cross_entropy(logits, torch.from_numpy(targets[batch]))
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
        if not all(part.isfinite().all() for layer in layers for part in layer):
            raise DivergenceError(
                f"nothing is learned at a learning rate of {config.learning_rate:g} with momentum "
                f"{config.momentum:g}: the loss is beyond all numbers in epoch {epoch + 1}; give a "
                "smaller one"
            )
    return layers


def _first_layers(widths: Sequence[int], generator: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    """Return random weights, spread as ReLU asks (He et al. 2015), and biases of zero."""
    layers = []
    for inside, outside in pairwise(widths):
        weight = torch.randn(outside, inside, generator=generator) * math.sqrt(2 / inside)
        layers.append((weight, torch.zeros(outside)))
    last, bias = layers[-1]
    layers[-1] = (last * 0.1, bias)  # all classes start about equally likely
    for weight, bias in layers:
        weight.requires_grad_()
        bias.requires_grad_()
    return layers


def _optimiser(config: ClassifierConfig, weights: list[Tensor]) -> torch.optim.Optimizer:
    rate, decay = config.learning_rate, config.weight_decay
    if config.optimiser == "sgd":
        # SGD multiplies the decay with its rate, as AdamW does.
        return torch.optim.SGD(weights, rate, momentum=config.momentum, weight_decay=decay)
    return torch.optim.AdamW(weights, rate, betas=(config.momentum, 0.999), weight_decay=decay)


def _logits(
    rows: Tensor,
    layers: Sequence[tuple[Tensor, Tensor]],
    dropout: float,
    generator: torch.Generator,
) -> Tensor:
    *hidden, (last, shift) = layers
    for weight, bias in hidden:
        rows = relu(linear(rows, weight, bias))
        if dropout:
            kept = torch.rand(rows.shape, generator=generator) >= dropout
            rows = rows * kept / (1 - dropout)
    return linear(rows, last, shift)
