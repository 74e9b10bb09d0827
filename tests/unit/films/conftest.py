from tests.unit.exports.conftest import crowd, finished, sighted, with_faces

__all__ = ["crowd", "finished", "sighted", "with_faces"]
