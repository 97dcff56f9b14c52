"""Reports on sweeps: a figure against how much there is to learn from, or how it is learned."""
