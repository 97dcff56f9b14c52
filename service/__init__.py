"""The query API and its pages."""
