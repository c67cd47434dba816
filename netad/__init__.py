"""netad: from captures and logs to explained network anomalies."""

__version__ = "0.1.0"
