"""Pictures of what was found: the video with its persons marked, a sheet of crops each."""
