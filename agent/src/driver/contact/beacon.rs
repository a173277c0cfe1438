//! The lamp or buzzer that says which box is meant: turns a request into blinking for a while. The
//! only file that drives a line, and the line is always left as if nothing had happened: at the end,
//! when it is stopped, and when the thread fails.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use crate::{
    config::{Bus, Identify, identify::Signal},
    driver::{
        Level,
        bus::{self, BusError, Output},
        simulated::Room,
    },
};

/// How long it shows itself if nobody says otherwise.
pub const HOW_LONG: Duration = Duration::from_secs(10);
/// No request keeps a buzzer going for longer.
pub const HOW_LONG_MAX: Duration = Duration::from_secs(60);

/// Blinking needs little; a log line some more.
const STACK_BYTES: usize = 128 * 1024;

/// On and off again: a lamp at 2 Hz, which is seen and not taken for a fault's flicker; a buzzer that
/// leaves people time to turn their heads.
fn rhythm(kind: Signal) -> [Duration; 2] {
    match kind {
        Signal::Led => [Duration::from_millis(250), Duration::from_millis(250)],
        Signal::Buzzer => [Duration::from_millis(150), Duration::from_millis(850)],
    }
}

/// Shows which box this is: on a thread of its own, for `how_long` but no longer than
/// [`HOW_LONG_MAX`]. Dropping what it gives ends it at once.
pub fn identify(bus: &Bus, room: &Arc<Room>, what: &Identify, how_long: Duration) -> Result<Beacon, BusError> {
    let dark = what.active == Level::Low;
    let output = bus::open_output(bus, what.line, dark, room)?;
    Beacon::start(output, what.active, rhythm(what.kind), how_long)
}

/// A lamp or a buzzer at work.
#[derive(Debug)]
#[must_use = "dropping it ends it"]
pub struct Beacon {
    /// Dropped to stop the thread.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Beacon {
    /// Drives `output` in turns of `rhythm`; fails where the system gives no thread.
    pub fn start(
        output: Box<dyn Output>,
        active: Level,
        rhythm: [Duration; 2],
        how_long: Duration,
    ) -> Result<Self, BusError> {
        let (stop, stopped) = mpsc::channel();
        let how_long = how_long.min(HOW_LONG_MAX);
        let mut lamp = Lamp { output, active };
        let thread = thread::Builder::new().name("identify".to_owned()).stack_size(STACK_BYTES).spawn(move || {
            if let Err(error) = lamp.blink(rhythm, how_long, &stopped) {
                tracing::warn!(%error, "the line of [identify] cannot be driven");
            }
        });
        let thread = thread.map_err(BusError::other)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Whether it has come to its end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(thread::JoinHandle::is_finished)
    }

    /// Waits for its end.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic was printed where it happened, and the lamp is dark.
            let _ = thread.join();
        }
    }
}

impl Drop for Beacon {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.join();
    }
}

/// An output that is dark once it is gone.
struct Lamp {
    output: Box<dyn Output>,
    active: Level,
}

impl Lamp {
    fn blink(
        &mut self,
        [on, off]: [Duration; 2],
        how_long: Duration,
        stopped: &mpsc::Receiver<()>,
    ) -> Result<(), BusError> {
        let end = Instant::now() + how_long;
        for (lit, time) in [(true, on), (false, off)].into_iter().cycle() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.set(lit)?;
            // Nothing is ever sent: the channel ends when the beacon is dropped.
            if stopped.recv_timeout(time.min(left)) == Err(mpsc::RecvTimeoutError::Disconnected) {
                break;
            }
        }
        self.set(false)
    }

    fn set(&mut self, lit: bool) -> Result<(), BusError> {
        self.output.set(lit == (self.active == Level::High))
    }
}

impl Drop for Lamp {
    fn drop(&mut self) {
        if let Err(error) = self.set(false) {
            tracing::warn!(%error, "the line of [identify] may be left active");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Remembers its levels; fails by panic or by error at one of them.
    struct Wire {
        levels: Arc<Mutex<Vec<bool>>>,
        panics_at: Option<usize>,
        fails_at: Option<usize>,
    }

    impl Output for Wire {
        fn set(&mut self, high: bool) -> Result<(), BusError> {
            let mut levels = self.levels.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            levels.push(high);
            let count = Some(levels.len());
            drop(levels);
            assert_ne!(count, self.panics_at, "planted");
            if count == self.fails_at { Err(BusError::other("planted")) } else { Ok(()) }
        }
    }

    const MS: Duration = Duration::from_millis(1);

    fn levels(active: Level, panics_at: Option<usize>, fails_at: Option<usize>, stop: bool) -> Vec<bool> {
        let levels = Arc::new(Mutex::new(Vec::new()));
        let wire = Wire { levels: Arc::clone(&levels), panics_at, fails_at };
        let how_long = if stop { HOW_LONG_MAX } else { MS * 20 };
        let beacon = Beacon::start(Box::new(wire), active, [MS; 2], how_long).unwrap();
        if stop {
            drop(beacon)
        } else {
            beacon.wait()
        }
        let levels = levels.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        levels.clone()
    }

    #[test]
    fn a_beacon_shines_and_ends_dark_at_either_polarity() {
        for (active, lit) in [(Level::High, true), (Level::Low, false)] {
            let levels = levels(active, None, None, false);
            assert_eq!(levels[..2], [lit, !lit], "{active:?}");
            assert_eq!(levels.last(), Some(&!lit), "{active:?}");
        }
    }

    #[test]
    fn a_beacon_that_is_dropped_ends_dark_at_once() {
        let began = Instant::now();
        assert_eq!(levels(Level::High, None, None, true).last(), Some(&false));
        assert!(began.elapsed() < HOW_LONG, "it waited for its end");
    }

    #[test]
    fn a_beacon_whose_thread_fails_ends_dark() {
        for at in [1, 3] {
            assert_eq!(levels(Level::High, Some(at), None, false).last(), Some(&false), "panic at {at}");
            assert_eq!(levels(Level::High, None, Some(at), false).last(), Some(&false), "error at {at}");
        }
    }
}
