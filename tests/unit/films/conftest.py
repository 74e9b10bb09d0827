from tests.unit.exports.conftest import analysis_result, crowd, sighted, with_faces

__all__ = ["analysis_result", "crowd", "sighted", "with_faces"]
