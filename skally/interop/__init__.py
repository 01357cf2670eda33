"""Bridges to tools of others."""
