"""Pairs of sequences -> views -> contrastive steps -> checkpoints that every command opens."""
