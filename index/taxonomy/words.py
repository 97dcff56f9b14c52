"""Words that stand where names do and are none, and words inside names that are no epithets."""

from __future__ import annotations

import re

# Alone in the place of a name, each says that there is none.
_NO_NAME = frozenset(
    "x xx xxx unknown unidentified undetermined undescribed unidentifiable unclassified unassigned "
    "unnamed unsorted unlabelled unlabeled untitled unspecified uncertain unresolved unsure "
    "indet indeterminate indetermined undet blank empty nothing other others misc miscellaneous "
    "various mixed tbd tba todo pending sp spp spec species genus family sp.indet noid no_id nn "
    "background background_class negative false_positive false_trigger human humans person people "
    "vehicle "
    "unbekannt unbestimmt unbestimmbar leer inconnu inconnue indetermine indeterminee vide "
    "desconocido desconocida indeterminado indeterminada desconhecido vacio sconosciuto "
    "onbekend leeg okand ukjent ukendt".split()
) | {
    "incertae sedis",
    "gen sp",
    "gen et sp",
    "genus species",
    "genus sp",
    "sin identificar",
    "sans nom",
    "false positive",
    "false trigger",
    "not applicable",
}
# Whatever follows these is no name, unless it is of a higher rank: `unidentified Noctuidae`.
_OPENINGS = frozenset(
    "unknown unidentified undetermined undescribed unidentifiable unclassified unassigned unnamed "
    "unsorted unlabelled unlabeled uncertain unsure indet indeterminate undet incertae not no to "
    "other another possibly probably maybe some various mixed unbekannte unbekannter unbekanntes "
    "unbestimmte inconnu inconnue".split()
)
# Nouns of English, none of them an epithet or a genus: `Emperor moth`, `small white butterfly`.
_NOUNS = frozenset(
    "moth butterfly butterflie bird fish fishe insect beetle bug fly flie bee wasp ant spider "
    "tick worm snail slug shell crab shrimp lobster plant tree leaf leave flower herb grass "
    "fern moss mosse lichen fungus mushroom animal mammal reptile lizard snake frog toad duck "
    "goose gull owl eagle hawk sparrow caterpillar mosquito mosquitoe midge dragonfly dragonflie "
    "damselfly damselflie grasshopper cricket cockroach cockroache ladybird ladybug hoverfly "
    "hoverflie bumblebee aphid termite earwig organism specimen".split()
)

# The taxa above families that labels name most often.
HIGHER = {
    **dict.fromkeys(
        "animalia plantae fungi bacteria archaea protista chromista".split(), "kingdom"
    ),
    **dict.fromkeys(
        "arthropoda chordata mollusca annelida nematoda cnidaria porifera echinodermata bryozoa "
        "platyhelminthes foraminifera bryophyta tracheophyta ascomycota basidiomycota".split(),
        "phylum",
    ),
    **dict.fromkeys(
        "insecta arachnida aves mammalia reptilia amphibia actinopterygii gastropoda bivalvia "
        "cephalopoda malacostraca chilopoda diplopoda collembola magnoliopsida liliopsida "
        "polypodiopsida pinopsida bryopsida anthozoa".split(),
        "class",
    ),
    **dict.fromkeys(
        "lepidoptera coleoptera diptera hymenoptera hemiptera orthoptera odonata ephemeroptera "
        "plecoptera trichoptera neuroptera mecoptera megaloptera thysanoptera blattodea mantodea "
        "phasmatodea dermaptera psocoptera siphonaptera strepsiptera zygentoma isoptera araneae "
        "acari ixodida opiliones scorpiones decapoda isopoda amphipoda passeriformes "
        "charadriiformes anseriformes strigiformes carnivora rodentia chiroptera primates "
        "artiodactyla squamata anura testudines perciformes cypriniformes".split(),
        "order",
    ),
}
FAMILY = re.compile(r"[^\W\d_]{2,}(?:idae|aceae)", re.IGNORECASE)
UNRANKED = re.compile(r"[^\W\d_]{2,}(?:inae|oideae|oidea)", re.IGNORECASE)  # ranks not kept here

