"""What is trained: encoders behind one face, where they come from, and their cards."""
