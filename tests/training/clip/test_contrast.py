from __future__ import annotations

import open_clip
import torch
from torch.nn import functional

from holotype.training.clip.contrast import contrastive_loss


def rows(count: int, seed: int) -> torch.Tensor:
    values = torch.randn(count, 8, generator=torch.Generator().manual_seed(seed))
    return functional.normalize(values, dim=1)


def test_with_one_true_sentence_a_picture_it_is_the_loss_of_open_clip() -> None:
    pictures, texts, scale = rows(6, 0), rows(6, 1), torch.tensor(12.0)
    known = torch.ones(6, 6, dtype=torch.bool)
    found = contrastive_loss(pictures, texts, torch.eye(6, dtype=torch.bool), known, scale)
    wanted = open_clip.ClipLoss()(pictures, texts, scale)
    torch.testing.assert_close(found, wanted)


def test_pictures_that_share_a_sentence_do_not_push_each_other_away() -> None:
    pictures, texts = rows(1, 0).repeat(3, 1), rows(1, 0)
    truth = torch.ones(3, 1, dtype=torch.bool)
    other = torch.cat([texts, -texts])
    truth = torch.cat([truth, ~truth], 1)
    loss = contrastive_loss(pictures, other, truth, torch.ones_like(truth), torch.tensor(50.0))
    floor = torch.log(torch.tensor(3.0)) / 2  # a sentence finds its three pictures alike
    torch.testing.assert_close(loss, floor)


def test_what_is_not_known_pulls_and_pushes_nothing() -> None:
    pictures, texts = rows(3, 0).requires_grad_(), rows(3, 1)
    truth, known = torch.eye(3, dtype=torch.bool), torch.ones(3, 3, dtype=torch.bool)
    known[0, 1] = known[0, 2] = known[1, 0] = known[2, 0] = False
    loss = contrastive_loss(pictures, texts, truth, known, torch.tensor(10.0))
    (gradient,) = torch.autograd.grad(loss, pictures)
    assert gradient[0].abs().max() == 0  # nothing else to tell its own sentence from
    assert torch.isfinite(gradient).all()
