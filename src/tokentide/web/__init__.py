"""The dashboard in the browser: pages, one JSON API that feeds them, live changes, metrics. It computes nothing."""
