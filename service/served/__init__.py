"""What is served: one collection, or several of a folder."""
