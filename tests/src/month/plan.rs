//! What goes wrong in the month, and what people do about it: minutes after the ticket was opened, in steps
//! of a sample. The figures that tickets must give follow from this table alone.

use super::{DAY_MS, FROM, MINUTE_MS};
use wire::UnixMs;

/// What breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The air conditioning: it is 26 °C.
    Hot,
    /// The amplifier has no power.
    Amplifier,
    /// The song box does not answer.
    SongBox,
    /// The extinguisher is gone.
    Extinguisher,
    /// Nothing comes from the device.
    Device,
}

impl What {
    /// The rule that finds it, its severity as a number, and its team.
    #[must_use]
    pub fn rule(self) -> (&'static str, u8, &'static str) {
        match self {
            Self::Hot => ("air-temperature", 3, "hvac"),
            Self::Amplifier => ("amplifier-power", 2, "av"),
            Self::SongBox => ("song-box-unreachable", 2, "it"),
            Self::Extinguisher => ("extinguisher-missing", 1, "fire"),
            Self::Device => ("agent-silent", 2, "it"),
        }
    }
}

/// How a ticket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is mended, a person says so, and the data proves it.
    Mended,
    /// A person says first that it is mended, so many minutes after opening, and it is not.
    RefusedFirst(i64),
    /// There was nothing wrong.
    FalseAlarm,
}

/// Something that goes wrong, and what people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incident {
    /// Which room, from 0.
    pub room: usize,
    /// What.
    pub what: What,
    /// When it begins.
    pub from: UnixMs,
    /// Minutes from the ticket's opening until somebody says: I am on it.
    pub acknowledge: i64,
    /// … until somebody is there.
    pub arrive: i64,
    /// … until it waits for parts, and how long.
    pub hold: Option<(i64, i64)>,
    /// … until it is mended, or found to be no fault.
    pub end_at: i64,
    /// How it ends.
    pub end: End,
    /// It is the same fault again within a day: the ticket is opened again.
    pub again: bool,
}

/// Day of the month from 0, minutes after 18:30, room from 1.
fn at(day: i64, minute: i64, room: usize, what: What, (acknowledge, arrive, end_at): (i64, i64, i64)) -> Incident {
    let from = FROM + day * DAY_MS + (18 * 60 + 30 + minute) * MINUTE_MS;
    Incident { room: room - 1, what, from, acknowledge, arrive, hold: None, end_at, end: End::Mended, again: false }
}

/// The month, in order of time.
#[must_use]
pub fn incidents() -> Vec<Incident> {
    use What::{Amplifier, Device, Extinguisher, Hot, SongBox};
    let mut all = vec![
        at(0, 30, 3, Hot, (10, 20, 75)),
        at(1, 45, 5, Amplifier, (5, 15, 40)),
        Incident { hold: Some((25, 45)), ..at(2, 60, 7, Hot, (10, 20, 120)) },
        at(3, 20, 1, SongBox, (5, 10, 30)),
        Incident { end: End::FalseAlarm, ..at(4, 100, 9, Hot, (15, 30, 40)) },
        at(5, 15, 2, Extinguisher, (5, 10, 20)),
        Incident { end: End::RefusedFirst(30), ..at(6, 30, 4, Hot, (10, 15, 100)) },
        at(7, 40, 6, Amplifier, (15, 20, 60)),
        at(8, 25, 8, Device, (5, 25, 90)),
        at(9, 30, 3, Hot, (20, 35, 95)),
        Incident { again: true, ..at(9, 240, 3, Hot, (10, 20, 60)) },
        at(11, 60, 10, SongBox, (10, 25, 70)),
        at(12, 30, 11, Amplifier, (70, 80, 150)),
        at(13, 50, 12, Hot, (45, 60, 140)),
        Incident { end: End::FalseAlarm, ..at(14, 90, 2, Amplifier, (5, 10, 20)) },
        at(15, 20, 5, Device, (10, 30, 60)),
        Incident { hold: Some((15, 60)), ..at(16, 30, 1, Amplifier, (5, 10, 105)) },
        at(17, 45, 7, Hot, (25, 40, 85)),
        at(18, 30, 9, SongBox, (35, 45, 80)),
        at(19, 200, 4, Extinguisher, (5, 15, 45)),
        Incident { end: End::RefusedFirst(20), ..at(20, 40, 6, Amplifier, (5, 10, 75)) },
        at(21, 30, 10, Hot, (5, 15, 55)),
        at(22, 60, 8, SongBox, (10, 20, 35)),
        at(23, 30, 3, Hot, (15, 30, 110)),
        Incident { again: true, ..at(23, 260, 3, Hot, (20, 30, 70)) },
        at(25, 75, 11, Device, (15, 40, 130)),
        at(26, 30, 12, Amplifier, (10, 15, 50)),
        at(27, 90, 1, Hot, (30, 45, 100)),
        at(28, 30, 2, SongBox, (5, 15, 25)),
    ];
    all.sort_by_key(|incident| incident.from);
    all
}
