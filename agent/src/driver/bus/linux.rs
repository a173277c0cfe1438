//! A bus through Linux character devices: `/dev/i2c-*` by `linux-embedded-hal`, `/dev/gpiochip*`
//! by `gpiocdev`. Serves every computer that has them, a Raspberry Pi included.

use std::{io, path::Path, time::Duration};

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use gpiocdev::{
    Request,
    line::{Bias, EdgeDetection, EdgeKind, Value},
};
use linux_embedded_hal::{I2CError, I2cdev, i2cdev::linux::LinuxI2CError};

use super::{BusError, EDGES_AT_ONCE_MAX, Lines, Output, Queues};
use crate::driver::{Edge, Edges, LineRequest, Pull};

/// The I2C device at `path`.
pub(super) fn open_i2c(path: &Path) -> Result<LinuxI2c, BusError> {
    let device = I2cdev::new(path).map_err(|error| with_path(path, &i2c_error(&error)))?;
    set_timeout(&device);
    Ok(LinuxI2c(device))
}

/// Tells the kernel how long a transaction may take; one that refuses keeps its own second.
fn set_timeout(device: &I2cdev) {
    /// `I2C_TIMEOUT` of <linux/i2c-dev.h>: in units of 10 ms.
    const I2C_TIMEOUT: libc::Ioctl = 0x0702;
    let units = libc::c_ulong::from(u16::try_from(super::TRANSACTION_MAX.as_millis() / 10).unwrap_or(u16::MAX));
    // SAFETY: this request takes a number by value and touches no memory of ours; the descriptor is
    // open for as long as `device` is borrowed.
    #[allow(unsafe_code)]
    let answer = unsafe { libc::ioctl(std::os::fd::AsRawFd::as_raw_fd(&**device), I2C_TIMEOUT, units) };
    if answer != 0 {
        tracing::debug!(error = %io::Error::last_os_error(), "the kernel keeps its own time-out");
    }
}

/// The I2C side.
pub(super) struct LinuxI2c(I2cdev);

impl ErrorType for LinuxI2c {
    type Error = BusError;
}

impl I2c for LinuxI2c {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        I2c::<u8>::transaction(&mut self.0, address, operations)
            .map_err(|error: I2CError| BusError::from_io(&i2c_error(error.inner())))
    }
}

fn i2c_error(error: &LinuxI2CError) -> io::Error {
    match error {
        LinuxI2CError::Errno(number) => io::Error::from_raw_os_error(*number),
        LinuxI2CError::Io(error) => {
            error.raw_os_error().map_or_else(|| io::Error::other(error.to_string()), io::Error::from_raw_os_error)
        }
    }
}

/// What other programs see as the user of a line.
const CONSUMER: &str = "hallwatch-agent";

/// The lines of `contacts`.
pub(super) struct LinuxLines {
    request: Request,
    offsets: Vec<u32>,
    edges: Queues,
}

impl LinuxLines {
    pub(super) fn open(chip: &Path, lines: &[LineRequest]) -> Result<Self, BusError> {
        let mut builder = Request::builder();
        builder.on_chip(chip).with_consumer(CONSUMER);
        builder.with_kernel_event_buffer_size(u32::try_from(EDGES_AT_ONCE_MAX).unwrap_or(0));
        for line in lines {
            let bias = match line.pull {
                Pull::Up => Bias::PullUp,
                Pull::Down => Bias::PullDown,
                Pull::Off => Bias::Disabled,
            };
            builder.with_line(line.line).as_input().with_bias(bias).with_edge_detection(EdgeDetection::BothEdges);
        }
        let request = builder.request().map_err(|error| chip_error(chip, error))?;
        let offsets = lines.iter().map(|line| line.line).collect();
        Ok(Self { request, offsets, edges: Queues::new(lines.len()) })
    }
}

impl Lines for LinuxLines {
    fn is_high(&mut self, index: usize) -> Result<bool, BusError> {
        // Requested active high, so active is the level itself.
        self.request.value(self.offsets[index]).map(|value| value == Value::Active).map_err(gpio_error)
    }

    fn edges(&mut self, index: usize) -> Edges {
        self.edges.take(index)
    }

    fn wait(&mut self, patience: Duration) -> Result<(), BusError> {
        if self.request.wait_edge_event(patience).map_err(gpio_error)? {
            let mut fetched = 0;
            while fetched < EDGES_AT_ONCE_MAX && self.request.has_edge_event().map_err(gpio_error)? {
                let event = self.request.read_edge_event().map_err(gpio_error)?;
                let edge = Edge { high: event.kind == EdgeKind::Rising, at: Duration::from_nanos(event.timestamp_ns) };
                if let Some(index) = self.offsets.iter().position(|offset| *offset == event.offset) {
                    self.edges.put(index, edge, event.line_seqno);
                }
                fetched += 1;
            }
        }
        Ok(())
    }
}

/// A line that is driven.
pub(super) struct LinuxOutput {
    request: Request,
    line: u32,
}

impl LinuxOutput {
    pub(super) fn open(chip: &Path, line: u32, high: bool) -> Result<Self, BusError> {
        let mut builder = Request::builder();
        builder.on_chip(chip).with_consumer(CONSUMER).with_line(line).as_output(value(high));
        let request = builder.request().map_err(|error| chip_error(chip, error))?;
        Ok(Self { request, line })
    }
}

impl Output for LinuxOutput {
    fn set(&mut self, high: bool) -> Result<(), BusError> {
        self.request.set_value(self.line, value(high)).map_err(gpio_error)
    }
}

/// Requested active high, so active is the level itself.
fn value(high: bool) -> Value {
    if high { Value::Active } else { Value::Inactive }
}

fn chip_error(chip: &Path, error: gpiocdev::Error) -> BusError {
    let mut failed = gpio_error(error);
    failed.text = format!("{}: {}", chip.display(), failed.text);
    failed
}

fn gpio_error(error: gpiocdev::Error) -> BusError {
    let number = match &error {
        gpiocdev::Error::Os(number) => Some(number.0),
        _ => None,
    };
    let cause = number.map(io::Error::from_raw_os_error);
    match cause {
        Some(cause) if cause.kind() == io::ErrorKind::PermissionDenied => BusError::not_permitted(error),
        _ => BusError::other(error),
    }
}

fn with_path(path: &Path, error: &io::Error) -> BusError {
    let mut failed = BusError::from_io(error);
    failed.text = format!("{}: {}", path.display(), failed.text);
    failed
}
