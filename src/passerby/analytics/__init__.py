"""Numbers from paths: stays, crossings, occupancy, heat, flow, and speed."""
