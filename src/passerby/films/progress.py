"""The callback that counts what is done of a film or an export."""

from collections.abc import Callable

# Receives the number of frames done, or of sightings where no frames are read. An exception
# that it raises ends the work.
ProgressCallback = Callable[[int], object]
