"""Alerts: rules, what they found, and how a person is told."""
