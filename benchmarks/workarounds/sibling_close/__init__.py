"""What helps those hit by sibling-close: a program for each piece of advice."""
