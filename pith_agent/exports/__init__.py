"""Signed citations in the vocabularies of others: CiTO, PROV, schema.org, nanopublications.

Only a citation that was verified is exported. Nothing is sent; to verify, a record may be fetched.
"""
