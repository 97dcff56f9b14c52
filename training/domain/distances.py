"""How far two sets of features lie apart, as functions that can be trained against."""

from __future__ import annotations

import torch
from torch import Tensor

_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the kernels, as shares of the mean squared distance


def covariance(features: Tensor) -> Tensor:
    """Return the covariance of rows, float32 [dim, dim], with n − 1 in the denominator.

    Args:
        features: float32 [n, dim], n at least 2.
    """
    centred = features - features.mean(dim=0)
    return centred.T @ centred / (len(features) - 1)


def coral_distance(source: Tensor, target: Tensor) -> Tensor:
    """Return the squared Frobenius distance of two covariances over 4 · dim², a scalar.

    Sun & Saenko 2016, "Deep CORAL", equation 1.

    Args:
        source: float32 [n, dim], n at least 2.
        target: float32 [m, dim], m at least 2.
    """
    apart = covariance(source) - covariance(target)
    return apart.square().sum() / (4 * source.shape[1] ** 2)


def kernel_distance(source: Tensor, target: Tensor) -> Tensor:
    """Return the squared maximum mean discrepancy of two sets, a scalar of 0 or more.

    Mean over five Gaussian kernels, as wide as 1/4 to 4 times the mean squared distance (Gretton
    et al. 2012, JMLR 13:723; kernels as of Long et al. 2015). Not corrected for small samples: each
    row is also compared with itself.

    Args:
        source: float32 [n, dim].
        target: float32 [m, dim].
    """
    rows = torch.cat([source, target])
    squares = rows.square().sum(dim=1)
    apart = (squares[:, None] + squares[None] - 2 * rows @ rows.T).clamp_min(0)
    width = apart.detach().mean().clamp_min(1e-12)
    kernel = torch.stack([torch.exp(-apart / (share * width)) for share in _WIDTHS]).mean(dim=0)
    n = len(source)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()
