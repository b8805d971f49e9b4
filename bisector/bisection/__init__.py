"""Where behaviour flips along an axis, whose fault that is, and what helps those it hit.

Joins a question, an axis, a place and a search; keeps what was seen in the journal. Knows axes
only as lines of environments, and never prints.
"""
