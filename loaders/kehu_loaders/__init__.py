"""Departmental exports read into typed records, with a quarantine for rows that do not fit."""
