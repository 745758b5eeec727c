//! Labels of any dtype, as they lie, into class indices. No one-hot is made.

use crate::criterion::Criterion;
use crate::simd::{LINE, Simd, prefetch};
use crate::tensor::Labels;
use crate::tile::{BLOCK, Block};

/// What labels may be made of.
pub(crate) trait Label: Copy + PartialEq {
    /// The label as an index; larger ones stick at ±LARGEST, and what is no integer is `NOT_AN_INTEGER`.
    fn index(self) -> i32;
    /// The label as an index, and whether it is that. No label but the integers from 0 below 2²² is said to be one of them.
    fn narrow(self) -> (i32, bool);
    /// The same label in this type, where it has it.
    fn from_label(label: i64) -> Option<Self>;
    /// The value to report.
    fn value(self) -> f64;
}

/// The index of what is no integer.
pub(crate) const NOT_AN_INTEGER: i32 = i32::MIN;
/// The index of labels that are not read.
const IGNORED: i32 = i32::MIN + 1;
/// [`Label::narrow`] tells the integers below this.
const NARROW_END: i32 = 1 << 22;
/// Labels beyond this size are told from each other only where one of them is ignored: none is a class.
const LARGEST: i32 = i32::MAX - 1;

macro_rules! integer_label {
    ($wide:ty: $($type:ty),+) => {$(
        impl Label for $type {
            #[inline(always)]
            #[allow(clippy::unnecessary_cast, clippy::cast_lossless, reason = "one text for all widths")]
            fn narrow(self) -> (i32, bool) {
                (self as i32, self as i32 as Self == self)
            }
            #[inline(always)]
            #[allow(clippy::unnecessary_cast, clippy::cast_lossless, reason = "one text for all widths")]
            fn index(self) -> i32 {
                (self as $wide).clamp(-LARGEST as $wide, LARGEST as $wide) as i32
            }
            #[inline(always)]
            fn from_label(label: i64) -> Option<Self> {
                Self::try_from(label).ok()
            }
            #[inline(always)]
            #[allow(clippy::cast_lossless, reason = "the 64-bit types round, which serves a message")]
            fn value(self) -> f64 {
                self as f64
            }
        }
    )+};
}
integer_label!(i32: u8, i8, u16, i16, i32);
integer_label!(i64: u32, i64);

impl Label for u64 {
    #[inline(always)]
    fn narrow(self) -> (i32, bool) {
        (self as i32, self as i32 as Self == self)
    }
    #[inline(always)]
    fn index(self) -> i32 {
        self.min(LARGEST as u64) as i32
    }
    #[inline(always)]
    fn from_label(label: i64) -> Option<Self> {
        Self::try_from(label).ok()
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self as f64
    }
}

macro_rules! float_label {
    ($($type:ty: $ulp_of_one:expr),+) => {$(
        impl Label for $type {
            #[inline(always)]
            #[allow(clippy::cast_lossless, reason = "one text for both types")]
            fn narrow(self) -> (i32, bool) {
                // 1.5 times the power of two whose ulp is 1: the sum has the integer in its low bits. A cast would go one by one.
                const ROUND_TO_INTEGER: $type = $ulp_of_one * 1.5;
                let index = (self + ROUND_TO_INTEGER).to_bits().wrapping_sub(ROUND_TO_INTEGER.to_bits()) as i32;
                (index, index as Self == self)
            }
            #[inline(always)]
            fn index(self) -> i32 {
                // The conversion saturates and takes NaN to 0, so that coming back tells an integer; a large one is one too.
                let index = self as i32;
                let integer = index as Self == self || (self.is_finite() && self.abs() >= 2_147_483_647.0 && self.trunc() == self);
                if integer { index.clamp(-LARGEST, LARGEST) } else { NOT_AN_INTEGER }
            }
            #[inline(always)]
            fn from_label(label: i64) -> Option<Self> {
                Some(label as Self).filter(|float| *float as i64 == label)
            }
            #[inline(always)]
            #[allow(clippy::cast_lossless, reason = "one text for both types")]
            fn value(self) -> f64 {
                self as f64
            }
        }
    )+};
}
float_label!(f32: 8_388_608.0, f64: 4_503_599_627_370_496.0);

