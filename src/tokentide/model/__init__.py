"""The atoms: plain data without behaviour beyond what defines them."""
