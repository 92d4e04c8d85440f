"""What a carrier's own team would write or take first, and the limit of any gRPC server."""
