"""A collection that is served, as an open collection asks it over HTTP."""
