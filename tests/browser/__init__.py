"""The page in a real browser, in front of the whole product as processes."""
