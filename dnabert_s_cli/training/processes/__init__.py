"""Several processes as one: launching, gathering, agreeing, stopping."""
