"""From published versions in the bucket to what is served: followed, verified, opened, kept."""
