"""Who asks, who answers and who calibrates: splits as row numbers (METHODS 4.14).

All rows of one group (specimen, individual, date, site) stay on one side. Labels are codes, -1
where a row has none.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from holotype.index.arrays import Codes, Flags


def _no_rows() -> Codes:
    return np.empty(0, np.int64)


@dataclass(frozen=True)
class Split:
    """Row numbers of one table, each side ascending.

    Attributes:
        name: what was done, for the report.
        query: int64 [q], rows that ask.
        gallery: int64 [g], rows that answer.
        calibration: int64 [c], rows that thresholds and models may be fitted on; they are in
            neither of the others.
        left_out: int64, taxa that were kept out of the gallery on purpose.
        leave_one_out: the rows that ask are those that answer, so that no specimen can be kept on
            one side; the measures leave out the query's own instead.
    """

    name: str
    query: Codes
    gallery: Codes
    calibration: Codes = field(default_factory=_no_rows)
    left_out: Codes = field(default_factory=_no_rows)
    leave_one_out: bool = False

    def novel(self, labels: Codes) -> Flags:
        """Return which queries are of a taxon that the gallery does not have, bool [q].

        Args:
            labels: int64 [n], the taxon of every row of the table; -1 is never novel.
        """
        asked = labels[self.query]
        return (asked >= 0) & ~np.isin(asked, labels[self.gallery])


def given_split(
    splits: Sequence[str], query: str = "test", gallery: str = "train", calibration: str = ""
) -> Split:
    """Return the split that a column of the manifest states.

    Args:
        splits: the column.
        query: its value for rows that ask.
        gallery: its value for rows that answer.
        calibration: its value for rows to calibrate on; empty for none.

    Raises:
        ValueError: a value that no row has, or one value for two sides.
    """
    wanted = [query, gallery, *([calibration] if calibration else [])]
    column = np.array(splits, dtype=object)
    sides = [np.flatnonzero(column == value) for value in wanted]
    for value, rows in zip(wanted, sides, strict=True):
        if not len(rows):
            known = ", ".join(sorted({*splits} - {""})) or "empty"
            raise ValueError(f"no image has split '{value}'; the column holds {known}")
    if len(set(wanted)) < len(wanted):
        raise ValueError(
            f"one split stands on two sides ({', '.join(wanted)}); name different ones"
        )
    return Split("given split", sides[0], sides[1], sides[2] if calibration else _no_rows())


def leave_one_out(n: int) -> Split:
    """Return the split in which every row asks and all others answer."""
    return Split("leave-one-out", np.arange(n), np.arange(n), leave_one_out=True)


def grouped_kfold(labels: Codes, groups: Codes, folds: int = 5, seed: int = 0) -> list[Split]:
    """Return folds that keep groups whole and taxa in proportion.

    Args:
        labels: int64 [n], the taxon of every row.
        groups: int64 [n], the specimen, site or date of every row.
        folds: how many, at least 2.
        seed: of the shuffle.

    Raises:
        ValueError: there are fewer groups than folds.
    """
    n_groups = len(np.unique(groups))
    if not 2 <= folds <= n_groups:
        raise ValueError(f"{folds} folds of {n_groups} groups cannot be made; give 2 to that many")
    maker = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Taxa with fewer specimens than folds are the rule here, not worth a warning.
        warnings.filterwarnings("ignore", message="The least populated class")
        parts = list(maker.split(labels, _stratum(labels), groups))
    return [
        Split(f"fold {number} of {folds}", query, gallery)
        for number, (gallery, query) in enumerate(parts, start=1)
    ]


def leave_one_site_out(sites: Codes, names: Sequence[str]) -> list[Split]:
    """Return, for each site, the split in which it asks and all others answer.

    Args:
        sites: int64 [n], a position in `names`; -1, a row without a site, always answers.
        names: the sites.

    Raises:
        ValueError: there are fewer than two sites.
    """
    known = np.unique(sites[sites >= 0])
    if len(known) < 2:
        raise ValueError(f"leave-one-site-out needs at least 2 sites; the rows name {len(known)}")
    return [
        Split(f"site {name} left out", np.flatnonzero(own), np.flatnonzero(~own))
        for name, own in ((names[site], sites == site) for site in known)
    ]


def leave_out_classes(split: Split, labels: Codes, share: float, seed: int = 0) -> Split:
    """Return the split with a share of the gallery's taxa taken out of gallery and calibration.

    Their queries become novel. Codes of genera leave out whole genera.

    Args:
        split: any.
        labels: int64 [n], the taxon of every row of the table.
        share: of the taxa of the gallery, in (0, 1).
        seed: of the draw.

    Raises:
        ValueError: a share that leaves out none or all.
    """
    known = np.unique(labels[split.gallery])
    known = known[known >= 0]
    count = round(share * len(known))
    if not 0 < count < len(known):
        raise ValueError(
            f"a share of {share} leaves out {count} of {len(known)} taxa; "
            "at least one must go and one must stay"
        )
    gone = np.sort(np.random.default_rng(seed).choice(known, count, replace=False))
    return replace(
        split,
        name=f"{split.name}, {count} of {len(known)} taxa left out (seed {seed})",
        gallery=split.gallery[~np.isin(labels[split.gallery], gone)],
        calibration=split.calibration[~np.isin(labels[split.calibration], gone)],
        left_out=gone,
        leave_one_out=False,
    )


def three_way(
    labels: Codes,
    groups: Codes,
    *,
    shares: tuple[float, float] = (0.2, 0.2),
    novel_shares: tuple[float, float] = (0.0, 0.0),
    seed: int = 0,
) -> Split:
    """Return gallery, calibration and query rows, groups whole and taxa in proportion.

    Args:
        labels: int64 [n], the taxon of every row.
        groups: int64 [n], the specimen of every row.
        shares: of the groups of every taxon that go to calibration and to query; every taxon
            keeps at least one group in the gallery.
        novel_shares: of the taxa that are kept out of the gallery and stand whole in calibration
            and in query, as novel ones.
        seed: of the draws.

    Raises:
        ValueError: shares that leave nothing for the gallery.
    """
    for two in (shares, novel_shares):
        if min(two) < 0 or sum(two) >= 1:
            raise ValueError(f"shares of {two[0]} and {two[1]} leave nothing for the gallery")
    rng = np.random.default_rng(seed)
    _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    side = _assign(rng, _stratum(labels)[first], shares)
    novel = _draw_taxa(rng, labels, novel_shares)
    for place, taxa in enumerate(novel, start=1):
        side[np.isin(labels[first], taxa)] = place
    gallery, calibration, query = (np.flatnonzero(side[codes] == place) for place in range(3))
    return Split(
        f"three-way (seed {seed})", query, gallery, calibration, np.sort(np.concatenate(novel))
    )


def class_draws(labels: Codes, size: int = 10, draws: int = 10, seed: int = 0) -> Iterator[Codes]:
    """Yield the rows of repeated draws of a few taxa, as for clustering unseen species.

    Args:
        labels: int64 [n].
        size: taxa in a draw.
        draws: how many.
        seed: of the draws.

    Raises:
        ValueError: there are fewer taxa than a draw needs.
    """
    known = np.unique(labels[labels >= 0])
    if len(known) < size:
        raise ValueError(f"a draw of {size} taxa needs that many; there are {len(known)}")
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield np.flatnonzero(np.isin(labels, rng.choice(known, size, replace=False)))


def _stratum(labels: Codes) -> Codes:
    """Return the labels as codes from 0, the unlabelled as one of them."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _assign(rng: np.random.Generator, strata: Codes, shares: tuple[float, float]) -> Codes:
    """Give each group 0 (gallery), 1 (calibration) or 2 (query), stratum by stratum.

    A share of a group is rounded by chance, so that small taxa are tested as often as large ones.
    """
    side = np.zeros(len(strata), np.int64)
    for stratum in range(strata.max() + 1):
        members = rng.permutation(np.flatnonzero(strata == stratum))
        wanted = np.array(shares) * len(members)
        counts = np.floor(wanted + rng.random(2)).astype(int)
        first = min(counts[0], len(members) - 1)
        last = min(first + counts[1], len(members) - 1)
        side[members[:first]] = 1
        side[members[first:last]] = 2
    return side


def _draw_taxa(
    rng: np.random.Generator, labels: Codes, shares: tuple[float, float]
) -> tuple[Codes, Codes]:
    known = rng.permutation(np.unique(labels[labels >= 0]))
    first = round(shares[0] * len(known))
    return known[:first], known[first : first + round(shares[1] * len(known))]
