"""The releases on the index, and the environments they run in: recipes, and building them.

The noxfile imports `releases` and `recipes` inside Nox's own environment, so those need nothing
beyond what Nox brings. Nothing here runs a release, except to see that it imports.
"""
