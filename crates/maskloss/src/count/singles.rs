//! Counts of regions of one label each, in one look at each pixel.

use super::{CountInput, Decision, SampleCounts};
use crate::tensor::Target;
use crate::tile::BLOCK;

/// Regions of one label each: from a label to its region. A table instead of a comparison for each region and pixel.
pub(super) struct Singles {
    table: Vec<u16>,
    /// True positives, predicted and reference pixels of each region; the last place takes what is in none.
    counts: Vec<[u32; 3]>,
}

impl Singles {
    /// Larger labels would make a table that does not fit a cache.
    const LARGEST: i64 = 1 << 12;

    pub(super) fn new(input: &CountInput) -> Option<Self> {
        let maps = matches!(input.reference, Target::Labels(_)) && !matches!(input.prediction, Decision::Threshold(..));
        let mut table = vec![u16::try_from(input.regions.len()).ok()?; Self::LARGEST as usize];
        for (k, region) in input.regions.iter().enumerate() {
            match region.as_slice() {
                &[label]
                    if (0..Self::LARGEST).contains(&label) && table[label as usize] as usize == input.regions.len() =>
                {
                    table[label as usize] = k as u16;
                }
                _ => return None,
            }
        }
        maps.then(|| Self { table, counts: vec![[0; 3]; input.regions.len() + 1] })
    }

    /// The region of a label; the last place for none.
    #[inline(always)]
    fn region(&self, label: i32) -> usize {
        self.table.get(label as usize).map_or(self.counts.len() - 1, |&k| k as usize)
    }

    #[inline(always)]
    pub(super) fn add_tile(
        &mut self,
        predicted: &[[i32; BLOCK]],
        referred: &[[i32; BLOCK]],
        weights: &[f32],
        counts: &mut SampleCounts,
    ) {
        let pairs = predicted.as_flattened().iter().zip(referred.as_flattened()).zip(weights);
        for ((&predicted, &referred), &m) in pairs {
            if m != 0.0 {
                let (p, r) = (self.region(predicted), self.region(referred));
                self.counts[p][0] += u32::from(p == r);
                self.counts[p][1] += 1;
                self.counts[r][2] += 1;
            }
        }
        for (total, part) in counts.regions.iter_mut().zip(&mut self.counts) {
            for (total, part) in total.iter_mut().zip(std::mem::take(part)) {
                *total += u64::from(part);
            }
        }
        self.counts.fill([0; 3]);
    }
}
