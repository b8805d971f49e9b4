"""What helps those hit by publisher-after-connect: a program for each piece of advice."""
