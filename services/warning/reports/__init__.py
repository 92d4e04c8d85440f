"""What a bureau reports of its cases."""
