"""Finds the release where behaviour flips: releases -> environments -> probe -> search -> report.

Runs in the tool's own environment and never imports the package under test.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: where noxfile.py, benchmarks/ and results/ are."""
