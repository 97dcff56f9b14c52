"""Every protocol by its name and options, as all doors ask for it."""
