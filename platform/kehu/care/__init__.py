"""Queues that follow from levels: warnings, complaints by rank, visits due."""
