"""What helps those hit by finish-on-stop: a program for each piece of advice."""
