"""What is trained: encoders with one interface, where they come from, and their cards."""
