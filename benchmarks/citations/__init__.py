"""Signing, the ledger, and proofs from it."""
