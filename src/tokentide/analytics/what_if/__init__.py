"""What the same history would have cost otherwise: at other prices, on other models, under other plans."""
