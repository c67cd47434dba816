"""Profiles to scores and reasons: models, calibration, explanations, bundles."""