/// An expression of the slice that the labels are, whatever their type.
macro_rules! with_slice {
    ($labels:expr, $slice:ident => $value:expr) => {
        match $labels {
            Labels::U8($slice) => $value,
            Labels::I8($slice) => $value,
            Labels::U16($slice) => $value,
            Labels::I16($slice) => $value,
            Labels::U32($slice) => $value,
            Labels::I32($slice) => $value,
            Labels::U64($slice) => $value,
            Labels::I64($slice) => $value,
            Labels::F32($slice) => $value,
            Labels::F64($slice) => $value,
        }
    };
}

/// From the indices of labels to classes.
pub(crate) struct LabelMap {
    ignore: Option<i64>,
    /// The label of class 0: with one class, label 0 is the background.
    first: i32,
    /// The label that stands for 1.
    mask: Option<i32>,
    /// Labels run from 0 below this; `None`: every integer is a label.
    end: Option<i32>,
}

/// A label that an index can name.
fn index_of(label: i64) -> Option<i32> {
    i32::try_from(label).ok().filter(|index| (-LARGEST + 1..LARGEST).contains(index))
}

impl LabelMap {
    /// The map that a criterion asks for.
    pub(crate) fn new(criterion: &Criterion) -> Self {
        let regions = criterion.regions.is_some();
        let first = i32::from(criterion.classes == 1 && !regions);
        Self {
            ignore: criterion.ignore_index,
            first,
            mask: criterion.mask_value.and_then(index_of),
            end: (!regions).then(|| i32::try_from(criterion.classes).unwrap_or(i32::MAX).saturating_add(first)),
        }
    }

    /// Every label stands for itself.
    pub(crate) fn of_any_label(ignore: Option<i64>) -> Self {
        Self { ignore, first: 0, mask: None, end: None }
    }

    /// Whether a pixel of any label counts, and no label stands for another: then `classes` serves.
    pub(crate) fn is_plain(&self) -> bool {
        self.ignore.is_none() && self.mask.is_none() && self.end.is_some_and(|end| end <= NARROW_END)
    }

    /// The index that a label stands for; `NOT_AN_INTEGER` also for what a mask value leaves no meaning.
    #[inline(always)]
    fn meaning(&self, index: i32) -> i32 {
        match self.mask {
            Some(mask) if index == mask => 1,
            Some(_) if index != 0 => NOT_AN_INTEGER,
            _ => index,
        }
    }

    #[inline(always)]
    fn in_range(&self, meaning: i32) -> bool {
        match self.end {
            Some(end) => meaning >= 0 && meaning < end,
            None => meaning != NOT_AN_INTEGER,
        }
    }

    /// Whether pixels of this label are not read.
    pub(crate) fn ignores(index: i32) -> bool {
        index == IGNORED
    }

    /// Whether the label has a meaning.
    pub(crate) fn accepts(&self, index: i32) -> bool {
        self.in_range(self.meaning(index))
    }

    /// Labels, from this place of the map on, to classes where every pixel counts: −1 is the background of a single class. False where
    /// one is out of range.
    #[inline(always)]
    pub(crate) fn load_classes<S: Simd>(
        &self,
        simd: S,
        source: Labels,
        from: usize,
        classes: &mut [[i32; BLOCK]],
    ) -> bool {
        let end = self.end.unwrap_or(i32::MAX);
        let classes = classes.as_flattened_mut();
        let largest = with_slice!(source, labels => {
            let (now, later) = labels[from..].split_at(classes.len());
            ask_for(simd, &later[..later.len().min(now.len())]);
            convert_plain(now, self.first, classes)
        });
        largest < end as u32
    }

    /// Indices to classes where some pixels may not count: weight 0, or ignored, which gives them weight 0. Their class is −1.
    #[inline(always)]
    pub(crate) fn classes_weighted(&self, labels: &mut [[i32; BLOCK]], weights: &mut [Block]) -> bool {
        let mut sound = true;
        for (index, weight) in labels.as_flattened_mut().iter_mut().zip(weights.as_flattened_mut()) {
            *weight = if Self::ignores(*index) { 0.0 } else { *weight };
            let counts = *weight != 0.0;
            let meaning = self.meaning(*index);
            sound &= !counts | self.in_range(meaning);
            *index = if counts { meaning.wrapping_sub(self.first) } else { -1 };
        }
        sound
    }

