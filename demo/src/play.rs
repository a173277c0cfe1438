//! Plays a story: carries out each step at its time on rooms, cables and, as a person would, on
//! tickets through the collector's inbox. Decides nothing about tickets itself.

use std::{sync::Arc, time::Duration};

use agent::driver::simulated::{FaultKind, Room, Setting, Target};
use collector::{
    Shared,
    ledger::TicketFilter,
    texts,
    tickets::{Action, Refusal, Ticket},
};

use crate::{
    cable::Cable,
    clock::FastClock,
    options::Story,
    scenario::{self, Deed, Whose},
    song_server::SongServer,
    tell::{Teller, Tone},
    texts::{Text, fill},
    venue,
};

/// Between the end of a story and its next telling, in the venue's time.
const PAUSE: Duration = Duration::from_secs(60 * 60);
/// How often an answer to a person's request is looked for, in real time.
const ANSWER_POLL: Duration = Duration::from_millis(50);
/// How long such an answer is waited for, in real time.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Everything a story can touch.
pub struct Set<'a> {
    /// The venue's clock.
    pub clock: &'a FastClock,
    /// Its rooms.
    pub rooms: &'a [Arc<Room>],
    /// Their cables.
    pub cables: &'a [Cable],
    /// What all rooms ask for songs.
    pub song_server: &'a SongServer,
    /// The collector.
    pub shared: &'a Shared,
    /// The voice.
    pub teller: &'a Teller,
}

