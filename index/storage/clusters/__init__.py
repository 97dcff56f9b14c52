"""Clusterings of a collection, and what people decided about them: appended, never overwritten."""
