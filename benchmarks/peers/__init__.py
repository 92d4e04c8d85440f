"""Alternatives a carrier could use, compared with Fanzha: same work and machine, alternately."""
