"""The write-ahead log: what was acknowledged is on the disk before it is understood.

One process appends to a folder, another one reads it and forgets what it has taken. Files of a folder:

- `<number>.log`: segments, entries one behind the other; deleted when all of it is taken;
- `committed`: how far entries are on the disk, told by the one to the other;
- `checkpoint`: how far they are taken;
- `refused/`: entries that could never be taken, with the reason;
- `writer.lock`: held by the process that appends.
"""
