"""What only an account can show of a stack: checks that a user with one can run."""
