"""What knows no business: tenants, facts, jobs, secrets, files, forms."""
