"""What is walked along: ordered lines of points, each of which says which environment it needs.

A new kind of line is a new module here. An axis never asks anything, and never chooses a point.
"""
