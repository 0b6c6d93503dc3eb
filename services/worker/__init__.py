"""Worker process: the activities of the imports and the workflows themselves."""
