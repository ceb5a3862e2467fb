"""What the performance page quotes: ratios measured side by side in one run, never absolute."""
