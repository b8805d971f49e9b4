"""Two releases compared: is the candidate worse than the baseline, in behaviour or in cost?

Holds the rule, the comparison that feeds it, what counts as known, and how far all that is to be
trusted. Never prints, and knows of no search along releases.
"""
