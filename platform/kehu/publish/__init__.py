"""A run's levels and warnings, compared with the last run and published in one transaction."""
