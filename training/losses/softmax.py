"""A plain classifier over the features."""

from __future__ import annotations

from torch import Tensor, nn

from .setting import Setting


class SoftmaxLoss(nn.Module):
    """Cross entropy of a linear layer over the features as they are, with label smoothing."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.linear = nn.Linear(setting.dim, setting.classes)
        self.smoothing = setting.smoothing

    def forward(self, features: Tensor, labels: Tensor, mined: object = None) -> Tensor:
        """Return the loss of features float32 [n, dim] with labels int64 [n]."""
        return nn.functional.cross_entropy(
            self.linear(features), labels, label_smoothing=self.smoothing
        )

    def get_logits(self, features: Tensor) -> Tensor:
        """Return float32 [n, classes]."""
        logits: Tensor = self.linear(features)
        return logits


def softmax(setting: Setting) -> nn.Module:
    """Return the loss of a plain classifier; `loss.smoothing` is its label smoothing."""
    return SoftmaxLoss(setting)
