"""Which pictures of a batch are compared: miners by name."""
