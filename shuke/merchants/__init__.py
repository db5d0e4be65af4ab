"""The tenant: merchants, their shops, the staff and what each may do, settings, the audit log."""
