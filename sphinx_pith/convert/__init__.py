"""Rewrite links to arXiv papers as citations that can be verified.

`` `Text <https://arxiv.org/abs/1706.03762>`_ `` becomes `` :pith:`Text <arXiv:1706.03762>` ``.
Converters take a text and give links; only `files` and `verified` touch the world, and only
`command` imports click. No module here imports Sphinx, though the package `sphinx_pith` does.
"""