    /// One plane for each region: 1 where the label of a pixel that counts is one of the region's.
    #[inline(always)]
    pub(crate) fn expand_regions(
        &self,
        regions: &[Vec<i64>],
        labels: &[[i32; BLOCK]],
        weights: &[Block],
        planes: &mut [Block],
    ) {
        let blocks = labels.len();
        for (region, plane) in regions.iter().zip(planes.chunks_exact_mut(blocks)) {
            plane.as_flattened_mut().fill(0.0);
            for member in region.iter().copied().filter_map(index_of) {
                let pixels = labels.as_flattened().iter().zip(weights.as_flattened());
                for (t, (&label, &weight)) in plane.as_flattened_mut().iter_mut().zip(pixels) {
                    *t = if label == member && weight != 0.0 { 1.0 } else { *t };
                }
            }
        }
    }
}

impl LabelMap {
    /// The indices of labels, as many as there are.
    #[inline(always)]
    pub(crate) fn load_indices(&self, source: Labels, indices: &mut [[i32; BLOCK]]) {
        with_slice!(source, labels => convert(labels, self.ignore, indices.as_flattened_mut()));
    }

    /// One label: its index and its value.
    pub(crate) fn label_at(&self, source: Labels, at: usize) -> (i32, f64) {
        let mut index = [0];
        let value = with_slice!(source, labels => {
            convert(&labels[at..=at], self.ignore, &mut index);
            labels[at].value()
        });
        (index[0], value)
    }
}

/// Asks for labels that the next tile reads, a cache line at a time.
#[inline(always)]
fn ask_for<S: Simd, L>(simd: S, labels: &[L]) {
    for line in labels.chunks(LINE / size_of::<L>()) {
        prefetch(simd, &line[0]);
    }
}

/// Departure 8: one loop converts and finds the largest index; what is no index counts as the largest of all. A negative one is a
/// large unsigned one, so that one comparison tells both ends of the range.
#[inline(always)]
fn convert_plain<L: Label>(source: &[L], first: i32, classes: &mut [i32]) -> u32 {
    let mut largest = 0;
    for (to, label) in classes.iter_mut().zip(source) {
        let (index, exact) = label.narrow();
        largest = largest.max(if exact { index as u32 } else { u32::MAX });
        *to = index.wrapping_sub(first);
    }
    largest
}

#[inline(always)]
fn convert<L: Label>(source: &[L], ignore: Option<i64>, indices: &mut [i32]) {
    match ignore.and_then(L::from_label) {
        None => {
            for (to, label) in indices.iter_mut().zip(source) {
                *to = label.index();
            }
        }
        Some(ignored) => {
            for (to, &label) in indices.iter_mut().zip(source) {
                *to = if label == ignored { IGNORED } else { label.index() };
            }
        }
    }
}

/// One label as a number.
pub(crate) fn label_value(source: Labels, at: usize) -> f64 {
    with_slice!(source, labels => labels[at].value())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<L: Label + std::fmt::Debug>(labels: &[L]) {
        for &label in labels {
            let is_class = |index: i32| (0..NARROW_END).contains(&index).then_some(index);
            let (index, exact) = label.narrow();
            let narrowed = if exact { is_class(index) } else { None };
            assert_eq!(narrowed, is_class(label.index()), "{label:?}");
        }
    }

    #[test]
    fn a_label_that_may_be_a_class_is_narrowed_to_its_index_and_no_other_is() {
        let edges = [0, 1, 127, 128, 255, 65_535, 1 << 22, 1 << 23, 1 << 24, 1 << 31, 1 << 32, 1 << 52, 1 << 53];
        let mut integers: Vec<i64> = edges.iter().flat_map(|&edge| (edge - 3)..=(edge + 3)).collect();
        integers.extend([i64::MAX, 1 << 62]);
        integers.extend(integers.clone().iter().map(|integer| -integer));
        let mut floats: Vec<f64> = integers.iter().map(|&integer| integer as f64).collect();
        floats.extend([0.25, 0.5, 1.5, -0.5, 2.999_999_9, 4_194_303.5, 1e300, f64::MIN_POSITIVE, -0.0]);
        floats.extend([f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
        check(&floats);
        check(&floats.iter().map(|&label| label as f32).collect::<Vec<_>>());
        check(&integers);
        check(&integers.iter().map(|&label| label as u64).collect::<Vec<_>>());
        check(&integers.iter().map(|&label| label as u32).collect::<Vec<_>>());
        check(&integers.iter().map(|&label| label as i32).collect::<Vec<_>>());
        check(&(0..=u8::MAX).collect::<Vec<_>>());
        check(&(i8::MIN..=i8::MAX).collect::<Vec<_>>());
    }
}
