"""A collection on this machine, as an open collection asks it."""
