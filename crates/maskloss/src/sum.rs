//! Sums that do not depend on the order of their addends.
//!
//! The engine adds pixels in fixed lanes and fixed chunks ([`fold8`]), then the chunks' sums in
//! whatever order the threads finish ([`ExactSum`]). The first is rounded but always in the same
//! order, the second is exact: the total has the same bits however the work was split.

#[cfg(test)]
mod tests;

/// The sum of a chunk's eight lanes, by a fixed tree: lanes four apart, then two, then one.
#[inline]
#[must_use]
pub fn fold8(lanes: [f64; 8]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// An exact sum of any number of f64 of any size, rounded once, when it is read.
///
/// The value depends on the addends only, not on their order nor on how they were split over
/// sums that were merged:
/// - of finite addends: the f64 nearest to the exact sum, ties to even; infinite if the exact
///   sum is beyond the largest f64;
/// - with an infinity: that infinity; with both, or with a NaN: NaN, always the same one;
/// - of no addends, of zeros of either sign, and where everything cancels: +0.
///
/// A sum of one non-zero addend is that addend, and nothing is allocated for it.
#[derive(Clone, Debug, Default)]
pub struct ExactSum {
    finite: Finite,
    /// The sum of the addends that are not finite. On 0, ±∞ and NaN the addition of f64 is
    /// itself free of order.
    non_finite: f64,
}

/// The finite addends, zeros left out.
#[derive(Clone, Debug, Default)]
enum Finite {
    #[default]
    None,
    One(f64),
    Many(Box<Digits>),
}

impl ExactSum {
    /// The sum of no addends.
    #[must_use]
    pub const fn new() -> Self {
        Self { finite: Finite::None, non_finite: 0.0 }
    }

    /// Adds one number.
    pub fn add(&mut self, addend: f64) {
        if !addend.is_finite() {
            self.non_finite += addend;
        } else if addend != 0.0 {
            match &mut self.finite {
                Finite::None => self.finite = Finite::One(addend),
                Finite::One(first) => {
                    let mut digits = Digits::ZERO;
                    digits.add(*first);
                    digits.add(addend);
                    self.finite = Finite::Many(Box::new(digits));
                }
                Finite::Many(digits) => digits.add(addend),
            }
        }
    }

    /// Adds every addend of another sum.
    pub fn merge(&mut self, other: &Self) {
        self.non_finite += other.non_finite;
        match (&mut self.finite, &other.finite) {
            (_, Finite::None) => {}
            (_, Finite::One(addend)) => self.add(*addend),
            (Finite::Many(digits), Finite::Many(others)) => digits.merge(others),
            (_, Finite::Many(others)) => {
                let own = std::mem::replace(&mut self.finite, Finite::Many(others.clone()));
                if let Finite::One(addend) = own {
                    self.add(addend);
                }
            }
        }
    }

    /// The sum, rounded to the nearest f64.
    #[must_use]
    pub fn value(&self) -> f64 {
        if self.non_finite.is_nan() {
            return f64::NAN;
        }
        if self.non_finite != 0.0 {
            return self.non_finite;
        }
        match &self.finite {
            Finite::None => 0.0,
            Finite::One(addend) => *addend,
            Finite::Many(digits) => digits.to_f64(),
        }
    }
}

/// How many bits of the sum a digit stands for.
const DIGIT_BITS: u32 = 32;
const DIGIT_MASK: u64 = (1 << DIGIT_BITS) - 1;

/// Every finite f64 is a multiple of 2⁻¹⁰⁷⁴ below 2¹⁰²⁴, a number of 2098 bits; 68 digits have
/// 2176, room for the carries of 2⁶⁴ additions and the sign.
const DIGITS: usize = 68;

/// Carries are spread before this many additions are pending. Each changes a digit by less than
/// 2³², so a digit stays below 2⁶² and cannot overflow.
const MAX_PENDING: u32 = 1 << 30;

/// A number in units of 2⁻¹⁰⁷⁴: Σ digit·2³²ⁱ, with digits of either sign that may be larger than
/// 32 bits until their carries are spread.
#[derive(Clone, Debug)]
struct Digits {
    digits: [i64; DIGITS],
    /// A bound: no digit is above `pending`·2³² in size.
    pending: u32,
}

impl Digits {
    const ZERO: Self = Self { digits: [0; DIGITS], pending: 0 };

    fn add(&mut self, addend: f64) {
        if self.pending >= MAX_PENDING {
            self.spread_carries();
        }
        self.pending += 1;

        // The addend is ±significand·2^(exponent − 1074).
        let bits = addend.to_bits();
        let exponent_field = (bits >> 52) as usize & 0x7ff;
        let implicit_bit = u64::from(exponent_field != 0) << 52;
        let significand = bits & ((1 << 52) - 1) | implicit_bit;
        let exponent = exponent_field.max(1) - 1;

        let first = exponent / DIGIT_BITS as usize;
        let shifted = u128::from(significand) << (exponent % DIGIT_BITS as usize);
        let sign = 1 - 2 * (bits >> 63) as i64;
        let parts = self.digits[first..].first_chunk_mut::<3>().expect("three digits hold 85 bits");
        parts[0] += sign * (shifted as u64 & DIGIT_MASK) as i64;
        parts[1] += sign * ((shifted >> DIGIT_BITS) as u64 & DIGIT_MASK) as i64;
        parts[2] += sign * (shifted >> (2 * DIGIT_BITS)) as i64;
    }

    fn merge(&mut self, other: &Self) {
        if self.pending + other.pending > MAX_PENDING {
            self.spread_carries();
            let mut other = other.clone();
            other.spread_carries();
            self.add_digits(&other);
        } else {
            self.add_digits(other);
        }
    }

    fn add_digits(&mut self, other: &Self) {
        for (own, others) in self.digits.iter_mut().zip(&other.digits) {
            *own += others;
        }
        self.pending += other.pending;
    }

    /// Brings every digit to [0, 2³²) but the last, which keeps the sign of the number.
    fn spread_carries(&mut self) {
        let (last, others) = self.digits.split_last_mut().expect("there are 68 digits");
        let mut carry = 0;
        for digit in others {
            let sum = *digit + carry;
            *digit = sum & DIGIT_MASK as i64;
            carry = sum >> DIGIT_BITS;
        }
        *last += carry;
        self.pending = 1;
    }

    fn to_f64(&self) -> f64 {
        let mut magnitude = self.clone();
        magnitude.spread_carries();
        let negative = magnitude.digits[DIGITS - 1] < 0;
        if negative {
            magnitude.digits.iter_mut().for_each(|digit| *digit = -*digit);
            magnitude.spread_carries();
        }
        let size = magnitude.round_to_f64();
        if negative { -size } else { size }
    }

    /// The nearest f64 of a number that is not negative and whose carries are spread.
    fn round_to_f64(&self) -> f64 {
        let Some(top) = self.digits.iter().rposition(|&digit| digit != 0) else {
            return 0.0;
        };
        // Three digits hold at least 65 bits from the leading one on.
        let digit = |below: usize| top.checked_sub(below).map_or(0, |i| self.digits[i] as u128);
        let leading = digit(0) << (2 * DIGIT_BITS) | digit(1) << DIGIT_BITS | digit(2);
        let any_below = self.digits[..top.saturating_sub(2)].iter().any(|&digit| digit != 0);

        // The place of the leading bit; below 2⁵³ units the number is an f64 as it stands, and
        // its value in units is its bit pattern (this holds for all subnormal numbers).
        let leading_zeros = leading.leading_zeros() - (u128::BITS - 3 * DIGIT_BITS);
        let place = DIGIT_BITS as usize * (top + 1) - 1 - leading_zeros as usize;
        if place < 53 {
            return f64::from_bits((leading >> (DIGIT_BITS * (2 - top as u32))) as u64);
        }
        let cut = 3 * DIGIT_BITS - leading_zeros - 53;
        let significand = (leading >> cut) as u64;
        let rest = leading & ((1 << cut) - 1);
        let half = 1 << (cut - 1);
        let up = rest > half || rest == half && (any_below || significand & 1 == 1);

        // The significand's leading bit raises the exponent field by one; a carry out of the
        // significand raises it once more, up to infinity.
        let bits = ((place as u64 - 52) << 52) + significand + u64::from(up);
        f64::from_bits(bits.min(f64::INFINITY.to_bits()))
    }
}
