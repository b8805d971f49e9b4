"""What helps those hit by publish-connection-lost: a program for each piece of advice."""
