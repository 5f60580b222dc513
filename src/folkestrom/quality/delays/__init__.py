"""Reports that are still to come, estimated by how long earlier ones took."""
