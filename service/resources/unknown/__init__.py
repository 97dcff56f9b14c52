"""Candidate species, decisions about them, queues for curators, and the morphospace."""
