"""Activities: methods of classes with injected dependencies."""
