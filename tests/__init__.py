"""Tests of tokentide."""