impl Set<'_> {
    /// Plays `story` again and again, each time in the next rooms; returns only if it has no steps.
    pub async fn play(&self, story: Story) {
        let steps = scenario::steps(story);
        for round in 0.. {
            if steps.is_empty() {
                return;
            }
            let begin = self.clock.elapsed();
            for step in steps {
                self.wait_until(begin + step.after).await;
                self.carry_out(step.deed, round).await;
            }
            self.teller.say(Text::StoryOver, &[&self.teller.span(PAUSE)]);
            self.wait_until(self.clock.elapsed() + PAUSE).await;
        }
    }

    async fn wait_until(&self, world: Duration) {
        tokio::time::sleep(self.clock.real_of(world.saturating_sub(self.clock.elapsed()))).await;
    }

    async fn carry_out(&self, deed: Deed, round: usize) {
        let number = |room: usize| (room + round) % self.rooms.len();
        let light = Target::Chip(venue::LIGHT_ADDRESS);
        let told = |text: Text, tone: Tone, room: usize| {
            let line = fill(self.teller.language(), text, &[&name(number(room))]);
            self.teller.at(self.clock.now_ms(), tone, &line);
            number(room)
        };
        match deed {
            Deed::AmplifierOff(room) => {
                let room = told(Text::AmplifierOff, Tone::Breaks, room);
                self.rooms[room].contact(venue::AMPLIFIER_LINE, false);
            }
            Deed::AmplifierOn(room) => {
                let room = told(Text::AmplifierOn, Tone::Mends, room);
                self.rooms[room].contact(venue::AMPLIFIER_LINE, true);
            }
            Deed::CoolingFails(room) => {
                let room = told(Text::CoolingFails, Tone::Breaks, room);
                // A room full of guests: it gets warm in minutes.
                self.rooms[room].set(Setting::People(7));
                self.rooms[room].set(Setting::MusicWatt(400.0));
                self.rooms[room].set(Setting::AirConditioning(false));
            }
            Deed::CoolingMended(room) => {
                let room = told(Text::CoolingMended, Tone::Mends, room);
                self.rooms[room].set(Setting::AirConditioning(true));
            }
            Deed::SensorDies(room) => {
                let room = told(Text::SensorDies, Tone::Breaks, room);
                self.rooms[room].fault(light, FaultKind::Absent);
            }
            Deed::SensorReplaced(room) => {
                let room = told(Text::SensorReplaced, Tone::Mends, room);
                self.rooms[room].clear(light);
            }
            Deed::Unplugged(room) => {
                let room = told(Text::Unplugged, Tone::Breaks, room);
                self.cables[room].pull();
            }
            Deed::PluggedIn(room) => {
                let room = told(Text::PluggedIn, Tone::Mends, room);
                self.cables[room].plug_in();
            }
            Deed::SongServerStops => {
                self.tell(Text::SongServerStops, Tone::Breaks);
                self.song_server.switch_off();
            }
            Deed::SongServerRuns => {
                self.tell(Text::SongServerRuns, Tone::Mends);
                self.song_server.switch_on();
            }
            Deed::Acknowledge(whose) => self.act(whose, round, Action::Acknowledge).await,
            Deed::SayFixed(whose) => {
                let note = fill(self.teller.language(), Text::FixNote, &[]);
                self.act(whose, round, Action::Fixed { note }).await;
            }
            Deed::Close(whose) => self.act(whose, round, Action::Close).await,
        }
    }

    fn tell(&self, text: Text, tone: Tone) {
        self.teller.at(self.clock.now_ms(), tone, &fill(self.teller.language(), text, &[]));
    }

    /// Asks the collector as a person at the command line would, and tells what it answered.
    async fn act(&self, whose: Whose, round: usize, action: Action) {
        let language = self.teller.language();
        let (room, what) = match whose {
            Whose::Room(room) => {
                let room = (room + round) % self.rooms.len();
                (Some(room), name(room))
            }
            Whose::SongServer => (None, fill(language, Text::SongServer, &[])),
        };
        let Some(ticket) = self.open_ticket(room) else { return self.teller.say(Text::NoTicket, &[&what]) };
        let who = fill(self.teller.language(), Text::Porter, &[]);
        let now = self.clock.now_ms();
        let Ok(row) = self.shared.inbox.put_request(now, &who, &ticket.number, &action) else {
            return self.teller.say(Text::NoTicket, &[&what]);
        };
        self.shared.requests.wake();
        let answer = tokio::time::timeout(ANSWER_WAIT, async {
            loop {
                match self.shared.inbox.answer(row) {
                    Ok(None) => tokio::time::sleep(ANSWER_POLL).await,
                    Ok(Some(answer)) => return Some(answer),
                    Err(_) => return None,
                }
            }
        })
        .await;
        let words = language.of_collector();
        let did = texts::get(words, &format!("action.{}", action.word()));
        let said = match answer {
            Ok(Some(Ok(_))) => did.to_owned(),
            Ok(Some(Err(reason))) => {
                let reason = Refusal::from_stored(&reason).map_or(reason, |refusal| {
                    texts::refusal(words, &refusal, self.shared.venues.get().zone(&ticket.venue))
                });
                let first = reason.lines().next().unwrap_or_default();
                format!("{did} – {}", fill(language, Text::Refused, &[first]))
            }
            Ok(None) | Err(_) => fill(language, Text::Refused, &[texts::get(words, "web.broken")]),
        };
        let line = fill(language, Text::PersonActs, &[&who, &ticket.number, &said]);
        self.teller.at(self.clock.now_ms(), Tone::Person, &line);
    }

    /// The worst open ticket of a room, the newest of several; without a room that of the song server.
    fn open_ticket(&self, room: Option<usize>) -> Option<Ticket> {
        let filter = TicketFilter {
            venue: Some(venue::id(venue::VENUE)),
            room: room.map(venue::room_id),
            open: true,
            ..TicketFilter::default()
        };
        let is_servers =
            |ticket: &Ticket| ticket.asset.as_ref().is_some_and(|asset| asset.as_str() == venue::SONG_SERVER);
        let tickets = self.shared.reader.tickets(&filter).ok()?;
        tickets.into_iter().filter(|t| is_servers(t) == room.is_none()).min_by_key(|ticket| ticket.severity)
    }
}

/// A room's name as people write it.
#[must_use]
pub fn name(room: usize) -> String {
    venue::room_id(room).as_str().to_uppercase()
}
