"""The product: what a video is cut into, what is seen in it, who that was.

`plan` looks at a video and cuts it into shards, `observe` turns the pixels of one
shard into a file of observations, `link` turns the observations of the whole video
into persons, and `analysis` does one after the other.
"""
