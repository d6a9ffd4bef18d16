"""Frames to statements: analyzers, the engine that orders them, the shipped set."""
