"""What a response costs: a dated price book, exact to the nano-USD.

Start at `book.PriceBook`: `cost_nano_usd(record)` prices one response at its own instant, `explain(model, at_us)`
says where a price comes from, `version` changes whenever a price could have changed.

Where a price is looked for, first answer wins:

1. the user's override for exactly that name (`own.py`),
2. the newer of the fetched price file and the installed `genai-prices` package, then the older one
   (`catalogue.py` decides which is newer, `genai_book.py` reads both),
3. our own entries for models that both lack (`rules.py`, dated, with their source).

A name that none of them knows is unpriced: no nearest match, no other model's price, never zero.

On top of the prices come, also from `rules.py`: fast mode, batch, US residency, regional endpoints, web searches and
what the book has wrong about the past.

Two temperatures. `genai-prices` takes a tenth of a second to import, so the warm path (`book`, `tariff`, `cache`,
`edition`) never touches it: prices of names seen before lie in a small JSON file. All other modules are cold, imported
on the first sight of a name. Only `update.update_prices` uses the network, and only when called.

Units: USD per million tokens as Decimal where people read (`RateCard`), integer pico-USD per token where records are
priced (`tariff`), integer nano-USD for the cost of a response, rounded half-even once.
"""
