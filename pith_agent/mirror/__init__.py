"""HTTP in: the registry's own addresses, served from the local store without a network."""
