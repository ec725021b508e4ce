"""Time and peak memory of the package, folder by folder, for airspeed velocity: see CONTRIBUTING.md."""
