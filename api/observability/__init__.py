"""What the service tells of itself: metrics, logs, and the predictions that it gave."""
