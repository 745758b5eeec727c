//! A stable sort of many non-negative numbers, the largest first: by digits of their bits, the last one first.

/// A non-negative number and its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry(u64);

impl Entry {
    /// Of a number that is neither negative nor NaN.
    pub(crate) fn new(number: f32, place: u32) -> Self {
        // The bits of such numbers are ordered as they are, here the other way round.
        Self(u64::from(!number.to_bits()) << 32 | u64::from(place))
    }

    /// The place.
    pub(crate) fn place(self) -> u32 {
        self.0 as u32
    }

    fn key(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// The bits of a digit: three make a key, and the counts of one stay in an L1 cache.
const DIGIT: u32 = 11;
const VALUES: usize = 1 << DIGIT;
const DIGITS: usize = u32::BITS.div_ceil(DIGIT) as usize;

/// So few are sorted by comparison.
const FEW: usize = 512;

/// Sorts by number, the largest first; equal ones stay in order. `spare` grows to as many entries.
pub(crate) fn sort_descending(entries: &mut Vec<Entry>, spare: &mut Vec<Entry>) {
    if entries.len() <= FEW {
        entries.sort_by_key(|entry| entry.key());
        return;
    }
    let digit = |entry: Entry, place: usize| (entry.key() >> (place as u32 * DIGIT)) as usize % VALUES;
    let mut counts = vec![[0_usize; VALUES]; DIGITS];
    for &entry in entries.iter() {
        for (place, counts) in counts.iter_mut().enumerate() {
            counts[digit(entry, place)] += 1;
        }
    }
    spare.resize(entries.len(), Entry::default());
    for (place, counts) in counts.iter_mut().enumerate() {
        if counts.contains(&entries.len()) {
            continue;
        }
        let mut next = 0;
        for count in counts.iter_mut() {
            next += std::mem::replace(count, next);
        }
        for &entry in entries.iter() {
            let to = &mut counts[digit(entry, place)];
            spare[*to] = entry;
            *to += 1;
        }
        std::mem::swap(entries, spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_stable_sort(
            numbers in prop_oneof![
                proptest::collection::vec((0_u32..=f32::INFINITY.to_bits()).prop_map(f32::from_bits), 0..3000),
                proptest::collection::vec((0_u8..9).prop_map(|n| f32::from(n) / 8.0), 0..3000),
            ],
        ) {
            let mut entries: Vec<_> = numbers.iter().zip(0..).map(|(&number, place)| Entry::new(number, place)).collect();
            let mut wanted: Vec<u32> = (0..numbers.len() as u32).collect();
            wanted.sort_by(|&a, &b| numbers[b as usize].total_cmp(&numbers[a as usize]));
            sort_descending(&mut entries, &mut Vec::new());
            prop_assert_eq!(entries.iter().map(|entry| entry.place()).collect::<Vec<_>>(), wanted);
        }
    }
}
