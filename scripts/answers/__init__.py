"""Answers for many specimens: which pictures are asked about, and the files that hold answers."""
