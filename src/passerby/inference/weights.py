"""Find a network's files and verify their checksums.

Each network that ships has a card, `passerby/models/<name>.toml`: origin,
licence, changes, figures, and the checksum of each of its files.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal

from passerby.errors import ModelError

# Format of the numbers in the file; a runtime may compute in another.
Storage = Literal["float", "int8"]

SHIPPED = resources.files("passerby") / "models"


@dataclass(frozen=True)
class WeightsFile:
    """One ONNX file and the checksum it must have."""

    file: Traversable
    sha256: str  # lower-case hexadecimal

    def read(self) -> bytes:
        """Read the content and verify its checksum.

        Raises
        ------
        ModelError
            If the file is missing or differs from what its card promises.
        """
        try:
            content = self.file.read_bytes()
        except OSError as error:
            raise ModelError(f"The network file {self.file} cannot be read.") from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f"The network file {self.file} is damaged: "
                f"its SHA-256 is {found}, its card says {self.sha256}."
            )
        return content


@dataclass(frozen=True)
class Weights:
    """A network: its output family and its files by number format."""

    name: str
    family: str  # how to decode the outputs: "nanodet", "blazeface", "face mesh"
    files: Mapping[Storage, WeightsFile]
    logit_shift: float  # from the network's scores to confidences comparable with others'
    bfloat16: bool = True  # whether it may be computed in 16 bits


def find(name: str, folder: Traversable = SHIPPED) -> Weights:
    """Read the card of the network `name`, but not its files yet.

    Raises
    ------
    ModelError
        If there is no such card, or it lacks an entry.
    """
    try:
        card = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        return Weights(
            name=card["name"],
            family=card["family"],
            files={
                storage: WeightsFile(folder / entry["file"], entry["sha256"])
                for storage, entry in card["files"].items()
            },
            logit_shift=card.get("confidence", {}).get("logit_shift", 0.0),
            bfloat16=card.get("bfloat16", True),
        )
    except OSError as error:
        raise ModelError(f"There is no network called {name!r}.") from error
    except (KeyError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"The card of the network {name!r} is incomplete: {error}.") from error
