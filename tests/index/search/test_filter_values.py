"""Filters find what a user means by them, and nothing else; a deletion shows first what goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.column_values import ColumnValues
from holotype.index.search.filters import allowed_places
from holotype.index.search.search import search
from tests.conftest import Cli, Draw

ROWS = (
    "path,species,recordedBy,Split,Depth_m,date,locality,notes",
    "a.png,Aglais_urticae,J. Plum | K. Fig,train,5,2018-12-31,Box_1,half | half",
    "b.png,Aglais urticae,J. Plum,Train,45.0,2019-01-01,box 1,",
    "c.png,Pieris rapae,K. Fig,TEST,9,2019,BOX_1,>3",
    "d.png,Pieris rapae,j. plum |  K. Fig,test,10,2019-05,,",
    'e.png,Pieris napi,"""L""",val,100,2019-05-03/2019-06-02,,a..b',
    "f.png,,,val,unknown,1.6.2020,,==x",
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    folder = tmp_path_factory.mktemp("filters")
    for number, name in enumerate("abcdef"):
        draw(folder / f"{name}.png", number)
    (folder / "table.csv").write_text("\n".join(ROWS) + "\n")
    return folder / "table.csv"


@pytest.fixture
def made(table: Path, tiny: Encoder, tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.read(table), collection, tiny)
        yield collection


@pytest.fixture
def found(made: Collection) -> Callable[..., str]:
    def letters(*conditions: str) -> str:
        gallery = made.gallery()
        rows = set(gallery.rows[allowed_places(made, gallery, conditions)].tolist())
        return "".join(one.image_id[0] for one in made.images() if one.row in rows)

    return letters


@pytest.mark.parametrize(
    ("condition", "letters"),
    [
        # a value with the separator is that value; only else it is a list
        ("recordedBy=J. Plum | K. Fig", "ad"),
        ("recordedBy!=J. Plum | K. Fig", "bcef"),
        ("recordedBy=j. plum", "b"),
        ("recordedBy=K. Fig | J. Plum", "bc"),
        ('recordedBy="J. Plum"|"K. Fig"', "bc"),
        ('recordedBy="J. Plum | K. Fig"', "a"),
        ('recordedBy="J. Plum | K. Fig"|K. Fig', "ac"),
        ('recordedBy="L"', "e"),
        ('recordedBy="""L"""', "e"),
        ("notes=half | half", "a"),
        ("notes=>3", "c"),
        ("notes===x", "f"),
        ("notes=a..b", "e"),
        # columns and values as the user wrote them
        ("recordedby=K. FIG", "c"),
        ("Recorded By=K. Fig", "c"),
        ("SPLIT=train", "ab"),
        ('split="train"', "a"),
        ("split=test|VAL", "cdef"),
        ("species=Aglais_urticae", "ab"),
        ("Species=aglais  urticae", "ab"),
        ("species=Aglais urticae (Linnaeus, 1758)", "ab"),
        ("locality=box 1", "b"),
        ("Image ID=a.png", "a"),
        ("locality=box_1", "ac"),
        ("image_id=a.png|c.png", "ac"),
        # missing
        ("recordedBy=", "f"),
        ("recordedBy!=", "abcde"),
        ("locality=|box 1", "bdef"),
        ("species=", "f"),
        ("species!=Pieris rapae", "abef"),
        ("image_id!=", "abcdef"),
        # numbers
        ("depth_m<10", "ac"),
        ("depth_m<=10", "acd"),
        ("depthM>9.5", "bde"),
        ("depth_m=9..45", "bcd"),
        ("depth_m=..9|100..", "ace"),
        ("depth_m=45..45", "b"),
        ("depth_m!=5..100", "f"),
        # dates
        ("date<2019", "a"),
        ("date>=2019-01-01", "bcde"),
        ("date>2018", "bcde"),
        ("date=2019..2019", "bcde"),
        ("date<=2019-05", "abd"),
        ("date>2019-05-02", "e"),
        ("date=2019", "c"),
    ],
)
def test_a_filter_finds(found: Callable[..., str], condition: str, letters: str) -> None:
    assert found(condition) == letters


def test_filters_hold_together(found: Callable[..., str]) -> None:
    assert found("depth_m>=5", "Depth M<10", "species=Pieris rapae") == "c"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("recordBy=x", "did you mean recordedby"),
        ("spceies=x", "did you mean species"),
        ("split=trian", "did you mean 'train'"),
        ("species=Pieris_rape", "did you mean 'Pieris rapae'"),
        ("split=nothing like it", "there are 'train', 'Train', 'TEST', 'test', 'val'"),
        ("image_id=A.png", "did you mean 'a.png'"),
        ("image_id=", "Every image"),
        ("depth_m>1000", "goes from 5 to 100"),
        ("depth_m=200..300", "goes from 5 to 100"),
        ("recordedby>5", "no numbers or dates"),
        ("species<M", "neither a number nor a date"),
        ("split", "not understood"),
        ("<5", "not understood"),
        ("split!test", "not understood"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    found: Callable[..., str], condition: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        found(condition)
    assert said in str(caught.value)


def test_a_value_of_images_that_a_space_lacks_is_no_list(
    made: Collection, table: Path, tiny: Encoder
) -> None:
    some = Manifest.read(table)
    few = Manifest(some.frame[some.frame["path"].isin(["b.png", "c.png"])], some.root)
    ingest(few, made, tiny, space="few")
    gallery = made.gallery("few")
    with pytest.raises(UsageError, match="in space 'few' has recordedby 'J"):
        allowed_places(made, gallery, ["recordedby=J. Plum | K. Fig"])


def test_a_changed_column_is_read_again(made: Collection, table: Path, tiny: Encoder) -> None:
    vector = made.vectors(made.space())[0]
    assert len(search(made, vector, where=["notes=a..b"])) == 1
    changed = table.with_name("changed.csv")
    changed.write_text(table.read_text().replace("a..b", "c").replace(">3", "c"))
    ingest(Manifest.read(changed), made, tiny)
    assert len(search(made, vector, where=["notes=c"])) == 2
    with pytest.raises(UsageError, match=r"a\.\.b"):
        search(made, vector, where=["notes=a..b"])


# Deleting -------------------------------------------------------------------------------------


def test_a_deletion_shows_what_goes_and_takes_nothing_else(
    made: Collection, cli: Cli, table: Path
) -> None:
    folder = made.folder
    asked = ("collection", "delete", folder, "--where", "recordedBy=J. Plum | K. Fig")
    code, out, err = cli(*asked)
    assert (code, out) == (1, "")
    assert "Delete 2 images" in err
    assert "recordedby: 'J. Plum | K. Fig' (1), 'j. plum |  K. Fig' (1)" in err
    assert f"a.png  Aglais urticae  {table.with_name('a.png')}" in err
    assert "Nothing was deleted; repeat the command with --yes" in err
    err = cli("collection", "delete", folder, "--where", "image_id!=")[2]
    assert "'e.png' (1), others (1)" in err, "six images, of which five values are shown"
    code, out, _ = cli(*asked, "--json")
    said = json.loads(out)
    assert (code, said["deleted"], said["would_delete"], said["of"]) == (1, 0, 2, 6)
    assert said["image_ids"] == ["a.png", "d.png"]
    assert len(list(made.images())) == 6
    code, out, err = cli(*asked, "--yes")
    assert (code, out) == (0, "Deleted 2 images.\n")
    assert "d.png  Pieris rapae" in err
    assert [image.image_id[0] for image in made.images()] == list("bcef")


def test_a_deletion_looks_through_all_images(
    made: Collection, table: Path, tiny: Encoder, cli: Cli
) -> None:
    """Those of another space go too, and those without any."""
    with made.database.writing(), made.database.transaction() as connection:
        connection.execute("DELETE FROM embeddings WHERE row = 2")
    made.close()
    asked = ("collection", "delete", made.folder, "--where", "split=train", "--yes")
    assert cli(*asked)[0] == 0
    with Collection.open(made.folder) as collection:
        assert [image.image_id[0] for image in collection.images()] == list("cdef")


def test_a_deletion_by_a_filter_that_is_off_takes_nothing(made: Collection, cli: Cli) -> None:
    for condition in ("split=trian", "spilt=train", "split=train|tets", "depth_m>1000"):
        code, _, err = cli("collection", "delete", made.folder, "--where", condition, "--yes")
        assert code == 2, err
    assert len(list(made.images())) == 6


def test_days_without_hyphens_are_days_in_the_column_of_dates() -> None:
    values = ["20150413", "2015", "2019-05", "20190503", "150", "16.5.2015"]
    dates, weights = (ColumnValues(n, values, np.arange(6)) for n in ("date", "weight"))
    assert dates.ordered("<", "2019") == [0, 1]
    assert dates.ordered(">=", "20190501") == [2, 3]
    assert dates.between("2015-04", "2015") == [0]
    assert dates.ordered(">", "100") == [0, 1, 3, 4]
    assert weights.ordered("<", "2019") == [1, 4]
    assert dates.extremes == ("2015", "20190503")
