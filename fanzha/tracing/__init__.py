"""Traces across processes: W3C trace context, and spans by OpenTelemetry."""
