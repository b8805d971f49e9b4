"""What runs inside the environment of the release under test."""
