//! A program that writes samples into a pipe: turns them into sums as they come, and ends the program
//! when nobody needs it any more. Never keeps a sample.

use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::weighting::AWeighting;

/// What is read of a complaint.
const COMPLAINT_BYTES_MAX: usize = 400;
/// A pipe's worth of samples.
const BUFFER_BYTES: usize = 8192;
/// A program that was killed is gone after so many looks, or hangs in the kernel and is left alone.
const LOOKS_MAX: u32 = 50;
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long two threads need that only read a pipe.
const STACK_BYTES: usize = 128 * 1024;

/// What was heard since the last time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// How many samples.
    pub samples: u64,
    /// The sum of their squares, weighted.
    pub square_sum: f64,
    /// How many were at an end of the scale.
    pub clipped: u64,
    /// The least of them, unweighted.
    pub least: i16,
    /// The greatest.
    pub most: i16,
    /// Nothing more will come.
    pub ended: bool,
}

const NOTHING: Heard = Heard { samples: 0, square_sum: 0.0, clipped: 0, least: i16::MAX, most: i16::MIN, ended: false };

struct Shared {
    heard: Mutex<Heard>,
    changed: Condvar,
    complaint: Mutex<String>,
}

/// A program that runs.
pub struct Capture {
    child: Child,
    shared: Arc<Shared>,
}

impl Capture {
    /// Starts a program that writes 16 bits a sample, `rate` samples a second, lower byte first.
    pub fn start(mut command: Command, rate: u32) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("LC_ALL", "C");
        let mut child = command.spawn()?;
        let complaint = Mutex::new(String::new());
        let shared = Arc::new(Shared { heard: Mutex::new(NOTHING), changed: Condvar::new(), complaint });
        let (sound, words) = (child.stdout.take(), child.stderr.take());
        // From here on, dropping it ends the program.
        let capture = Self { child, shared: Arc::clone(&shared) };
        let thread = |name: &str| thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES);
        let ears = Arc::clone(&shared);
        thread("sound").spawn(move || {
            if let Some(sound) = sound {
                listen(sound, &ears, rate);
            }
            lock(&ears.heard).ended = true;
            ears.changed.notify_all();
        })?;
        thread("sound-words").spawn(move || {
            if let Some(words) = words {
                note(words, &shared.complaint);
            }
        })?;
        Ok(capture)
    }

    /// What was heard since the last call, once it is `samples` or no more will come, or after `timeout`
    /// of real time, which is the program's.
    #[must_use]
    pub fn wait(&self, samples: u64, timeout: Duration) -> Heard {
        let heard = lock(&self.shared.heard);
        let waits = |heard: &mut Heard| heard.samples < samples && !heard.ended;
        let (mut heard, _) =
            self.shared.changed.wait_timeout_while(heard, timeout, waits).unwrap_or_else(PoisonError::into_inner);
        let ended = heard.ended;
        Heard { ended, ..std::mem::replace(&mut *heard, Heard { ended, ..NOTHING }) }
    }

    /// What the program had to say, in one line.
    #[must_use]
    pub fn complaint(&self) -> String {
        lock(&self.shared.complaint).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        for _ in 0..LOOKS_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
        tracing::warn!(pid = self.child.id(), "a program that records sound does not end");
    }
}

/// Adds samples up until there are no more. The first half second is left out: microphones crack when
/// they are switched on, and filters swing.
fn listen(mut sound: impl Read, shared: &Shared, rate: u32) {
    let mut filter = AWeighting::new(rate);
    let (mut buffer, mut half) = (vec![0; BUFFER_BYTES], None);
    let mut unheard = rate / 2;
    loop {
        let count = match sound.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => count,
        };
        let mut sum = NOTHING;
        for byte in &buffer[..count] {
            let Some(low) = half.take() else {
                half = Some(*byte);
                continue;
            };
            let sample = i16::from_le_bytes([low, *byte]);
            let weighted = filter.pass(f64::from(sample) / 32_768.0);
            if unheard > 0 {
                unheard -= 1;
                continue;
            }
            sum.samples += 1;
            sum.square_sum += weighted * weighted;
            sum.clipped += u64::from(matches!(sample, i16::MAX | i16::MIN));
            (sum.least, sum.most) = (sum.least.min(sample), sum.most.max(sample));
        }
        let mut heard = lock(&shared.heard);
        heard.samples += sum.samples;
        heard.square_sum += sum.square_sum;
        heard.clipped += sum.clipped;
        (heard.least, heard.most) = (heard.least.min(sum.least), heard.most.max(sum.most));
        shared.changed.notify_all();
    }
}

/// Keeps the beginning of what a program says, and reads the rest so that it is never held up.
fn note(mut words: impl Read, complaint: &Mutex<String>) {
    let mut buffer = [0; 256];
    while let Ok(count @ 1..) = words.read(&mut buffer) {
        let mut text = lock(complaint);
        if text.len() < COMPLAINT_BYTES_MAX {
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
