"""Encoders and spaces become better."""
