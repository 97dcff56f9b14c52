"""Many specimens, one batch after another."""
