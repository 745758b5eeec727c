//! Tests of a function of one f32: reference, subject, range, tolerance.

use super::Level;
use rayon::prelude::*;

/// A vector function and what it must do.
pub(super) struct UnaryTester {
    /// Replaces every value by the function's result, at a level.
    pub subject: fn(Level, &mut [f32]),
    /// The true value in f64, already 0, ±∞ or NaN where the f32 result must be.
    pub reference: fn(f32) -> f64,
    /// The largest error allowed of a normal result.
    pub max_ulps: f64,
}

/// What a run over many inputs found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Findings {
    pub inputs: u64,
    /// The worst error of the first level, in units of the last place, and where it is.
    pub worst_ulps: f64,
    pub worst_input: f32,
    /// How many results of the other levels have other bits than the first, and one input.
    pub mismatches: u64,
    pub mismatched_input: f32,
}

impl Findings {
    fn and(self, other: Self) -> Self {
        let worst = if other.worst_ulps > self.worst_ulps { other } else { self };
        let mismatched = if other.mismatches > 0 { other } else { self };
        Self {
            inputs: self.inputs + other.inputs,
            worst_ulps: worst.worst_ulps,
            worst_input: worst.worst_input,
            mismatches: self.mismatches + other.mismatches,
            mismatched_input: mismatched.mismatched_input,
        }
    }
}

const BLOCK: u32 = 4096;

impl UnaryTester {
    /// Tests every `stride`-th of the 2³² bit patterns, in order of the patterns: 1 is all.
    pub fn check_bit_patterns(&self, stride: u32) -> Findings {
        let patterns = (1_u64 << 32).div_ceil(u64::from(stride));
        let blocks = patterns.div_ceil(u64::from(BLOCK)) as u32;
        let findings = (0..blocks)
            .into_par_iter()
            .map(|block| {
                let first = u64::from(block) * u64::from(BLOCK);
                let count = (patterns - first).min(u64::from(BLOCK));
                let pattern = |i: u64| f32::from_bits(((first + i) * u64::from(stride)) as u32);
                self.examine(&(0..count).map(pattern).collect::<Vec<_>>())
            })
            .reduce(Findings::default, Findings::and);
        self.judge(findings)
    }

    /// Tests the `neighbors` bit patterns on each side of every edge, and the edges.
    pub fn check_around(&self, edges: &[f32], neighbors: u32) -> Findings {
        let around = |edge: &f32| {
            let first = edge.to_bits().wrapping_sub(neighbors);
            (0..=2 * neighbors).map(move |i| f32::from_bits(first.wrapping_add(i)))
        };
        self.judge(self.examine(&edges.iter().flat_map(around).collect::<Vec<_>>()))
    }

    /// Tests that no lane depends on what the others hold: each input alone in its vector, and
    /// beside each of the others.
    pub fn check_lanes_alone(&self, inputs: &[f32]) {
        for level in Level::available() {
            for &x in inputs {
                let mut alone = [x; 16];
                (self.subject)(level, &mut alone);
                for &neighbor in inputs {
                    let mut beside = [neighbor; 16];
                    beside[3] = x;
                    (self.subject)(level, &mut beside);
                    assert!(same_number(beside[3], alone[3]), "{x:e} beside {neighbor:e} at {}", level.name());
                }
            }
        }
    }

    /// The results at the first level, which every level must share.
    pub fn results(&self, inputs: &[f32]) -> Vec<f32> {
        let mut results = inputs.to_vec();
        (self.subject)(Level::detect(), &mut results);
        results
    }

    fn examine(&self, inputs: &[f32]) -> Findings {
        let results = self.results(inputs);
        let mut findings = Findings { inputs: inputs.len() as u64, ..Findings::default() };
        for (&x, &y) in inputs.iter().zip(&results) {
            let ulps = ulps_between(y, (self.reference)(x));
            if ulps > findings.worst_ulps {
                findings.worst_ulps = ulps;
                findings.worst_input = x;
            }
        }
        for level in &Level::available()[1..] {
            let mut others = inputs.to_vec();
            (self.subject)(*level, &mut others);
            for ((&x, &first), &other) in inputs.iter().zip(&results).zip(&others) {
                if !same_number(first, other) {
                    findings.mismatches += 1;
                    findings.mismatched_input = x;
                }
            }
        }
        findings
    }

    fn judge(&self, findings: Findings) -> Findings {
        let Findings { inputs, worst_ulps, worst_input, mismatches, mismatched_input } = findings;
        assert!(
            worst_ulps <= self.max_ulps,
            "worst of {inputs} inputs is {worst_input:e} ({:#010x}): {:e} is {worst_ulps} ULP from {:e}",
            worst_input.to_bits(),
            self.results(&[worst_input])[0],
            (self.reference)(worst_input),
        );
        assert_eq!(
            mismatches,
            0,
            "levels disagree on {mismatches} of {inputs} inputs, one is {mismatched_input:e} ({:#010x})",
            mismatched_input.to_bits(),
        );
        findings
    }
}

/// Equal bits, but for NaN, whose bits carry no meaning.
fn same_number(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// |result − truth| in units of the last place of an f32 at the true value. Where the truth is
/// 0, infinite, NaN or rounds to infinity there is no unit: exactly that result, or infinity.
fn ulps_between(result: f32, truth: f64) -> f64 {
    let rounded = truth as f32;
    let no_unit = truth == 0.0 || !rounded.is_finite();
    if no_unit || !result.is_finite() {
        return if same_number(result, rounded) { 0.0 } else { f64::INFINITY };
    }
    const EXPONENT_OF_SMALLEST_NORMAL: i32 = -126;
    let exponent = libm::ilogb(truth).max(EXPONENT_OF_SMALLEST_NORMAL);
    (f64::from(result) - truth).abs() / libm::ldexp(1.0, exponent - 23)
}

#[test]
fn the_unit_of_the_last_place_is_that_of_the_true_value() {
    assert_eq!(ulps_between(1.0 + f32::EPSILON, 1.0), 1.0);
    assert_eq!(ulps_between(1.0 - f32::EPSILON / 2.0, 1.0), 0.5);
    assert_eq!(ulps_between(f32::from_bits(3), f64::from(f32::from_bits(1))), 2.0);
    assert_eq!(ulps_between(f32::INFINITY, 1e39), 0.0);
    assert_eq!(ulps_between(f32::MAX, f64::INFINITY), f64::INFINITY);
    assert_eq!(ulps_between(f32::NAN, f64::NAN), 0.0);
    assert_eq!(ulps_between(0.0, f64::NAN), f64::INFINITY);
    assert_eq!(ulps_between(-0.0, 0.0), f64::INFINITY);
}
