"""Anomalies as one HTML file for people: what was found, why, beside what is normal, and what to do next."""