# Words in a name, without the full stop behind them.
DOUBTS = {
    **dict.fromkeys(("cf", "cfr", "c.f", "conf", "confer", "?"), "cf."),
    **dict.fromkeys(("aff", "affin"), "aff."),
    **dict.fromkeys(("nr", "near", "prope", "prox"), "nr."),
}
SPECIES_WORDS = frozenset("sp spp spec species morphospecies morphosp msp morphotype".split())
GENUS_WORDS = frozenset("gen genus".split())
NEW = frozenset("n nov".split())
# What stands where a genus does and is none.
NO_GENUS = (
    frozenset(DOUBTS)
    | SPECIES_WORDS
    | GENUS_WORDS
    | NEW
    | set("et ssp subsp incertae indet".split())
)
# What may follow a genus and is no epithet.
NO_EPITHET = frozenset(
    "indet indeterminate undet undetermined unidentified unknown incertae gen genus n nov ssp "
    "subsp var juv juvenile larva larvae nymph pupa egg eggs adult female male hybrid hybr f fil "
    "cv auct auctt auctorum non nec sensu emend emended et and ex in al apud de da do du des del "
    "dela della di van von der den des le la los ter ten zu zur vom s l str".split()
)
SUBGENERIC = frozenset("subg subgen subgenus sect sectio section subsect ser series".split())
_AUTHORS = frozenset(  # who named so many taxa that they stand without a year
    "linnaeus linné linne fabricius hübner latreille lamarck cuvier boisduval duponchel treitschke "
    "ochsenheimer esper borkhausen hufnagel scopoli goeze herbst walker guenée westwood stephens "
    "haworth miller bentham hooker candolle persoon gmelin temminck vieillot".split()
)
AUTHORS = _AUTHORS | {"huebner", "guenee"}

# Old epithets begin with numerals, which the Code writes out (ICZN 32.5.2.6).
_WRITTEN_OUT = (
    "2 bi 3 tri 4 quadri 5 quinque 6 sex 7 septem 8 octo 9 novem 10 decem 11 undecim 12 duodecim "
    "13 tredecim 14 quatuordecim 15 quindecim 16 sedecim 17 septemdecim 18 octodecim "
    "19 novemdecim 20 viginti 22 vigintiduo 24 vigintiquatuor"
).split()
NUMERALS = dict(zip(map(int, _WRITTEN_OUT[::2]), _WRITTEN_OUT[1::2], strict=True))

_VIRUS = re.compile(r"(?:virus|viroid|phage|satellite)\b", re.IGNORECASE)
_VIRUS_CODE = re.compile(r"[A-Z]Co?V\b|\bHIV\b|-CoV\b")


def is_virus(text: str) -> bool:
    """Return whether a text names a virus otherwise than by genus and epithet.

    >>> is_virus("Tobacco mosaic virus"), is_virus("Orthopoxvirus variola")
    (True, False)
    """
    return bool((len(text.split()) > 2 and _VIRUS.search(text)) or _VIRUS_CODE.search(text))


def names_nothing(text: str) -> bool:
    """Return whether a text stands for a missing name, or is a common name that says so by a noun.

    >>> names_nothing("Unidentified moth"), names_nothing("Blank"), names_nothing("Vanessa")
    (True, True, False)
    """
    written = [word.strip("\"'()[].,;:!?×") for word in text.split()]
    words = [word.casefold() for word in written if word]
    if words[:1] == ["x"]:
        del words[0]
    if not words:
        return True
    said = " ".join(words)
    if said in _NO_NAME or said.replace(" ", "_") in _NO_NAME or words[0] in _OPENINGS:
        return True
    return _ends_in_a_noun([word for word in written if word])


def is_unnamed_genus(text: str) -> bool:
    """Return whether a text in the place of a genus says that it has no name yet.

    >>> is_unnamed_genus("gen. nov."), is_unnamed_genus("Genus 1"), is_unnamed_genus("Xestia")
    (True, False, False)
    """
    words = set(text.casefold().replace(".", " ").split())
    return not words.isdisjoint(GENUS_WORDS) and words <= GENUS_WORDS | NEW | {"et", "&", "indet"}


def _ends_in_a_noun(words: list[str]) -> bool:
    if len(words) > 2 and words[1].islower() and words[-1][0].isupper():
        return False  # `Papaipema cerina Bird`: an author
    return is_noun(words[-1])


def is_noun(word: str) -> bool:
    """Return whether a word is an English noun for a kind of organism, as no epithet is."""
    folded = word.casefold()
    return folded in _NOUNS or (len(folded) > 4 and folded.removesuffix("s") in _NOUNS)
