"""Workarounds that are told for the sibling-close hang: a program each, for `nox -s advise`."""
