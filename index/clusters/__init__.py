"""Candidate species: unnamed specimens that belong together, found without any name."""
