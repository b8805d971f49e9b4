"""What every release costs: a repository of releases for asv, its runs, and what they measured.

Comes in whatever reads or writes asv's results. Nothing here tells good from bad, and figures of
different machines are never put together.
"""
