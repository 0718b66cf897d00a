"""What reviewers and leads do, without a screen: queue, leases, verdicts, undo, thresholds."""
