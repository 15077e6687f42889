"""What a training run keeps on disk and in its random state."""
