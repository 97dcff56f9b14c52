"""Every image asks once, and only other folds or other sites answer (METHODS 4.6, 4.14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Floats
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.ways import option

from ..classifiers.methods import require_methods
from ..classifiers.side_by_side import side_by_side
from ..measures.averages import number
from ..measures.jsonable import jsonable
from ..measures.recall import recall_by
from ..protocols.columns import column_codes
from ..protocols.fitted import Fitted, Fitting, refuse_fitted
from ..protocols.leaks import copies_anywhere, refuse_leaks
from ..protocols.protocol import Protocol, named
from ..protocols.refit import Part, tuned_anew
from ..splits.duplicates import duplicate_groups
from ..splits.leakage import Leaks, leaks_between
from ..splits.splits import Split, grouped_kfold, leave_one_site_out
from .evaluation import Evaluation, measure


@dataclass(frozen=True)
class CrossValidation(Evaluation):
    """An evaluation that is pooled over folds, and its figures in every fold.

    Attributes:
        column: what stays whole in a fold.
        folds: the names of the folds.
        fold: int64 [q], the fold of every query, a position in `folds`.
        n_united: images that stay together with a copy under another specimen's name.
    """

    column: str
    folds: Sequence[str]
    fold: Codes
    n_united: int

    def by_fold(self, rank: str) -> pd.DataFrame:
        """Return one row a fold: fold, n_queries, n_answerable, recall@k … (NaN without any)."""
        found, n = self.recall[rank], len(self.folds)
        n_queries = np.bincount(self.fold, minlength=n)
        table = recall_by(self.fold, n, found.answerable, found.hits, found.ks)
        return pd.DataFrame({"fold": list(self.folds), "n_queries": n_queries, **table})

    def to_dict(self) -> dict[str, Any]:
        """Return the pooled figures, those of every fold, and mean and sd over folds."""
        tables = {rank: self.by_fold(rank) for rank in self.recall}
        return {
            **super().to_dict(),
            "kept_whole": self.column,
            "n_united": self.n_united,
            "folds": jsonable(tables),
            "over_folds": {rank: _spread(table) for rank, table in tables.items()},
        }


def evaluate_kfold(
    collection: Collection,
    *,
    space: str | None = None,
    folds: int = 5,
    group: str = "specimen",
    seed: int = 0,
    classifiers: Sequence[str] = (),
) -> CrossValidation:
    """Deal all images over folds, taxa in proportion; each fold asks and the others answer.

    Specimens, images of one value in the column, copies and near copies stay in one fold. A space
    that `tune` made is tuned anew for every fold, without it.

    Args:
        folds: how many, at least 2.
        group: the column that stays whole, see `column_codes`; images without a value there stay
            together with their specimen only.
        seed: of the deal.
        classifiers: names of methods that are fitted for every fold, without it, and asked with the
            same queries, see `classifiers.methods`.

    Raises:
        UsageError: fewer groups than folds, an empty column, or nothing is named.
        FittedError: the encoder, or a projection that `tune` did not make, was fitted on what asks.
    """
    images = named(collection, space)
    if classifiers:
        require_methods(classifiers)
    copies = copies_anywhere(collection, images)
    groups = _together(copies.unite(images.specimens), column_codes(collection, images, group)[0])
    labels = images.labels(images.ranks[-1]).codes
    try:
        splits = grouped_kfold(labels, groups, folds, seed)
    except ValueError as error:
        raise UsageError(
            f"{option('folds', folds)} with {option('group', group)}: {error}"
        ) from error
    fold = np.empty(len(images), np.int64)
    for place, each in enumerate(splits):
        fold[each.query] = place
    rows = np.arange(len(images))
    split = Split(f"{folds}-fold, every {group} whole (seed {seed})", rows, rows)
    asked = Protocol(split, ("each fold in turn",), ("every other fold",))
    found = _apart(images, asked, fold, *_fair(collection, images, asked, fold, groups))
    united = _of_several_specimens(copies.unite(images.specimens), images.specimens)
    folded = _by_folds(found, group, [each.name for each in splits], fold, united)
    return _with_classifiers(collection, folded, splits, groups, classifiers)


def evaluate_sites(
    collection: Collection,
    *,
    space: str | None = None,
    site: str = "site",
    allow_leak: bool = False,
    classifiers: Sequence[str] = (),
) -> CrossValidation:
    """Let each site ask in turn, and all other sites answer.

    Images without a site answer and never ask. A space that `tune` made is tuned anew for every
    site, without what is from there.

    Args:
        site: the column, see `column_codes`.
        allow_leak: where specimens or copies stand at two sites, let only the others ask, and give
            recall@1 with all beside it.
        classifiers: see `evaluate_kfold`; fitted for every site, without it.

    Raises:
        UsageError: fewer than two sites, an empty column, or nothing is named.
        LeakError: specimens or copies stand at two sites.
        FittedError: the encoder, or a projection that `tune` did not make, was fitted on what asks.
    """
    images = named(collection, space)
    if classifiers:
        require_methods(classifiers)
    codes, names = column_codes(collection, images, site)
    try:
        sites = leave_one_site_out(codes, names)
    except ValueError as error:
        raise UsageError(f"{option('site', site)}: {error}") from error
    copies = copies_anywhere(collection, images)
    leaks = leaks_between(codes, images.specimens, copies)
    if not allow_leak:
        refuse_leaks(collection, images, leaks)
    everyone = _sites_protocol(site, np.flatnonzero(codes >= 0), len(images))
    groups = copies.unite(images.specimens)
    found = _apart(images, everyone, codes, *_fair(collection, images, everyone, codes, groups))
    if not leaks.clean:
        kept = np.setdiff1d(everyone.query_rows, leaks.queries)
        if not len(kept):
            raise UsageError(
                f"{option('site', site)}: every image has its specimen or a copy elsewhere"
            )
        seeming = {rank: side.recall[1].micro for rank, side in found.recall.items()}
        others = _sites_protocol(site, kept, len(images))
        found = _apart(images, others, codes, *_fair(collection, images, others, codes, groups))
        found = replace(found, leaks=leaks, with_leaks=seeming)
    asked = found.protocol.query_rows
    sited = _by_folds(found, site, names, codes[asked], 0)
    splits = [replace(each, query=np.intersect1d(each.query, asked)) for each in sites]
    return _with_classifiers(collection, sited, splits, groups, classifiers)


def _with_classifiers(
    collection: Collection,
    found: CrossValidation,
    splits: Sequence[Split],
    groups: Codes,
    classifiers: Sequence[str],
) -> CrossValidation:
    """Return an evaluation with classifiers beside it, where some are asked for."""
    if not classifiers:
        return found
    beside = side_by_side(collection, found.images, splits, groups, classifiers)
    return replace(found, classifiers=beside)


def _sites_protocol(site: str, asked: Codes, n: int) -> Protocol:
    split = Split(f"leave-one-{site}-out", asked, np.arange(n))
    return Protocol(split, (f"each {site} in turn",), (f"every other {site}",))


def _together(groups: Codes, column: Codes) -> Codes:
    """Return groups in which rows of one value of a column are one as well."""
    filled = np.flatnonzero(column >= 0)
    _, first, member = np.unique(column[filled], return_index=True, return_inverse=True)
    pairs = iter([(filled[first[member]], filled)])
    return duplicate_groups(len(groups), pairs, groups=groups)


def _of_several_specimens(groups: Codes, specimens: Codes) -> int:
    """Return how many images are in a group with another specimen."""
    pairs = np.unique(np.stack([groups, specimens]), axis=1)
    return int((np.bincount(pairs[0])[groups] > 1).sum())


def _fair(
    collection: Collection, images: Gallery, protocol: Protocol, sides: Codes, groups: Codes
) -> tuple[Fitting, Iterator[Part] | None]:
    """Return what the space was fitted on, and where that is what asks, the sides tuned anew.

    Raises:
        FittedError: it cannot be fitted anew.
    """
    fitted, asked = Fitted.of(collection, images), protocol.query_rows
    if not fitted.tunable or fitted.by_encoder[asked].any():
        refuse_fitted(collection, images, fitted, protocol, allowable=False)
    if not fitted.by_space[asked].any():
        return fitted.fitting(asked), None
    fitting = fitted.fitting(asked, "the space tuned anew for every fold, without it")
    return fitting, tuned_anew(collection, images, sides, groups)


def _apart(
    images: Gallery,
    protocol: Protocol,
    sides: Codes,
    fitting: Fitting,
    parts: Iterator[Part] | None,
) -> Evaluation:
    """Measure with all images of the query's own side left out.

    `measure` leaves out what shares a specimen, so the sides stand in for specimens meanwhile.
    """
    stand_in = replace(images, specimens=sides)
    unshared = Leaks.none(protocol.split, len(images))
    return replace(measure(stand_in, protocol, unshared, fitting, parts), images=images)


def _by_folds(
    found: Evaluation, column: str, names: Sequence[str], fold: Codes, united: int
) -> CrossValidation:
    """Return a pooled evaluation with what is needed to tell its folds apart again."""
    pooled = {each.name: getattr(found, each.name) for each in fields(found)}
    return CrossValidation(**pooled, column=column, folds=names, fold=fold, n_united=united)


def _spread(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Return mean and standard deviation (of a sample) over the folds that have a figure."""
    figures = [str(name) for name in table.columns if str(name).startswith("recall@")]
    spread = {}
    for name in figures:
        values: Floats = table[name].dropna().to_numpy(np.float64)
        sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
        average = float(values.mean()) if len(values) else float("nan")
        spread[name] = {"mean": number(average), "sd": number(sd)}
    return spread
