"""Specimens become searchable: pictures, manifests, encoders, collections, search, answers."""
