"""What trains phases otherwise than by Adam on their own gradient."""
