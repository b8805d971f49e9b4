"""What is different between two releases, found by running generated programs in both.

grammar -> situations -> runs -> traces -> differences -> findings -> shrinking -> programs
"""
