"""Specimens: their images, the name that counts, and naming several together."""
