"""What else columns may be called, in Darwin Core and elsewhere, for tables and for filters."""

from __future__ import annotations

# The surest first, as `compact` writes them; of use where no column has the name itself.
TERMS = {
    "path": "filename filepath imagepath imagefile imagefilename imagefilepath picturepath",
    "date": "eventdate",
    "latitude": "decimallatitude lat",
    "longitude": "decimallongitude lon lng long",
    "locality": "verbatimlocality",
    "institution": "institutioncode",
    "licence": "license",
    "species": "acceptedscientificname scientificname verbatimscientificname canonicalname "
    "taxonname speciesname latinname binomial taxon",
}
SPECIMENS = ("organismid", "occurrenceid", "catalognumber", "gbifid")
