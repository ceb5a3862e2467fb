"""What every package may use; a closed list, free of web frameworks."""
