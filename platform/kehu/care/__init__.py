"""Work that follows from levels: open warnings, complaints by rank, visits due."""
