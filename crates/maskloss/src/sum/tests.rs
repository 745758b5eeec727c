use super::*;
use proptest::prelude::*;
use std::cmp::Ordering;

/// A natural number in units of 2⁻¹⁰⁷⁴, as 32-bit digits, the least first: the oracle's own
/// arithmetic, written for its plainness.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Natural(Vec<u32>);

impl Natural {
    const LENGTH: usize = 72;

    /// The finite f64 with these bits; the bits of +∞ give 2¹⁰²⁴, the next number there would be.
    fn of_f64_bits(bits: u64) -> Self {
        let exponent = (bits >> 52 & 0x7ff) as usize;
        let fraction = bits & 0x000f_ffff_ffff_ffff;
        let (significand, shift) = match exponent {
            0 => (fraction, 0),
            _ => (fraction | 1 << 52, exponent - 1),
        };
        let mut number = Self(vec![0; Self::LENGTH]);
        for bit in (0..53).filter(|bit| significand >> bit & 1 == 1) {
            number.0[(bit + shift) / 32] |= 1 << ((bit + shift) % 32);
        }
        number
    }

    fn plus(&self, other: &Self) -> Self {
        let mut carry = 0;
        let digits = self.0.iter().zip(&other.0).map(|(&a, &b)| {
            let sum = u64::from(a) + u64::from(b) + carry;
            carry = sum >> 32;
            sum as u32
        });
        Self(digits.collect())
    }

    fn minus(&self, smaller: &Self) -> Self {
        let mut borrow = 0;
        let digits = self.0.iter().zip(&smaller.0).map(|(&a, &b)| {
            let difference = i64::from(a) - i64::from(b) - borrow;
            borrow = i64::from(difference < 0);
            difference as u32
        });
        Self(digits.collect())
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    /// The nearest f64, found by bisection: the bits of positive f64 are in the order of their
    /// values.
    fn nearest_f64(&self) -> f64 {
        let (mut below, mut above) = (0, f64::INFINITY.to_bits());
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if Self::of_f64_bits(middle).compare(self).is_le() {
                below = middle;
            } else {
                above = middle;
            }
        }
        let twice = self.plus(self);
        let midpoint_twice = Self::of_f64_bits(below).plus(&Self::of_f64_bits(above));
        f64::from_bits(match twice.compare(&midpoint_twice) {
            Ordering::Less => below,
            Ordering::Greater => above,
            Ordering::Equal => below + (below & 1),
        })
    }
}

/// The correctly rounded sum of finite addends.
fn oracle(addends: &[f64]) -> f64 {
    let total = |negative: bool| {
        let of_that_sign = addends.iter().filter(|addend| addend.is_sign_negative() == negative);
        of_that_sign.fold(Natural(vec![0; Natural::LENGTH]), |total, addend| {
            total.plus(&Natural::of_f64_bits(addend.abs().to_bits()))
        })
    };
    let (positive, negative) = (total(false), total(true));
    match positive.compare(&negative) {
        Ordering::Less => -negative.minus(&positive).nearest_f64(),
        Ordering::Equal => 0.0,
        Ordering::Greater => positive.minus(&negative).nearest_f64(),
    }
}

fn sum_of(addends: &[f64]) -> ExactSum {
    let mut sum = ExactSum::new();
    addends.iter().for_each(|&addend| sum.add(addend));
    sum
}

fn assert_same_bits(actual: f64, expected: f64) {
    assert_eq!(actual.to_bits(), expected.to_bits(), "{actual:e} is not {expected:e}");
}

/// Addends that meet the hard cases: any bits, neighbors in size that cancel, subnormal ones.
fn addend() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite()),
        2 => (-4_i64..=4, 0_i32..120).prop_map(|(m, e)| m as f64 * libm::ldexp(1.0, e - 60)),
        2 => (0_u64..1 << 54, any::<bool>())
            .prop_map(|(bits, negative)| f64::from_bits(bits | u64::from(negative) << 63)),
        1 => prop_oneof![Just(f64::MAX), Just(f64::MIN), Just(0.0), Just(-0.0)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_sum_is_the_exact_one_correctly_rounded(addends in prop::collection::vec(addend(), 0..12)) {
        assert_same_bits(sum_of(&addends).value(), oracle(&addends));
    }

    #[test]
    fn what_cancels_leaves_no_trace(
        addends in prop::collection::vec(addend(), 1..12),
        rest in prop::collection::vec(addend(), 0..3),
    ) {
        let mut sum = sum_of(&rest);
        addends.iter().for_each(|&addend| sum.add(addend));
        addends.iter().rev().for_each(|&addend| sum.add(-addend));
        assert_same_bits(sum.value(), oracle(&rest));
    }

    #[test]
    fn neither_order_nor_split_matters(
        addends in prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 0..40),
        split in any::<prop::sample::Index>(),
        order in any::<u64>(),
    ) {
        let expected = sum_of(&addends).value();
        let mut shuffled = addends.clone();
        shuffled.sort_by_key(|addend| addend.to_bits().wrapping_mul(order | 1));
        let (left, right) = shuffled.split_at(split.index(addends.len() + 1));
        let mut left_first = sum_of(left);
        left_first.merge(&sum_of(right));
        assert_same_bits(left_first.value(), expected);
        let mut right_first = sum_of(right);
        right_first.merge(&sum_of(left));
        assert_same_bits(right_first.value(), expected);
    }

    #[test]
    fn one_addend_comes_back_as_it_went_in(bits in any::<u64>()) {
        let addend = f64::from_bits(bits);
        let expected = if addend.is_nan() { f64::NAN } else { addend + 0.0 };
        assert_same_bits(sum_of(&[addend]).value(), expected);
        prop_assert!(!matches!(sum_of(&[addend]).finite, Finite::Many(_)));
    }
}

