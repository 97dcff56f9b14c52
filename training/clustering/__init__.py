"""How unnamed species are found is learned on named ones that are left out."""
