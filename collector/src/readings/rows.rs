//! Samples of one source side by side: names, spools and sets of points stand once, a row holds
//! numbers only. What blobs and chunks are read into and chunks are written from; decides nothing.

use std::collections::HashMap;

use wire::{Clock, Fault, Id, PointName, Sample, UnixMs};

/// What rows share that came from one spool in one boot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Head {
    /// The spool that numbered them.
    pub spool: Id,
    /// The boot in which they were read.
    pub boot: Id,
    /// How far their instants can be believed.
    pub clock: Clock,
}

/// Which points a row has, in the agent's order, and which are faulty; names by their place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    /// Points with a value.
    pub points: Vec<u32>,
    /// Points without, and why.
    pub faults: Vec<(u32, Fault)>,
}

/// A sample as numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// When it was read.
    pub at: UnixMs,
    /// Its number in the spool.
    pub seq: u64,
    /// Place of its [`Head`].
    pub head: u32,
    /// Place of its [`Shape`].
    pub shape: u32,
    /// Place of its first value; the others follow in the order of the shape.
    pub first: usize,
}

/// Samples of one source.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Names of points.
    pub names: Vec<PointName>,
    /// Distinct heads.
    pub heads: Vec<Head>,
    /// Distinct shapes.
    pub shapes: Vec<Shape>,
    /// The samples.
    pub rows: Vec<Row>,
    /// Values of all rows.
    pub values: Vec<f64>,
    places: Places,
}

/// Where names, heads and shapes already stand.
#[derive(Debug, Clone, Default)]
struct Places {
    names: HashMap<PointName, u32>,
    heads: HashMap<Head, u32>,
    shapes: HashMap<Shape, u32>,
}

impl Rows {
    /// Rows as a chunk holds them; names, heads and shapes are distinct.
    #[must_use]
    pub fn of_parts(
        names: Vec<PointName>,
        heads: Vec<Head>,
        shapes: Vec<Shape>,
        rows: Vec<Row>,
        values: Vec<f64>,
    ) -> Self {
        let places = Places { names: numbered(&names), heads: numbered(&heads), shapes: numbered(&shapes) };
        Self { names, heads, shapes, rows, values, places }
    }

    /// How many samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a sample.
    pub fn push(&mut self, sample: &Sample) {
        let head = self.head(Head { spool: sample.spool.clone(), boot: sample.boot.clone(), clock: sample.clock });
        let shape = match self.rows.last().map(|row| row.shape) {
            Some(shape) if self.fits(shape, sample) => shape,
            _ => {
                let points = sample.points.iter().map(|(name, _)| self.name(name)).collect();
                let faults = sample.faults.iter().map(|(name, fault)| (self.name(name), fault.clone())).collect();
                self.shape(Shape { points, faults })
            }
        };
        self.rows.push(Row { at: sample.at, seq: sample.seq, head, shape, first: self.values.len() });
        self.values.extend(sample.points.iter().map(|(_, value)| value));
    }

    /// Samples of a source nearly always have the same points in the same order.
    fn fits(&self, shape: u32, sample: &Sample) -> bool {
        let shape = &self.shapes[shape as usize];
        let name = |place: u32| &self.names[place as usize];
        shape.points.len() == sample.points.len()
            && shape.faults.len() == sample.faults.len()
            && shape.points.iter().zip(&sample.points).all(|(a, (b, _))| name(*a) == b)
            && shape.faults.iter().zip(&sample.faults).all(|((a, f), (b, g))| name(*a) == b && f == g)
    }

    fn name(&mut self, name: &PointName) -> u32 {
        place(&mut self.places.names, &mut self.names, name.clone())
    }

    fn head(&mut self, head: Head) -> u32 {
        place(&mut self.places.heads, &mut self.heads, head)
    }

    fn shape(&mut self, shape: Shape) -> u32 {
        place(&mut self.places.shapes, &mut self.shapes, shape)
    }

    /// Adds `rows` of `other`, in their order.
    pub fn extend<'a>(&mut self, other: &Rows, rows: impl IntoIterator<Item = &'a Row>) {
        let (mut heads, mut shapes) = (HashMap::new(), HashMap::new());
        for row in rows {
            let head = *heads.entry(row.head).or_insert_with(|| self.head(other.heads[row.head as usize].clone()));
            let shape = *shapes.entry(row.shape).or_insert_with(|| {
                let theirs = &other.shapes[row.shape as usize];
                let name = |rows: &mut Self, place: u32| rows.name(&other.names[place as usize]);
                let points = theirs.points.iter().map(|p| name(self, *p)).collect();
                let faults = theirs.faults.iter().map(|(p, fault)| (name(self, *p), fault.clone())).collect();
                self.shape(Shape { points, faults })
            });
            let first = self.values.len();
            self.values.extend_from_slice(other.values_of(row));
            self.rows.push(Row { head, shape, first, ..*row });
        }
    }

    /// Puts the samples in order of time; those of one instant stay as they came.
    pub fn sort(&mut self) {
        self.rows.sort_by_key(|row| row.at);
    }

    /// The values of a row, in the order of its shape.
    #[must_use]
    pub fn values_of(&self, row: &Row) -> &[f64] {
        &self.values[row.first..row.first + self.shapes[row.shape as usize].points.len()]
    }

    /// A row as the sample that it was.
    #[must_use]
    pub fn sample(&self, row: &Row) -> Sample {
        let (head, shape) = (&self.heads[row.head as usize], &self.shapes[row.shape as usize]);
        let name = |place: u32| self.names[place as usize].clone();
        Sample {
            at: row.at,
            seq: row.seq,
            spool: head.spool.clone(),
            boot: head.boot.clone(),
            clock: head.clock,
            points: shape.points.iter().zip(self.values_of(row)).map(|(p, v)| (name(*p), *v)).collect(),
            faults: shape.faults.iter().map(|(p, fault)| (name(*p), fault.clone())).collect(),
        }
    }
}

fn numbered<T: Clone + Eq + std::hash::Hash>(all: &[T]) -> HashMap<T, u32> {
    all.iter().cloned().zip(0..).collect()
}

fn place<T: Clone + Eq + std::hash::Hash>(places: &mut HashMap<T, u32>, all: &mut Vec<T>, item: T) -> u32 {
    if let Some(place) = places.get(&item) {
        return *place;
    }
    let place = all.len() as u32;
    all.push(item.clone());
    places.insert(item, place);
    place
}
