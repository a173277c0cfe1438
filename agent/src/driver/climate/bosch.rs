//! The arithmetic of a BME280: calibration words and raw counts into values, in the floating-point form
//! of its data sheet (appendix A, 8.1). Talks to no bus.

/// Twenty bits that were not measured, 5.4.7.
pub const SKIPPED_LONG: u32 = 0x8_0000;
/// Sixteen bits that were not measured, 5.4.9.
pub const SKIPPED_HUMIDITY: u16 = 0x8000;

/// Counts of one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw {
    /// Twenty bits.
    pub pressure: u32,
    /// Twenty bits.
    pub temperature: u32,
    /// Sixteen bits.
    pub humidity: u16,
}

impl Raw {
    /// Registers 0xF7 to 0xFE.
    #[must_use]
    pub fn parse(bytes: &[u8; 8]) -> Self {
        let long = |a: u8, b: u8, c: u8| u32::from(a) << 12 | u32::from(b) << 4 | u32::from(c) >> 4;
        let &[p2, p1, p0, t2, t1, t0, h1, h0] = bytes;
        Self { pressure: long(p2, p1, p0), temperature: long(t2, t1, t0), humidity: u16::from_be_bytes([h1, h0]) }
    }
}

/// Trimming parameters, table 16.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    t: [f64; 3],
    p: [f64; 9],
    h: [f64; 6],
}

impl Calibration {
    /// Registers 0x88 to 0xA1, and 0xE1 to 0xE7; none where they are blank.
    #[must_use]
    pub fn parse(first: &[u8; 26], second: &[u8; 7]) -> Option<Self> {
        let unsigned = |at: usize| u16::from_le_bytes([first[at], first[at + 1]]);
        let signed = |at: usize| f64::from(unsigned(at).cast_signed());
        if [unsigned(0), unsigned(6)].iter().any(|word| matches!(word, 0 | 0xFFFF)) {
            return None;
        }
        // H4 and H5 are twelve bits each and share a byte.
        let twelve = |high: u8, low: u8| f64::from(i16::from(high.cast_signed()) << 4 | i16::from(low & 0x0F));
        Some(Self {
            t: [f64::from(unsigned(0)), signed(2), signed(4)],
            p: [
                f64::from(unsigned(6)),
                signed(8),
                signed(10),
                signed(12),
                signed(14),
                signed(16),
                signed(18),
                signed(20),
                signed(22),
            ],
            h: [
                f64::from(first[25]),
                f64::from(i16::from_le_bytes([second[0], second[1]])),
                f64::from(second[2]),
                twelve(second[3], second[4]),
                twelve(second[5], second[4] >> 4),
                f64::from(second[6].cast_signed()),
            ],
        })
    }

    /// `t_fine`: the temperature as the other two formulas want it.
    #[must_use]
    pub fn fine(&self, raw: u32) -> f64 {
        let raw = f64::from(raw);
        let [t1, t2, t3] = self.t;
        let first = (raw / 16_384.0 - t1 / 1_024.0) * t2;
        let second = (raw / 131_072.0 - t1 / 8_192.0).powi(2) * t3;
        first + second
    }

    /// Degrees of `fine`.
    #[must_use]
    pub fn celsius(fine: f64) -> f64 {
        fine / 5_120.0
    }

    /// Pressure; 0, which no sensor means, where the calibration divides by zero.
    #[must_use]
    pub fn pressure_hpa(&self, raw: u32, fine: f64) -> f64 {
        let [p1, p2, p3, p4, p5, p6, p7, p8, p9] = self.p;
        let half = fine / 2.0 - 64_000.0;
        let offset = (half * half * p6 / 32_768.0 + half * p5 * 2.0) / 4.0 + p4 * 65_536.0;
        let slope = (p3 * half * half / 524_288.0 + p2 * half) / 524_288.0;
        let slope = (1.0 + slope / 32_768.0) * p1;
        if slope == 0.0 {
            return 0.0;
        }
        let pascal = (1_048_576.0 - f64::from(raw) - offset / 4_096.0) * 6_250.0 / slope;
        let pascal = pascal + (p9 * pascal * pascal / 2_147_483_648.0 + pascal * p8 / 32_768.0 + p7) / 16.0;
        pascal / 100.0
    }

    /// Relative humidity, cropped to what it can be, as the data sheet does.
    #[must_use]
    pub fn humidity_percent(&self, raw: u16, fine: f64) -> f64 {
        let [h1, h2, h3, h4, h5, h6] = self.h;
        let warm = fine - 76_800.0;
        let humidity = (f64::from(raw) - (h4 * 64.0 + h5 / 16_384.0 * warm))
            * (h2 / 65_536.0 * (1.0 + h6 / 67_108_864.0 * warm * (1.0 + h3 / 67_108_864.0 * warm)));
        (humidity * (1.0 - h1 * humidity / 524_288.0)).clamp(0.0, 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The calibration of the example in the BMP280's data sheet, 3.12, which has the same formulas.
    fn example() -> Calibration {
        let words: [i32; 12] = [27_504, 26_435, -1_000, 36_477, -10_685, 3_024, 2_855, 140, -7, 15_500, -14_600, 6_000];
        let mut first = [0; 26];
        for (pair, word) in first.chunks_mut(2).zip(words) {
            pair.copy_from_slice(&(word as u16).to_le_bytes());
        }
        // Humidity words as one real chip has them: H1 75, H2 365, H3 0, H4 313, H5 50, H6 30.
        first[25] = 75;
        Calibration::parse(&first, &[0x6D, 0x01, 0x00, 0x13, 0x29, 0x03, 0x1E]).unwrap()
    }

    #[test]
    fn the_data_sheets_example_comes_out() {
        let calibration = example();
        let fine = calibration.fine(519_888);
        assert!((Calibration::celsius(fine) - 25.08).abs() < 0.005, "{}", Calibration::celsius(fine));
        let pressure = calibration.pressure_hpa(415_148, fine);
        assert!((pressure - 1_006.532_7).abs() < 0.001, "{pressure}");
    }

    #[test]
    fn twelve_bit_words_share_a_byte_and_keep_their_sign() {
        let calibration = example();
        assert_eq!(calibration.h, [75.0, 365.0, 0.0, 313.0, 50.0, 30.0]);
        let mut first = [1; 26];
        first[25] = 0;
        let negative = Calibration::parse(&first, &[0, 0, 0, 0xFF, 0x0F, 0x80, 0xFF]).unwrap();
        assert_eq!((negative.h[3], negative.h[4], negative.h[5]), (-1.0, -2048.0, -1.0));
    }

    #[test]
    fn humidity_is_cropped_to_what_it_can_be() {
        let calibration = example();
        let fine = calibration.fine(519_888);
        assert_eq!(calibration.humidity_percent(0, fine), 0.0);
        assert_eq!(calibration.humidity_percent(u16::MAX, fine), 100.0);
        let middle = calibration.humidity_percent(30_000, fine);
        assert!((30.0..70.0).contains(&middle), "{middle}");
    }

    #[test]
    fn blank_calibration_is_none() {
        assert_eq!(Calibration::parse(&[0; 26], &[0; 7]), None);
        assert_eq!(Calibration::parse(&[0xFF; 26], &[0xFF; 7]), None);
    }

    #[test]
    fn registers_are_twenty_bits_high_byte_first() {
        let raw = Raw::parse(&[0x65, 0x5A, 0xC0, 0x7E, 0xED, 0x00, 0x75, 0x30]);
        assert_eq!(raw, Raw { pressure: 415_148, temperature: 519_888, humidity: 30_000 });
    }
}
