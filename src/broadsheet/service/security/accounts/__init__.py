"""API keys, users, their sessions, failed logins, and the audit log: tables of the service's own database."""
