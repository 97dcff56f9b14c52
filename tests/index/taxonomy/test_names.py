"""One reading of scientific names: variants are one, what differs stays apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holotype.index.clusters.names import provisional_lineage, stem_of
from holotype.index.taxonomy import (
    RANKS,
    TaxonNameError,
    name_at,
    read_lineage,
    read_name,
    spellings,
)

# A name as it is kept, and what is written for it.
VARIANTS = {
    "Aglais urticae": [
        *("Aglais urticae", "aglais urticae", "AGLAIS URTICAE", "Aglais Urticae", "AGLAIS urticae"),
        *("Aglais_urticae", " Aglais  urticae ", "Aglais\u00a0urticae", "Aglais\u2009urticae"),
        *(
            "Aglais urticae\u200b",
            "\ufeffAglais urticae",
            "Aglais urti\u00adcae",
            "Aglais\turticae",
        ),
        *("Aglais urticae L.", "Aglais urticae (L.)", "Aglais urticae (L., 1758)"),
        *("Aglais urticae (Linnaeus, 1758)", "Aglais urticae Linnaeus, 1758"),
        *("Aglais urticae Linnaeus 1758", "Aglais urticae, Linnaeus 1758"),
        *("AGLAIS URTICAE (LINNAEUS, 1758)", "aglais urticae linnaeus 1758"),
        *("AGLAIS URTICAE (Linnaeus, 1758)", "AGLAIS (AGLAIS) URTICAE (Linnaeus, 1758)"),
        *("Aglais urticae (Linné, 1758)", "Aglais urticae (Linnaeus", "Aglais urticae [Linnaeus]"),
        *('"Aglais urticae"', "'Aglais urticae'", "“Aglais urticae”", "«Aglais urticae»"),
        *("(Aglais urticae)", "[Aglais urticae]", "<i>Aglais urticae</i>", "*Aglais urticae*"),
        *(
            "<em>Aglais</em> <em>urticae</em> (Linnaeus, 1758)",
            "Aglais urticae ♀",
            "†Aglais urticae",
        ),
        *("Aglais urticae - Small Tortoiseshell", "Aglais urticae (Small Tortoiseshell)"),
        *("Small Tortoiseshell (Aglais urticae)", "Small Tortoiseshell - Aglais urticae"),
        *("Tortoiseshell (Aglais urticae)", "small butterfly (Aglais urticae)"),
        *("Aglais urticae (tortoiseshell butterfly)", "Aglais urticae (Papilio urticae)"),
        *("Aglais urticae - small butterfly", "Small_Tortoiseshell_(Aglais_urticae)"),
        *(
            "Aglais urticae, female",
            "Aglais urticae, Small tortoiseshell",
            "Aglais urticae and egg",
        ),
        *("Aglais urticae ssp. ichnusa", "Aglais urticae ichnusa (Bonelli, 1826)"),
        *("Aglais urticae var. turcica Staudinger, 1871", "Aglais urticae f. ichnusoides"),
        *("Aglais (Aglais) urticae", "Aglais [Aglais] urticae", "Aglais (Aglais) urticae (L.)"),
        *("Aglais urticae s. str.", "Aglais urticae sensu stricto", "Aglais urticae auct."),
        *("Aglais urticae sensu Higgins & Riley, 1970", "Aglais urticae.", "Aglais urticae;"),
        *("Aglais subg. Aglais urticae", "Aglais urticae nec Esper", "Aglais urticae in litt."),
        *("Aglais urticae det. M. Müller 2003", '"Aglais" urticae', "Aglais 'urticae'"),
    ],
    "Quercus robur": [
        *("Quercus robur L.", "Quercus robur L. subsp. robur", "Quercus robur Linnaeus"),
        *(
            "Quercus robur subsp. brutia (Ten.) O.Schwarz",
            "Quercus robur var. fastigiata (Lam.) DC.",
        ),
        *("Quercus robur 'Concordia'", "Quercus robur f. pendula", "Quercus robur cv. Concordia"),
        *("Quercus robur L. ex Simonk.", "Quercus robur auct. non L.", "Quercus robur x"),
    ],
    "Abies alba": ["Abies alba Mill.", "Abies alba Mill. var. x", "Abies alba Miller 1768"],
    "Noctua comes": ["Noctua comes Hübner, [1813]", "Noctua comes Hübner in Treitschke, 1825"],
    "Sotalia dorbignyi": ["Sotalia d'orbignyi", "Sotalia d’orbignyi Gray"],
    "Aspidites dorbignyi": ["Aspidites dorbignyi d'Orbigny, 1840"],
    "Daphnia magna": ["Daphnia magna van der Hoeven, 1849", "Daphnia magna de Geer"],
    "Helix pomatia": ["Helix pomatia Müller in Schmidt", "Helix pomatia Müller & Schmidt ex Wolf"],
    "Agrotis ipsilon": ["Agrotis ipsilon (Denis & Schiffermüller, 1775)"],
    "Polygonia l-album": [
        *("Polygonia l-album", "Polygonia l_album", "Polygonia_l_album", "Polygonia l album"),
        *("Polygonia l\u2010album", "Polygonia l\u2011album", "Polygonia l–album"),
        *("Polygonia l - album", "POLYGONIA L-ALBUM", "Polygonia l\u2212album (Esper, 1780)"),
    ],
    "Novae-zelandia alba": ["Novae-Zelandia alba", "novae-zelandia alba"],
    "Culex pipiens": ["Culex (Culex) pipiens", "Culex (Culex)pipiens", "Culex (C.) pipiens"],
    "Isoetes lacustris": ["Isoëtes lacustris", "Isoe\u0308tes lacustris", "Isoetes lacustris L."],
    "Andrena schmiedeknechti": ["Andrena schmiedeknechti"],
    "Eupithecia huebneri": ["Eupithecia hübneri", "Eupithecia hu\u0308bneri", "Eupithecia Hübneri"],
    "Danaus plexippus": ["Danaüs plexippus", "Danaus plexippus"],
    "Phaedon armoraciae": ["Phædon armoraciæ", "Phaedon armoraciae"],
    "Adalia bipunctata": ["Adalia 2-punctata", "Adalia 2punctata", "Adalia bipunctata"],
    "Psyllobora vigintiduopunctata": ["Psyllobora 22-punctata (L.)"],
    "Escherichia coli": ["Escherichia coli O157:H7", "Escherichia coli K-12"],
    "Liberibacter asiaticus": ["Candidatus Liberibacter asiaticus", "Ca. Liberibacter asiaticus"],
    "Orthopoxvirus variola": ["Orthopoxvirus variola"],
    "Tobacco mosaic virus": ["Tobacco mosaic virus", "Tobacco_mosaic_virus"],
    # Hybrids
    "Mentha × piperita": [
        *("Mentha x piperita", "Mentha × piperita", "Mentha ×piperita", "Mentha X piperita"),
        *("MENTHA X PIPERITA", "mentha x piperita", "Mentha ✕ piperita", "Mentha &times; piperita"),
        *("Mentha × piperita L.", "Mentha_x_piperita", "Mentha х piperita"),
    ],
    "×Triticosecale rimpaui": [
        *("×Triticosecale rimpaui", "× Triticosecale rimpaui", "x Triticosecale rimpaui"),
        *("xTriticosecale rimpaui", "X Triticosecale rimpaui Wittm."),
    ],
    "Salix alba × fragilis": [
        *("Salix alba × Salix fragilis", "Salix alba x fragilis", "Salix alba × S. fragilis"),
        *("Salix alba L. x Salix fragilis L.", "SALIX ALBA X SALIX FRAGILIS"),
        *("salix alba x salix fragilis", "Salix alba X fragilis", "Salix_alba_x_Salix_fragilis"),
    ],
    "Anas crecca × Mareca penelope": [
        "Anas crecca × Mareca penelope",
        "Anas crecca x Mareca penelope",
    ],
    "Anas crecca × sp.": ["Anas crecca × ?", "Anas crecca x sp."],
    "Anas crecca hybrid": ["Anas crecca hybrid", "Anas crecca hybr."],
    # Complexes
    "Mesapamea secalis/didyma": [
        *("Mesapamea secalis/didyma", "Mesapamea secalis / didyma", "Mesapamea secalis/M. didyma"),
        *("Mesapamea secalis/Mesapamea didyma", "mesapamea secalis/didyma"),
        *("Mesapamea secalis or didyma", "Mesapamea secalis & M. didyma"),
        *("Mesapamea secalis, Mesapamea didyma", "Mesapamea secalis | Mesapamea didyma"),
    ],
    "Acronicta psi/tridens/cuspis": ["Acronicta psi/tridens/cuspis"],
    "Rubus fruticosus agg.": [
        *("Rubus fruticosus agg.", "Rubus fruticosus agg", "Rubus fruticosus L. agg."),
        *("Rubus fruticosus aggr.", "Rubus fruticosus aggregate", "RUBUS FRUTICOSUS AGG."),
    ],
    "Pieris napi complex": ["Pieris napi complex", "Pieris napi species complex (L.)"],
    "Pieris napi group": [
        "Pieris napi group",
        "Pieris napi gr.",
        "Pieris napi species group",
        "Pieris gr. napi",
        "Pieris group napi",
        "Pieris ex gr. napi (L.)",
    ],
    "Pieris napi s. l.": ["Pieris napi s. l.", "Pieris napi s.l.", "Pieris napi (s. lat.)"],
    # Open nomenclature
    "Xestia cf. ditrapezium": [
        *("Xestia cf. ditrapezium", "Xestia cf ditrapezium", "Xestia CF. ditrapezium"),
        *("Xestia (cf.) ditrapezium", "Xestia cf.ditrapezium", "Xestia ditrapezium cf."),
        *("Xestia cfr. ditrapezium", "Xestia sp. cf. ditrapezium", "cf. Xestia ditrapezium"),
        *("Xestia ?ditrapezium", "Xestia ditrapezium?", "Xestia ditrapezium (?)"),
        *("?Xestia ditrapezium", "Xestia c.f. ditrapezium", "Xestia_cf._ditrapezium"),
    ],
    "Xestia aff. ditrapezium": ["Xestia aff ditrapezium", "Xestia sp. aff. ditrapezium (D. & S.)"],
    "Xestia nr. ditrapezium": ["Xestia nr ditrapezium", "Xestia near ditrapezium"],
    "Lycaena sp.": [
        *("Lycaena sp.", "Lycaena sp", "Lycaena spec.", "Lycaena species", "Lycaena_sp."),
        *("LYCAENA SP.", "Lycaena (Heodes) sp.", "Lycaena sp. (juvenile)", "Lycaena sp. ♀"),
        *("Lycaena sp. Fabricius, 1807", "lycaena sp", "Lycaena sp. A. Smith, 1807"),
        *("Lycaena sp.?", "Lycaena ? sp.", "Lycaena cf. sp.", "Lycaena sp. indet.", "Lycaena ?sp."),
    ],
    "Xestia sp. 4": [
        *("Xestia sp. 4", "Xestia sp.4", "Xestia sp 4", "Xestia sp4", "Xestia_sp_4", "Xestia Sp4"),
        *("Xestia sp. 4?", "Xestia ? sp. 4", "Xestia? sp. 4", "Xestia sp.?4", "Xestia sp4?"),
        *("XESTIA SP. 4?", "Xestia sp. (?) 4", "?Xestia sp. 4", "Xestia, sp. 4", "Xestia sp., 4"),
        *("Xestia cf. sp. 4", "Xestia sp. cf. 4", "Xestia sp. 4 cf.", "Xestia aff. sp. 4"),
        *("Xestia morphosp. 4", "Xestia morphotype 4", "Xestia msp. 4", "Xestia sp. nr. 4"),
        *("Xestia indet. 4", "Xestia indet. sp. 4", "Xestia sp. indet. 4", "Xestia larva sp. 4"),
        *("Xestia sp. 4 (Smith 2001)", "Xestia sp. 4 Smith & Jones, 2001", "Xestia sp4 [1987]"),
        *("Xestia sp. 4? (Smith 2001)", "Xestia sp. 4 (Smith 2001)?"),
    ],
    "Xestia sp. 1/2": [
        *("Xestia sp. 1/2", "Xestia sp. 1 or 2", "Xestia sp. 1 or sp. 2", "Xestia sp. 1/sp. 2"),
        *(
            "Xestia sp. 1 / Xestia sp. 2",
            "Xestia sp. 1, or 2",
            "Xestia sp. 1 vel 2",
            "Xestia sp1/2",
        ),
        *("Xestia sp. 1/2?", "Xestia sp. 1 or 2 (Smith 2001)"),
    ],
    "Xestia sp. A/B": ["Xestia sp. A/B", "Xestia sp. A or B", "Xestia sp. A / sp. B"],
    "Xestia sp. Alps": [
        *('Xestia sp. "Alps"', "Xestia sp. Alps", 'Xestia sp. "Alps"?', "Xestia ?sp. 'Alps'"),
        'Xestia sp. "Alps" (Smith 2001)',
    ],
    "Xestia sp. B": ["Xestia sp. B", "Xestia sp. b", "Xestia spec. B", "Xestia (Xestia) sp. B"],
    "Xestia sp. nov. 3": ["Xestia sp. n. 3 Smith 2001", "Xestia n. sp. 3?"],
    "Xestia sp. nov.": [
        "Xestia sp. nov.",
        "Xestia sp. n.",
        "Xestia n. sp.",
        "Xestia nov. sp.",
        "Xestia n.sp.",
    ],
    "Xestia sp. BOLD:AAA0001": ["Xestia sp. BOLD:AAA0001"],
    "Xestia 12": ["Xestia 12"],
}

# What names a genus only.
GENERA = {
    "Lycaena": [
        *("Lycaena", "lycaena", "LYCAENA", "Lycaena spp.", "Lycaena indet.", "Lycaena (Heodes)"),
        *("Lycaena Fabricius, 1807", "Lycaena (Fabricius)", "Lycaena L.", "Lycaena female"),
        *("Lycaena d'Orbigny, 1835", "Lycaena van der Hoeven, 1830", "Lycaena ...", "Lycaena ssp."),
        *("Lycaena phl...", "Lycaena sect. Heodes", "Lycaena cf.", "Lycaena ?", "Lycaena 'Peace'"),
        *("Lycaena spp.?", "Lycaena ?spp.", "Lycaena spp. indet.", "Lycaena ssp. 1"),
        *("Lycaena nov.", "Lycaena gen. nov.", "Lycaena gen. sp. 1"),
        *("Lycaena x", "Lycaena larva", "Lycaena agg.", "Lycaena group", "Lycaena complex"),
    ]
}

# What names something above the genus.
HIGHER = {
    ("family", "Sphingidae"): [
        *("Sphingidae", "sphingidae", "Sphingidae sp.", "Sphingidae indet.", "SPHINGIDAE SP."),
        *("Sphingidae gen. sp.", "Sphingidae Latreille, 1802", "unidentified Sphingidae"),
        *("Unknown sphingidae", "Sphingidae sp. 1", "Sphingidae gen. nov."),
        *("Sphingidae gen. et sp. indet.", "Sphingidae gen. sp.?"),
    ],
    ("family", "Rosaceae"): ["Rosaceae sp.", "Rosaceae Juss."],
    ("family", "Apidae"): ["Apidae", "apidae", "Apidae sp.", "Apidae Latreille, 1802"],
    ("family", "Poaceae"): ["Poaceae", "Poaceae sp.", "unidentified Poaceae"],
    ("family", "Boidae"): ["Boidae", "Boidae indet."],
    ("order", "Odonata"): ["Odonata sp.", "Odonata", "indet. Odonata"],
    ("class", "Insecta"): ["Insecta", "Insecta indet."],
}

# What names nothing.
PLACEHOLDERS = [
    *("Unknown", "unknown", "UNKNOWN", "Unidentified", "Unidentified moth", "Blank", "blank", "x"),
    *(
        "xx",
        "Undetermined",
        "indet.",
        "Indet",
        "No ID",
        "not identified",
        "other",
        "Misc.",
        "empty",
    ),
    *("sp.", "spp.", "species", "Gen. sp.", "unbestimmt", "inconnu", "sin identificar", "TBD"),
    *("incertae sedis", "Emperor moth", "small white butterflies", "Unknown bird", "Beetles"),
    *("NA", "n/a", "N/A", "NULL", "null", "none", "None", "-", "--", "?", "nan", "<NA>", "", "  "),
    *("gen. sp. 1", "Gen. et sp. nov.", "GEN. SP. 1", "gen. nov.", "Genus 1", "n. gen. n. sp."),
    *("sp1", "n. sp. 1", "? sp. 1", "cf. sp. 1", "incertae sedis sp.", "Moth gen. sp. 1"),
    *("species 12", "sp. 1", "Sp. A", "Noctuinae sp.", "Apinae sp.", "False trigger"),
]


def cases(names: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(kept, written) for kept, several in names.items() for written in several]


def test_there_are_many() -> None:
    written = [*cases(VARIANTS), *cases(GENERA), *PLACEHOLDERS]
    assert len(written) > 250


@pytest.mark.parametrize(("kept", "written"), cases(VARIANTS))
def test_variants_of_a_name_are_one(kept: str, written: str) -> None:
    found = read_name(written)
    assert found.species == kept
    assert found.higher is None
    assert read_name(found.species, found.genus).species == kept


@pytest.mark.parametrize("kept", VARIANTS)
def test_different_names_stay_apart_and_give_their_genus(kept: str) -> None:
    crossing = kept in ("Anas crecca × Mareca penelope", "Tobacco mosaic virus")
    assert read_name(kept).genus == ("" if crossing else kept.split()[0])


@pytest.mark.parametrize(("genus", "written"), cases(GENERA))
def test_what_names_no_species_is_known_to_genus(genus: str, written: str) -> None:
    found = read_name(written)
    assert (found.genus, found.species) == (genus, "")
    assert read_lineage({"species": written, "genus": genus}).lineage[-2:] == (genus, "")


@pytest.mark.parametrize(
    ("rank", "name", "written"),
    [(rank, name, text) for (rank, name), several in HIGHER.items() for text in several],
)
def test_what_names_a_higher_taxon_is_known_to_it(rank: str, name: str, written: str) -> None:
    found = read_name(written)
    assert (found.genus, found.species, found.higher) == ("", "", (rank, name))


@pytest.mark.parametrize("written", PLACEHOLDERS)
def test_placeholders_and_common_names_name_nothing(written: str) -> None:
    found = read_name(written)
    assert (found.genus, found.species, found.higher) == ("", "", None)


@pytest.mark.parametrize(
    ("genus", "cell", "species"),
    [
        ("Vanessa", "cardui", "Vanessa cardui"),
        ("Vanessa", "cardui (Linnaeus, 1758)", "Vanessa cardui"),
        ("Vanessa", "Cardui", "Vanessa cardui"),
        ("Vanessa", "CARDUI", "Vanessa cardui"),
        ("Vanessa", "cardui L.", "Vanessa cardui"),
        ("Vanessa", "CARDUI (Linnaeus, 1758)", "Vanessa cardui"),
        ("Vanessa", "V. cardui", "Vanessa cardui"),
        ("Vanessa Fabricius, 1807", "cardui", "Vanessa cardui"),
        ("VANESSA", "VANESSA CARDUI", "Vanessa cardui"),
        ("Vanessa (Cynthia)", "cardui", "Vanessa cardui"),
        ("Vanessa", "cardui subsp. japonica", "Vanessa cardui"),
        ("Vanessa", "cf. cardui", "Vanessa cf. cardui"),
        ("Cornus", "(cf.) macrophylla", "Cornus cf. macrophylla"),
        ("Cornus", "[cf.] macrophylla", "Cornus cf. macrophylla"),
        ("Cornus", "(aff.) macrophylla", "Cornus aff. macrophylla"),
        ("Cornus", "cf. macrophylla", "Cornus cf. macrophylla"),
        ("Spilosoma", "sp. 1", "Spilosoma sp. 1"),
        ("Noctua", "n. sp. 1", "Noctua sp. nov. 1"),
        ("Noctua", "n. fimbriata", "Noctua fimbriata"),
        ("Vanessa", "sp. 1", "Vanessa sp. 1"),
        ("Vanessa", "sp.", "Vanessa sp."),
        ("Vanessa", "unknown", ""),
        ("Vanessa", "NA", ""),
        ("Pieris", "napi agg.", "Pieris napi agg."),
        ("Pieris", "napi/rapae", "Pieris napi/rapae"),
        ("Mentha", "x piperita", "Mentha × piperita"),
        ("Mentha", "×piperita", "Mentha × piperita"),
        ("Adalia", "10-punctata (L.)", "Adalia decempunctata"),
        ("Triticosecale", "×Triticosecale rimpaui", "×Triticosecale rimpaui"),
        ("Aedes", "Aëdes vexans", "Aedes vexans"),
        ("Isoëtes", "lacustris", "Isoetes lacustris"),
    ],
)
def test_an_epithet_is_read_with_its_genus(genus: str, cell: str, species: str) -> None:
    lineage = read_lineage({"genus": genus, "species": cell}).lineage
    assert lineage[-1] == species
    assert lineage[-2].lstrip("×").casefold() == genus.split()[0].replace("ë", "e").casefold()


@pytest.mark.parametrize("cell", ["n. pyritoides", "nov. pyritoides", "n pyritoides"])
def test_the_mark_of_a_new_species_is_no_part_of_an_epithet(cell: str) -> None:
    with pytest.raises(TaxonNameError, match="does not begin with a genus"):
        read_lineage({"genus": "Habrosyne", "species": cell})


@pytest.mark.parametrize(
    ("written", "qualifier"),
    [
        ("Xestia cf. baja", "cf. baja"),
        ("Xestia aff baja", "aff. baja"),
        ("cf. Xestia baja", "cf. Xestia baja"),
        ("Xestia baja?", "?"),
        ("Xestia cf.", "cf."),
        ("Xestia sp1", "sp. 1"),
        ("Xestia n. sp.", "sp. nov."),
        ("Xestia baja", ""),
        ("Xestia sp. 1?", "sp. 1 ?"),
        ("Xestia ? sp. 1", "sp. 1 ?"),
        ("Xestia cf. sp. 1", "cf. sp. 1"),
        ("Xestia aff. sp. A (Smith 2001)", "aff. sp. A"),
        ("Xestia cf. sp. 1?", "cf. sp. 1 ?"),
        ("cf. Xestia sp. 1?", "cf. Xestia sp. 1 ?"),
        ("Xestia sp.?", "sp. ?"),
        ("Xestia cf. sp.", "cf. sp."),
        ("Xestia spp.?", "?"),
        ("Xestia sp. nr. baja", "nr. baja"),
        ("Xestia sp. (cf. baja)", "cf. baja"),
        ("Xestia sp. [near baja]", "nr. baja"),
        ("Xestia sp. cf. X. baja", "cf. baja"),
        ("Xestia sp. near X. baja", "nr. baja"),
        ("Xestia sp. (nr. Xestia baja)", "nr. baja"),
        ("Xestia sp. (near Noctua fimbriata)", "nr. sp."),
        ("Xestia sp. nr. N. fimbriata", "nr. sp."),
        ("Noctuidae gen. sp. (cf. Xestia baja)", ""),
        ("Xestia sp. (cf. 1)", "cf. sp. 1"),
        ("Xestia sp. cf. sp. 1", "cf. sp. 1"),
        ("Xestia sp. 1 (cf. baja)", "sp. 1 cf. baja"),
        ("Xestia sp. 1 or 2", "sp. 1/2"),
        ("Xestia sp. 1/2", "sp. 1/2"),
        ("Xestia sp. 1/2?", "sp. 1/2 ?"),
        ("Xestia baja/sp. 1", "baja/sp. 1"),
        ("Xestia sp. 1 or Noctua sp. 1", "Xestia sp. 1/Noctua sp. 1"),
        ("Noctuidae gen. sp. 1?", "gen. sp. 1 ?"),
        ("cf. Noctuidae gen. sp. 1", "cf. gen. sp. 1"),
    ],
)
def test_doubt_is_kept_as_the_qualifier(written: str, qualifier: str) -> None:
    assert read_lineage({"species": written}).qualifier == qualifier


# A species of no known genus as it is kept below Noctuidae, and what is written for it.
UNPLACED = {
    "gen. sp. 1": [
        *("gen. sp. 1", "gen sp 1", "Gen. sp. 1", "GEN. SP. 1", "gen.sp.1", "genus sp. 1"),
        *("gen. sp1", "gen. sp. 1?", "? gen. sp. 1", "gen. sp. 1 (Smith 2001)"),
        *("gen. indet. sp. 1", "gen., sp. 1", "gen. morphosp. 1"),
    ],
    "gen. nov. sp. nov.": [
        *("gen. nov. sp. nov.", "Gen. et sp. nov.", "gen. nov. et sp. nov.", "n. gen. n. sp."),
        *("gen. n., sp. n.", "nov. gen. et sp.", "gen.nov.sp.nov.", "gen. & sp. nov."),
    ],
    "gen. sp. nov.": ["gen. sp. nov."],
    "gen. A sp. 2": ["gen. A sp. 2", "Genus A sp. 2"],
    "gen. sp. Alps": ['gen. sp. "Alps"', "gen. sp. Alps"],
}


@pytest.mark.parametrize(("kept", "written"), cases(UNPLACED))
def test_a_species_of_no_known_genus_is_kept_below_its_family(kept: str, written: str) -> None:
    species = f"Noctuidae {kept}"
    for cell in (written, f"Noctuidae {written}", f"noctuidae {written}"):
        found = read_lineage({"family": "Noctuidae", "species": cell})
        assert found.lineage[5:] == ("Noctuidae", "", species)
        assert found.qualifier.removesuffix(" ?") == kept
        assert ("?" in found.qualifier) == ("?" in written)
    alone = read_lineage({"species": f"Noctuidae {written}"})
    assert alone.lineage == ("", "", "", "", "", "Noctuidae", "", species)
    assert not any(read_lineage({"species": written}).lineage)
    assert read_lineage({"genus": "Xestia", "species": written}).lineage[-2:] == ("Xestia", "")


@pytest.mark.parametrize(
    ("genus", "cell", "kept"),
    [
        ("gen.", "sp. 1", "gen. sp. 1"),
        ("gen. nov.", "sp. nov.", "gen. nov. sp. nov."),
        ("Gen", "Noctuidae gen. sp. 1", "gen. sp. 1"),
    ],
)
def test_an_unnamed_genus_may_stand_in_its_column(genus: str, cell: str, kept: str) -> None:
    found = read_lineage({"family": "Noctuidae", "genus": genus, "species": cell})
    assert found.lineage[5:] == ("Noctuidae", "", f"Noctuidae {kept}")
    named = read_lineage({"genus": genus, "species": "Xestia baja"}).lineage
    assert named[-2:] == ("Xestia", "Xestia baja")


@pytest.mark.parametrize(
    "row",
    [
        {"category": "Moth", "species": "Moth gen. sp. 3"},
        {"category": "A new drawer", "species": "A new drawer gen. sp. 3"},
        {"order": "Raphidioptera", "species": "Raphidioptera gen. sp. 3"},
        {"species": "Incertae sedis sp. 3"},
        {"genus": "Xestia", "species": "Xestia sp. 3"},
        {"family": "Noctuidae", "species": "Noctuidae gen. sp. 3"},
    ],
)
def test_the_names_that_clusters_get_are_read_as_they_are_given(row: dict[str, str]) -> None:
    parent = tuple(row.get(rank, "") for rank in (*RANKS[:-1], ""))
    name = f"{stem_of(parent)} 3"
    assert name == row["species"]
    found = read_lineage(row)
    assert (found.lineage, found.qualifier) == provisional_lineage(parent, name)
    assert not found.verbatim


@pytest.mark.parametrize("written", ["et sp. nov.", "ssp. 1", "cf. indet.", "gen. baja"])
def test_marks_of_open_nomenclature_are_no_genus(written: str) -> None:
    with pytest.raises(TaxonNameError, match="does not begin with a genus"):
        read_lineage({"species": written})


@pytest.mark.parametrize(
    ("row", "verbatim"),
    [
        ({"species": "Vanessa atalanta (L.)"}, "Vanessa atalanta (L.)"),
        ({"species": "Vanessa atalanta"}, ""),
        ({"species": "Vanessa_atalanta"}, ""),
        ({"species": "atalanta", "genus": "Vanessa"}, ""),
        ({"species": "Unidentified moth"}, "Unidentified moth"),
        ({"species": "NA", "genus": "Vanessa"}, ""),
        ({"genus": "Vanessa Fabricius, 1807"}, "Vanessa Fabricius, 1807"),
    ],
)
def test_the_name_stays_as_it_was_written(row: dict[str, str], verbatim: str) -> None:
    assert read_lineage(row).verbatim == verbatim


@pytest.mark.parametrize(
    ("rank", "cell", "name"),
    [
        ("family", "noctuidae", "Noctuidae"),
        ("family", "NOCTUIDAE", "Noctuidae"),
        ("family", "Noctuidae Latreille, 1809", "Noctuidae"),
        ("family", "Fagaceae Dumort.", "Fagaceae"),
        ("family", "cf. Noctuidae", "Noctuidae"),
        ("family", "Noctuidae?", "Noctuidae"),
        ("family", "unknown", ""),
        ("order", "incertae sedis", ""),
        ("kingdom", "PLANTAE", "Plantae"),
        ("class", "NA", ""),
        ("genus", "NA", ""),
        ("genus", "Na", "Na"),
        ("genus", "Genus 1", "Genus 1"),
        ("category", "Ground beetles", "Ground beetles"),
        ("category", "moth", "moth"),
        ("category", "-", ""),
    ],
)
def test_names_above_the_species_are_read_too(rank: str, cell: str, name: str) -> None:
    assert name_at(read_lineage({rank: cell}).lineage, rank) == name


@pytest.mark.parametrize("written", ["V. atalanta", "17 4", "30", "? baja", "it's odd", "V. 3/x"])
def test_what_does_not_begin_with_a_genus_is_refused_by_its_words(written: str) -> None:
    with pytest.raises(TaxonNameError) as refused:
        read_lineage({"species": written})
    assert f"'{written}'" in str(refused.value)


_PARTS = st.sampled_from(
    "Vanessa atalanta × x X / ( ) [ ] cf. aff. sp. 1 L. Linnaeus, 1758 ? & - _ ' \" agg. s. l. V. "
    "Noctuidae gen. nov. or sp1 unknown moth virus ; = | ü é × ... var. ex in NA ï".split()
)


_TEXT = st.text(st.characters(max_codepoint=0x17F), max_size=20)


@settings(deadline=None, derandomize=True)
@given(st.lists(_PARTS, max_size=7).map(" ".join) | _TEXT, st.booleans())
def test_whatever_is_written_is_read_once_and_for_all(text: str, joined: bool) -> None:
    genus = "Vanessa" if joined else ""
    try:
        found = read_name(text, genus)
    except TaxonNameError:
        return
    again = read_name(found.species, found.genus) if found.species else found
    assert (again.genus, again.species) == (found.genus, found.species)


def test_who_asks_for_a_name_finds_it_however_it_is_written() -> None:
    assert spellings("species", "VANESSA ATALANTA (L.)")[0] == "vanessa atalanta"
    assert spellings("species", "Mentha x piperita")[0] == "mentha × piperita"
    assert "mentha x piperita" in spellings("species", "Mentha x piperita")  # stored before
    assert spellings("family", "NOCTUIDAE")[0] == "noctuidae"
    assert spellings("species", "30") == ("30",)
    assert spellings("category", "Ground_beetles") == ("ground beetles", "ground_beetles")
