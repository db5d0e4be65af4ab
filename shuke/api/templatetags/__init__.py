"""What the reference page needs in its template."""
