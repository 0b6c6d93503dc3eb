"""What crosses a process boundary: plain Pydantic models and enums, importable from anywhere."""
