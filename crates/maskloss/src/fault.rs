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

/// What all workers made, merged; or the first fault that one of them found.
pub(crate) fn merged_or_first_fault<T>(
    (own, others): (Result<T, Fault>, Vec<Result<T, Fault>>),
    merge: impl Fn(T, T) -> T,
) -> Result<T, Fault> {
    others.into_iter().fold(own, |all, one| match (all, one) {
        (Ok(all), Ok(one)) => Ok(merge(all, one)),
        (Err(first), Err(fault)) => Err(if fault.precedes(&first) { fault } else { first }),
        (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(fault),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(sample: usize, pixel: usize) -> Fault {
        Fault { kind: FaultKind::LabelOutOfRange, value: 9.0, sample, class: 0, pixel }
    }

    #[test]
    fn a_fault_is_the_first_one_in_any_order_of_the_workers() {
        let mut results = [Err(fault(1, 0)), Ok(()), Err(fault(0, 7)), Err(fault(0, 8))];
        for _ in 0..results.len() {
            let (own, others) = results.split_first().expect("four workers");
            assert_eq!(merged_or_first_fault((*own, others.to_vec()), |(), ()| ()), Err(fault(0, 7)));
            results.rotate_left(1);
        }
        assert_eq!(merged_or_first_fault((Ok(1), vec![Ok(2), Ok(3)]), |a, b| a + b), Ok(6));
    }
}
