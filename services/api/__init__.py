"""REST API: accepts videos at once and starts their durable imports."""
