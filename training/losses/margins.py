"""Classifiers by angle: a softmax over cosines, with a margin for the true class."""

from __future__ import annotations

import math

from pytorch_metric_learning.losses import (
    ArcFaceLoss,
    CosFaceLoss,
    NormalizedSoftmaxLoss,
    SubCenterArcFaceLoss,
)
from torch import Tensor, nn

from .setting import Setting

_LARGEST = 1 - 1e-6  # cosine: where the angle is 0 its gradient is infinite


def angles(cosines: Tensor) -> Tensor:
    """Return the angles of cosines in radians, with a finite gradient also where they are ± 1."""
    return cosines.clamp(-_LARGEST, _LARGEST).acos()


class _FiniteAngles:
    def get_angles(self, cosines: Tensor) -> Tensor:
        return angles(cosines)


class _ArcFace(_FiniteAngles, ArcFaceLoss):  # type: ignore[misc]
    """The library's, with a finite gradient for a picture that lies on its centre."""


class _SubCentreArcFace(_FiniteAngles, SubCenterArcFaceLoss):  # type: ignore[misc]
    """The library's, with a finite gradient for a picture that lies on its centre."""


def normalised_softmax(setting: Setting, *, temperature: float = 0.05) -> nn.Module:
    """Return the normalised softmax (Zhai and Wu 2019, arXiv:1811.12649).

    Args:
        temperature: that cosines are divided by.
    """
    loss: nn.Module = NormalizedSoftmaxLoss(setting.classes, setting.dim, temperature=temperature)
    return loss


def cosface(setting: Setting, *, margin: float = 0.35, scale: float = 64.0) -> nn.Module:
    """Return CosFace (Wang et al. 2018, arXiv:1801.09414).

    Args:
        margin: that the cosine to the true class is lowered by.
        scale: that cosines are multiplied by.
    """
    loss: nn.Module = CosFaceLoss(setting.classes, setting.dim, margin=margin, scale=scale)
    return loss


def arcface(setting: Setting, *, margin: float = 0.5, scale: float = 64.0) -> nn.Module:
    """Return ArcFace (Deng et al. 2019, arXiv:1801.07698).

    Args:
        margin: in radians, that the angle to the true class is raised by.
        scale: that cosines are multiplied by.
    """
    return _ArcFace(setting.classes, setting.dim, margin=math.degrees(margin), scale=scale)


def sub_centre_arcface(
    setting: Setting, *, centres: int = 3, margin: float = 0.5, scale: float = 64.0
) -> nn.Module:
    """Return sub-centre ArcFace (Deng et al. 2020): a picture is compared with its nearest centre.

    Args:
        centres: of a class.
        margin: in radians, that the angle to the true class is raised by.
        scale: that cosines are multiplied by.
    """
    return _SubCentreArcFace(
        num_classes=setting.classes,
        embedding_size=setting.dim,
        sub_centers=centres,
        margin=math.degrees(margin),
        scale=scale,
    )
