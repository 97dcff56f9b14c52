"""The report: `report.json`, `per_species.parquet`, and a `report.html` that opens offline.

A section is a function that takes what the report is about (`Subject`, `AnswerSubject`) and
returns a `Section` of blocks (text, table, figure, pictures …), or None where it has nothing to
say. To add one, write the function in `retrieval/` or `identification/` and list it in `sections`
there; the template knows blocks, not sections.
"""

from .writer import write_report

__all__ = ["write_report"]
