"""The report: `report.json`, `per_species.parquet`, and a `report.html` that opens offline.

A section is a function that takes a `Subject` and returns a `Section` of blocks (text, table,
figure, pictures …), or None where it has nothing to say. To add one, write the function and list
it in `sections.SECTIONS`; the template knows blocks, not sections. The report on answers is made
the same way, of the sections of `answers`.
"""

from .writer import write_report

__all__ = ["write_report"]
