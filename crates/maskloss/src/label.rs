//! Labels of any dtype, as they lie, into class indices. No one-hot is made.

use crate::criterion::Criterion;
use crate::tensor::Labels;
use crate::tile::{BLOCK, Block};

/// What labels may be made of.
pub(crate) trait Label: Copy + PartialEq {
    /// The label as an index; out of range (`i32::MIN`, `i32::MAX`) where it has none.
    fn index(self) -> i32;
    /// The same label in this type, where it has it.
    fn from_index(label: i64) -> Option<Self>;
    /// The value to report.
    fn value(self) -> f64;
    /// Whether it is an integer.
    fn is_integer(self) -> bool {
        true
    }
}

macro_rules! integer_label {
    ($($type:ty),+) => {$(
        impl Label for $type {
            #[inline(always)]
            fn index(self) -> i32 {
                #[allow(clippy::unnecessary_fallible_conversions, reason = "infallible for the narrow types only")]
                i32::try_from(self).unwrap_or(i32::MAX)
            }
            #[inline(always)]
            fn from_index(label: i64) -> Option<Self> {
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
integer_label!(u8, i8, u16, i16, u32, i32, u64, i64);

macro_rules! float_label {
    ($($type:ty),+) => {$(
        impl Label for $type {
            #[inline(always)]
            fn index(self) -> i32 {
                // Saturates, and NaN gives 0: `is_integer` refuses it.
                self as i32
            }
            #[inline(always)]
            fn from_index(label: i64) -> Option<Self> {
                Some(label as Self)
            }
            #[inline(always)]
            #[allow(clippy::cast_lossless, reason = "one text for both types")]
            fn value(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn is_integer(self) -> bool {
                (self as i64) as Self == self
            }
        }
    )+};
}
float_label!(f32, f64);

/// From labels to classes.
pub(crate) struct LabelMap {
    ignore: Option<i64>,
    /// The label of class 0: with one class, label 0 is the background.
    first: i32,
    /// The label that stands for 1.
    mask: Option<i64>,
    /// Labels run from 0 below this; with regions every label is a label.
    end: Option<i32>,
    /// The labels of regions that are no index.
    beyond: Vec<i64>,
}

impl LabelMap {
    /// The map that a criterion asks for.
    pub(crate) fn new(criterion: &Criterion) -> Self {
        let regions = criterion.regions.is_some();
        let first = i32::from(criterion.classes == 1 && !regions);
        Self {
            ignore: criterion.ignore_index,
            first,
            mask: criterion.mask_value,
            end: (!regions).then(|| i32::try_from(criterion.classes).unwrap_or(i32::MAX).saturating_add(first)),
            beyond: beyond(criterion.regions.as_deref().unwrap_or_default()),
        }
    }

    /// Every label stands for itself; those of the regions can be told apart whatever their size.
    pub(crate) fn of_any_label(ignore: Option<i64>, regions: &[Vec<i64>]) -> Self {
        Self { ignore, first: 0, mask: None, end: None, beyond: beyond(regions) }
    }

    /// What pixels of a region's label are loaded as: itself, or a small number for each one that is no index.
    #[inline(always)]
    pub(crate) fn code(&self, member: i64) -> i32 {
        match self.beyond.iter().position(|&label| label == member) {
            None => member as i32,
            Some(place) => i32::MIN + place as i32,
        }
    }

    /// One plane for each region: 1 where the label is one of the region's.
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
            for &member in region {
                let member = self.code(member);
                let pixels = labels.as_flattened().iter().zip(weights.as_flattened());
                for (t, (&label, &weight)) in plane.as_flattened_mut().iter_mut().zip(pixels) {
                    *t = if label == member && weight != 0.0 { 1.0 } else { *t };
                }
            }
        }
    }

    /// The class of a label, −1 for the background of a single class; `None` where it is out of range.
    pub(crate) fn class<L: Label>(&self, label: L) -> Option<i32> {
        let index = match self.mask {
            None => label.index(),
            Some(mask) if L::from_index(mask) == Some(label) => 1,
            Some(_) if label.value() == 0.0 => 0,
            Some(_) => return None,
        };
        let in_range = self.end.is_none_or(|end| (0..end).contains(&index));
        in_range.then_some(index - self.first)
    }

    /// Whether pixels of this label are not read.
    pub(crate) fn ignores<L: Label>(&self, label: L) -> bool {
        self.ignore.and_then(L::from_index) == Some(label)
    }
}

/// The labels that stand for no index of their own: [`Label::index`] saturates at these.
fn beyond(regions: &[Vec<i64>]) -> Vec<i64> {
    let indices = i64::from(i32::MIN) + 1..i64::from(i32::MAX);
    let mut labels: Vec<i64> = regions.iter().flatten().copied().filter(|label| !indices.contains(label)).collect();
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// Classes of labels; ignored pixels get weight 0. False where a label that counts is no integer or out of range.
#[inline(always)]
pub(crate) fn load_labels(source: Labels, map: &LabelMap, labels: &mut [[i32; BLOCK]], weights: &mut [Block]) -> bool {
    match source {
        Labels::U8(s) => load(s, map, labels, weights),
        Labels::I8(s) => load(s, map, labels, weights),
        Labels::U16(s) => load(s, map, labels, weights),
        Labels::I16(s) => load(s, map, labels, weights),
        Labels::U32(s) => load(s, map, labels, weights),
        Labels::I32(s) => load(s, map, labels, weights),
        Labels::U64(s) => load(s, map, labels, weights),
        Labels::I64(s) => load(s, map, labels, weights),
        Labels::F32(s) => load(s, map, labels, weights),
        Labels::F64(s) => load(s, map, labels, weights),
    }
}

#[inline(always)]
fn load<L: Label>(source: &[L], map: &LabelMap, labels: &mut [[i32; BLOCK]], weights: &mut [Block]) -> bool {
    let ignore = map.ignore.and_then(L::from_index);
    let mask = map.mask.and_then(L::from_index);
    let end = map.end.unwrap_or(i32::MAX);
    let any = map.end.is_none();
    let mut sound = true;
    let labels = labels.as_flattened_mut();
    labels[source.len()..].fill(-1);
    for ((to, weight), &label) in labels.iter_mut().zip(weights.as_flattened_mut()).zip(source) {
        let index = if mask == Some(label) { 1 } else { label.index() };
        let in_range = (index >= 0 && index < end) | any;
        // With a mask value, 1 itself is no label.
        let masked = map.mask.is_none() || mask == Some(label) || index == 0;
        *weight = if ignore == Some(label) { 0.0 } else { *weight };
        let counts = *weight != 0.0;
        // At the saturated ends the label is out of range, or one that `beyond` settles.
        *to = if counts { index.wrapping_sub(map.first) } else { -1 };
        sound &= !counts | (in_range & masked & label.is_integer());
    }
    if !map.beyond.is_empty() {
        settle_beyond(source, map, labels);
    }
    sound
}

/// Labels that are no index get the code of theirs, and i32::MAX, which is no label's, where no region has them.
fn settle_beyond<L: Label>(source: &[L], map: &LabelMap, labels: &mut [i32]) {
    let first_index = i32::MIN.saturating_add(i32::try_from(map.beyond.len()).unwrap_or(i32::MAX));
    for (to, &label) in labels.iter_mut().zip(source) {
        if *to == i32::MAX || *to < first_index {
            let member = map.beyond.iter().find(|&&member| L::from_index(member) == Some(label));
            *to = member.map_or(i32::MAX, |&member| map.code(member));
        }
    }
}

/// One label as a number.
pub(crate) fn label_value(labels: Labels, index: usize) -> f64 {
    match labels {
        Labels::U8(s) => s[index].value(),
        Labels::I8(s) => s[index].value(),
        Labels::U16(s) => s[index].value(),
        Labels::I16(s) => s[index].value(),
        Labels::U32(s) => s[index].value(),
        Labels::I32(s) => s[index].value(),
        Labels::U64(s) => s[index].value(),
        Labels::I64(s) => s[index].value(),
        Labels::F32(s) => s[index].value(),
        Labels::F64(s) => s[index].value(),
    }
}
