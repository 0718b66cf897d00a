"""What may be said of a whole from the verdicts there are, each figure with its n: precision, and worth of a review."""
