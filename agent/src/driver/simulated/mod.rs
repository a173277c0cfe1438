//! Register-level chips over a small physics of a room.

/// A simulated room: its physics and the chips in it.
pub struct Room;
