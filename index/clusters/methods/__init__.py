"""Clustering methods by name. A new one is one module and one line in `registry.METHODS`."""
