"""Where a dataset's data comes from: held here, fetched and kept, or only pointed to."""
