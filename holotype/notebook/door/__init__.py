"""The door of an open collection: what it is given is checked, and what it says is Python."""
