"""HTTP out: bytes from a registry and its mirrors, never believed here."""
