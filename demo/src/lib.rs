//! One command, one venue: a karaoke lounge on a laptop, with simulated sensors and everything else
//! real.
//!
//! [`options`] is the command line, [`clock`] the venue's fast clock, [`venue`] furnishes rooms and
//! agents, [`cable`] is what can be unplugged, [`song_server`] what can stop, [`phones`] ring for the teams,
//! [`scenario`] is the story that [`play`] carries out, [`watch`] and [`tell`] say in the terminal what
//! happens, with the words of [`texts`].

pub mod cable;
pub mod clock;
pub mod house;
pub mod options;
pub mod phones;
pub mod play;
pub mod scenario;
pub mod song_server;
pub mod tell;
pub mod texts;
pub mod venue;
pub mod watch;

pub use house::run;
