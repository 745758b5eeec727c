//! What is wrong with the data, and where.

/// The kinds, in the order in which one pixel is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// A pixel weight is negative or not finite.
    PixelWeight,
    /// A label is not an integer.
    LabelNotInteger,
    /// A label names no class.
    LabelOutOfRange,
    /// A per-class target is outside [0, 1].
    TargetOutOfRange,
    /// A probability is outside [0, 1].
    PredictionOutOfRange,
    /// The probabilities of a pixel do not sum to one.
    PredictionSum,
}

/// The first fault of a call: lowest sample, then pixel, then kind, then class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The value found.
    pub value: f64,
    /// Its sample.
    pub sample: usize,
    /// Its class; 0 where the kind has none.
    pub class: usize,
    /// Its pixel in the plane.
    pub pixel: usize,
}

impl Fault {
    /// Whether this fault stands before the other one.
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        let key = |f: &Self| (f.sample, f.pixel, f.kind, f.class);
        key(self) < key(other)
    }
}
