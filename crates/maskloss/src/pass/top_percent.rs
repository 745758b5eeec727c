//! Cross-entropy of the worst pixels: which those are, and the sums over them alone.
//!
//! It takes the losses of all pixels (8 bytes each, for as long as they are compared) and a weight for each (4 bytes): that of the
//! caller where the pixel is among the worst, else 0. From there on it is the cross-entropy of these weights.

use crate::criterion::{Criterion, Loss};
use crate::fault::Fault;
use crate::parallel::Execution;
use crate::pass::pixel_losses::pixel_losses;
use crate::pass::statistics::statistics;
use crate::statistics::Statistics;
use crate::tensor::{Floats, Input};

/// The pixels of the largest losses.
pub(crate) struct TopPixels {
    /// One a pixel, `[samples, pixels]`.
    pub(crate) weights: Vec<f32>,
    /// The sums over them.
    pub(crate) statistics: Statistics,
    /// `m·ℓ` of each pixel, 0 where it is not among them; where they are wanted.
    pub(crate) losses: Vec<f64>,
}

/// What stands for the loss of a pixel that does not count: −0, which no sum that starts at 0 is.
const UNCOUNTED: f64 = -0.0;

fn counts(loss: f64) -> bool {
    loss.to_bits() != UNCOUNTED.to_bits()
}

/// So many per cent of all pixels, rounded down, those of the largest loss: NaN the largest, the first of equal ones, none that does
/// not count.
pub(crate) fn top_pixels(
    criterion: &Criterion,
    loss: &Loss,
    percent: f64,
    input: &Input,
    execution: &Execution,
) -> Result<TopPixels, Fault> {
    let mut losses = pixel_losses(criterion, loss, 1.0, Some(UNCOUNTED), input, execution);
    let wanted = (losses.len() as f64 * percent / 100.0).floor() as usize;
    let weight = |pixel: usize| match input.pixel_weights {
        None => 1.0,
        Some(Floats::F32(weights)) => weights[pixel],
        Some(Floats::F64(weights)) => weights[pixel] as f32,
    };
    let mut weights = vec![0.0; losses.len()];
    let Threshold { key, mut ties } = threshold(&losses, wanted);
    for (pixel, loss) in losses.iter_mut().enumerate() {
        let own = order(*loss);
        let tie = own == key && ties > 0;
        ties -= usize::from(tie);
        if own > key || tie {
            weights[pixel] = weight(pixel);
        } else {
            *loss = 0.0;
        }
    }
    let of_them = Input { pixel_weights: Some(Floats::F32(&weights)), ..*input };
    let mut statistics = statistics(criterion, &of_them, loss.sums(), execution)?;
    statistics.pixels = wanted;
    Ok(TopPixels { weights, statistics, losses })
}

/// A number for a loss, larger for a larger one; 0 for none.
fn order(loss: f64) -> u64 {
    let bits = loss.to_bits();
    match (loss.is_nan(), loss.is_sign_negative()) {
        _ if !counts(loss) => 0,
        (true, _) => u64::MAX,
        (false, true) => !bits,
        (false, false) => bits | 1 << 63,
    }
}

/// The least that is taken: all above it, and so many of those equal to it.
struct Threshold {
    key: u64,
    ties: usize,
}

/// The bits of a digit, and how many values it has.
const DIGIT: u32 = 16;
const VALUES: usize = 1 << DIGIT;

/// Finds the place of so many largest losses, digit by digit, the leading one first: each time the losses that share the digits found
/// so far are counted by their next one.
fn threshold(losses: &[f64], wanted: usize) -> Threshold {
    let counted = losses.iter().filter(|&&loss| counts(loss)).count();
    let mut ties = wanted.min(counted);
    if ties == 0 {
        return Threshold { key: u64::MAX, ties };
    }
    let (mut key, mut known) = (0, 0);
    let mut counts = vec![0; VALUES];
    for shift in (0..u64::BITS).step_by(DIGIT as usize).rev() {
        counts.fill(0);
        for own in losses.iter().map(|&loss| order(loss)).filter(|own| own & known == key) {
            counts[(own >> shift) as usize % VALUES] += 1;
        }
        let mut digit = VALUES - 1;
        while counts[digit] < ties {
            ties -= counts[digit];
            digit -= 1;
        }
        key |= (digit as u64) << shift;
        known |= (VALUES as u64 - 1) << shift;
    }
    Threshold { key, ties }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(losses: &[f64], wanted: usize) -> Vec<usize> {
        let Threshold { key, mut ties } = threshold(losses, wanted);
        let mut found = Vec::new();
        for (pixel, &loss) in losses.iter().enumerate() {
            let tie = order(loss) == key && ties > 0;
            ties -= usize::from(tie);
            if order(loss) > key || tie {
                found.push(pixel);
            }
        }
        found
    }

    #[test]
    fn they_are_those_that_a_stable_sort_puts_first() {
        let infinite = f64::INFINITY;
        let losses = [0.5, f64::NAN, UNCOUNTED, 2.0, 0.5, -infinite, 0.0, -1.0, infinite, 0.5, UNCOUNTED, 1e-300];
        let mut sorted: Vec<usize> = (0..losses.len()).filter(|&i| counts(losses[i])).collect();
        sorted.sort_by_key(|&i| std::cmp::Reverse(order(losses[i])));
        for wanted in 0..=losses.len() {
            let mut first = sorted[..wanted.min(sorted.len())].to_vec();
            first.sort_unstable();
            assert_eq!(chosen(&losses, wanted), first, "{wanted}");
        }
    }
}
