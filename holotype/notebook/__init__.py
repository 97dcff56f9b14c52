"""One object for a notebook: a collection on this machine, or one that is served."""