#[test]
fn ties_go_to_the_even_neighbor() {
    const HALF_ULP: f64 = f64::EPSILON / 2.0;
    assert_same_bits(sum_of(&[1.0, HALF_ULP]).value(), 1.0);
    assert_same_bits(sum_of(&[1.0, HALF_ULP, 5e-324]).value(), 1.0 + f64::EPSILON);
    assert_same_bits(sum_of(&[1.0, HALF_ULP, -5e-324]).value(), 1.0);
    let odd = 1.0 + f64::EPSILON;
    assert_same_bits(sum_of(&[odd, HALF_ULP]).value(), odd + f64::EPSILON);
    assert_same_bits(sum_of(&[odd, HALF_ULP, -5e-324]).value(), odd);
}

#[test]
fn sums_of_subnormal_numbers_are_exact() {
    let least = f64::from_bits(1);
    assert_same_bits(sum_of(&[least; 3]).value(), f64::from_bits(3));
    let largest_subnormal = f64::from_bits((1 << 52) - 1);
    assert_same_bits(sum_of(&[largest_subnormal, least]).value(), f64::MIN_POSITIVE);
    assert_same_bits(sum_of(&[f64::MIN_POSITIVE, -least]).value(), largest_subnormal);
    assert_same_bits(sum_of(&[1e300, -least, -1e300]).value(), -least);
}

#[test]
fn only_a_sum_beyond_the_largest_number_is_infinite() {
    const HALF_ULP_OF_MAX: f64 = 9.979_201_547_673_6e291;
    assert_same_bits(sum_of(&[f64::MAX, f64::MAX, f64::MIN]).value(), f64::MAX);
    assert_same_bits(sum_of(&[f64::MAX, HALF_ULP_OF_MAX, -1.0]).value(), f64::MAX);
    assert_same_bits(sum_of(&[f64::MAX, HALF_ULP_OF_MAX]).value(), f64::INFINITY);
    assert_same_bits(sum_of(&[f64::MIN; 1000]).value(), f64::NEG_INFINITY);
}

#[test]
fn zeros_of_either_sign_sum_to_positive_zero() {
    assert_same_bits(ExactSum::new().value(), 0.0);
    assert_same_bits(sum_of(&[-0.0]).value(), 0.0);
    assert_same_bits(sum_of(&[-0.0, -0.0]).value(), 0.0);
    assert_same_bits(sum_of(&[1.0, -1.0, -0.0]).value(), 0.0);
    assert_same_bits(sum_of(&[-0.0, -3.0]).value(), -3.0);
}

#[test]
fn infinities_and_nan_win_in_any_order() {
    const MAX: f64 = f64::MAX;
    const INF: f64 = f64::INFINITY;
    let cases = [
        (vec![INF, 1.0, MAX, MAX], INF),
        (vec![-INF, MAX, MAX], -INF),
        (vec![INF, INF], INF),
        (vec![INF, -INF], f64::NAN),
        (vec![-INF, 1.0, INF, INF], f64::NAN),
        (vec![-f64::NAN, INF], f64::NAN),
        (vec![f64::from_bits(0xfff0_0000_0000_0001), 2.0], f64::NAN),
    ];
    for (mut addends, expected) in cases {
        for _ in 0..addends.len() {
            addends.rotate_left(1);
            assert_same_bits(sum_of(&addends).value(), expected);
            let mut merged = sum_of(&addends[..1]);
            merged.merge(&sum_of(&addends[1..]));
            assert_same_bits(merged.value(), expected);
        }
    }
}

#[test]
fn carries_are_spread_before_a_digit_overflows() {
    // 2³¹ additions of the number that fills a digit most, reached by doubling.
    let mut expected = f64::from_bits(u64::MAX >> 12 | 40 << 52);
    let mut sum = sum_of(&[expected, 0.0]);
    sum.add(expected);
    expected *= 2.0;
    for _ in 1..70 {
        sum.merge(&sum.clone());
        expected *= 2.0;
        assert_same_bits(sum.value(), expected);
        if let Finite::Many(digits) = &sum.finite {
            assert!(digits.pending <= MAX_PENDING);
        }
    }
    if let Finite::Many(digits) = &mut sum.finite {
        digits.pending = MAX_PENDING;
    }
    sum.add(-expected);
    assert_same_bits(sum.value(), 0.0);
}

#[test]
fn lanes_fold_by_the_fixed_tree() {
    let lanes = [1e16, 1.0, -1e16, 2.0, 1.0, 1.0, 1.0, -1.0];
    let folded = ((1e16 + 1.0) + (-1e16 + 1.0)) + ((1.0 + 1.0) + (2.0 - 1.0));
    assert_same_bits(fold8(lanes), folded);
    assert_same_bits(fold8([-0.0; 8]), -0.0);
}
