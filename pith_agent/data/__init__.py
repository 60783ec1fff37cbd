"""Files that ship with the package: the trust root and the starter records."""
