//! What really happened in a room, and which tickets follow from what arrived, read literally from
//! the definitions: it looks back from every value instead of remembering where it stands, and
//! shares no code with the rules.

use wire::UnixMs;

use crate::Rng;

/// `for` and `clear_for` of both rules.
pub const FOR_MS: i64 = 180_000;
/// Values further apart prove nothing of the time between.
pub const GAP_MS: i64 = 300_000;
/// Older data is late and changes no ticket.
pub const HORIZON_MS: i64 = 300_000;
/// A relapse within this time reopens.
pub const RELAPSE_MS: i64 = 24 * 3_600_000;
/// The band of the temperature, and its return limits.
pub const BAND: [f64; 4] = [18.0, 18.5, 21.5, 22.0];

/// A room: its temperature drifts out of the band now and then, its amplifier loses power.
#[derive(Debug, Clone)]
pub struct Room {
    rng: Rng,
    hot_until: i64,
    next_hot: i64,
    dark_until: i64,
    next_dark: i64,
}

impl Room {
    /// A room where nothing is wrong yet.
    #[must_use]
    pub fn new(mut rng: Rng) -> Self {
        let (next_hot, next_dark) = (pause(&mut rng, 10), pause(&mut rng, 25));
        Self { rng, hot_until: 0, next_hot, dark_until: 0, next_dark }
    }

    /// Temperature in °C and whether the amplifier has power, now.
    pub fn read(&mut self, now: i64) -> (f64, f64) {
        if now >= self.next_hot {
            self.hot_until = now + self.rng.below(5_400_000) as i64;
            self.next_hot = self.hot_until + pause(&mut self.rng, 10);
        }
        if now >= self.next_dark {
            self.dark_until = now + self.rng.below(1_800_000) as i64;
            self.next_dark = self.dark_until + pause(&mut self.rng, 25);
        }
        let middle = if now < self.hot_until { 22.9 } else { 20.6 };
        let temperature = ((middle + self.rng.normal() * 0.4) * 100.0).round() / 100.0;
        (temperature, f64::from(u8::from(now >= self.dark_until)))
    }
}

/// A pause of so many hours on average.
pub fn pause(rng: &mut Rng, hours: i64) -> i64 {
    (-(1.0 - rng.unit()).ln() * (hours * 3_600_000) as f64) as i64 + 1
}

/// A committed sample: when it was committed, when it was read, what it said.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The collector's time.
    pub now: UnixMs,
    /// The sample's time.
    pub at: UnixMs,
    /// Whether its time can be believed.
    pub placed: bool,
    /// As the room had it, not as it was sent.
    pub temperature: f64,
    /// As the room had it.
    pub power: f64,
}

/// What one value says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    Bad,
    Between,
    Good,
}

/// A ticket as the definition gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// When it was opened.
    pub opened_at: UnixMs,
    /// When it was closed; `None` while it is open.
    pub closed_at: Option<UnixMs>,
    /// How often it came back.
    pub reopened: u32,
    /// Episodes it has carried.
    pub episodes: u32,
}

/// The tickets of the temperature, and those of the amplifier.
#[must_use]
pub fn tickets(rows: &[Row]) -> [Vec<Expected>; 2] {
    let temperature = |row: &Row| match row.temperature {
        t if !(BAND[0]..=BAND[3]).contains(&t) => Word::Bad,
        t if !(BAND[1]..=BAND[2]).contains(&t) => Word::Between,
        _ => Word::Good,
    };
    let power = |row: &Row| if row.power == 1.0 { Word::Good } else { Word::Bad };
    let mut live: Vec<Row> = Vec::new();
    for row in rows {
        let newest = live.last().map_or(UnixMs::MIN, |last| last.at);
        if row.placed && row.at >= row.now - HORIZON_MS && row.at >= newest {
            live.push(*row);
        }
    }
    [of_rule(&live, temperature), of_rule(&live, power)]
}

fn of_rule(live: &[Row], word: impl Fn(&Row) -> Word) -> Vec<Expected> {
    let words: Vec<Word> = live.iter().map(word).collect();
    // Whether some value of kind `from` at or before `j`, and after `floor`, has been followed up to
    // `j` by nothing of kind `against` and no gap, for long enough.
    let lasted = |j: usize, floor: usize, from: Word, against: Word| {
        let mut s = j;
        loop {
            if words[s] == against {
                return false;
            }
            if words[s] == from && live[j].at - live[s].at >= FOR_MS {
                return true;
            }
            if s == floor || live[s].at - live[s - 1].at > GAP_MS {
                return false;
            }
            s -= 1;
        }
    };
    let mut tickets: Vec<Expected> = Vec::new();
    let (mut j, mut floor) = (0, 0);
    let mut open = false;
    while j < live.len() {
        let now = live[j].now;
        if !open && lasted(j, floor, Word::Bad, Word::Good) {
            match tickets.last_mut().filter(|t| t.closed_at.is_some_and(|closed| now - closed <= RELAPSE_MS)) {
                Some(known) => {
                    known.closed_at = None;
                    known.reopened += 1;
                    known.episodes += 1;
                }
                None => tickets.push(Expected { opened_at: now, episodes: 1, ..Expected::default() }),
            }
            (open, floor) = (true, j + 1);
        } else if open && j >= floor && lasted(j, floor, Word::Good, Word::Bad) {
            if let Some(ticket) = tickets.last_mut() {
                ticket.closed_at = Some(now);
            }
            (open, floor) = (false, j + 1);
        }
        j += 1;
    }
    tickets
}
