"""What runs generated programs in a release's environment, and observes all that they do."""
