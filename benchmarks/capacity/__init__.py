"""What a province needs: a simulated day, unit costs that were measured, prices."""
