from tests.unit.exports.conftest import add_faces, analysis_result, crowd, make_sightings

__all__ = ["add_faces", "analysis_result", "crowd", "make_sightings"]
