"""What training minimizes: losses over pairs of views."""
