"""What is told to those who are hit: a folder a scenario, a program for each piece of advice."""
