"""An answer, a comparison or a history in words and pictures, for people and for programs.

Takes what the rooms below found out and shows it: terminal, JSON, Markdown, JUnit, figures, pages.
Never asks, measures or judges anything itself.
"""
