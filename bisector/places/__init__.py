"""Where a cell (a question about one environment) is answered, and how many at a time.

A place gets a program, an environment and rules, and gives an observation.  It chooses nothing and
concludes nothing: that is for the search and for those who call it.
"""
