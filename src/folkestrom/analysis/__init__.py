"""Models of what people do, estimated on whole registers."""
