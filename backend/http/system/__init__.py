"""What operators and developers ask of the house itself. Promises: no personal data, and `/health/live` needs nobody."""
