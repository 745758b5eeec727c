//! The vector unit: every kernel of the engine is written against this module, and it alone
//! knows the SIMD crate.
//!
//! Kernels use vectors of one width at every level (16 × f32, 8 × f64). A narrower machine does
//! the same operations on the same lanes in several registers, so that the level cannot change
//! a bit of a result.
//!
//! Two rules keep that true and fast:
//! - every function below [`dispatch!`] is `#[inline(always)]`, or its intrinsics become calls;
//! - × and + are never fused, but for [`fused_multiply_add`], which rounds once at every level.

mod exp;
mod ln;
#[cfg(test)]
mod testing;

pub(crate) use exp::{exp, exp_each, exp_of_each, have_normal_results, largest_size};
pub(crate) use fearless_simd::prelude::*;
pub(crate) use fearless_simd::{
    MaskWiden, Simd, f32x4, f32x16, f64x8, i32x4, i32x16, mask32x16, u8x16, u8x32, u8x64, u32x4, u32x16,
};
pub(crate) use ln::ln;

/// Runs an expression at a level: `dispatch!(level, simd => kernel(simd, …))`.
///
/// One call takes a few nanoseconds: dispatch once per chunk of work, inside the thread that
/// does it.
macro_rules! dispatch {
    ($level:expr, $simd:pat => $operation:expr) => {
        fearless_simd::dispatch!($crate::simd::Level::token($level), $simd => $operation)
    };
}
pub(crate) use dispatch;

/// A set of vector instructions that this processor was seen to have.
#[derive(Clone, Copy, Debug)]
pub struct Level(fearless_simd::Level);

impl Level {
    /// The best level of this processor.
    #[must_use]
    pub fn detect() -> Self {
        Self(fearless_simd::Level::new())
    }

    /// Every level this processor can run, best first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        levels_below(fearless_simd::Level::new()).into_iter().map(Self).collect()
    }

    /// The level of that name, if this processor can run it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::available().into_iter().find(|level| level.name() == name)
    }

    /// `avx512`, `avx2`, `sse4.2`, `sse2`, `neon`, `wasm-simd128` or `scalar`.
    #[must_use]
    pub fn name(self) -> &'static str {
        name(self.0)
    }

    #[inline(always)]
    pub(crate) fn token(self) -> fearless_simd::Level {
        self.0
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn levels_below(best: fearless_simd::Level) -> Vec<fearless_simd::Level> {
    use fearless_simd::Level;
    let levels = [
        best.as_avx512().map(Level::Avx512),
        best.as_avx2().map(Level::Avx2),
        best.as_sse4_2().map(Level::Sse4_2),
        best.as_sse2().map(Level::Sse2),
        best.is_fallback().then_some(best),
    ];
    levels.into_iter().flatten().collect()
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn levels_below(best: fearless_simd::Level) -> Vec<fearless_simd::Level> {
    vec![best]
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn name(level: fearless_simd::Level) -> &'static str {
    // A level holds those below it: ask from the top.
    if level.as_avx512().is_some() {
        "avx512"
    } else if level.as_avx2().is_some() {
        "avx2"
    } else if level.as_sse4_2().is_some() {
        "sse4.2"
    } else if level.as_sse2().is_some() {
        "sse2"
    } else {
        "scalar"
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn name(level: fearless_simd::Level) -> &'static str {
    if level.is_fallback() {
        "scalar"
    } else if cfg!(target_arch = "wasm32") {
        "wasm-simd128"
    } else {
        "neon"
    }
}

#[cfg(target_arch = "x86_64")]
fearless_simd::kernel!(
    #[inline(always)]
    fn prefetch_by_sse2(sse2: Sse2, place: *const i8) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(place);
    }
);

/// The bytes that [`prefetch`] asks for at a time.
pub(crate) const LINE: usize = 64;

/// Asks for what is read or written soon, into the L2 cache: the L1 cache has no room for it beside this tile. The processor
/// itself looks ahead in few streams, and in none beyond a page.
#[inline(always)]
pub(crate) fn prefetch<S: Simd, T>(simd: S, place: &T) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse2) = simd.level().as_sse2() {
        prefetch_by_sse2(sse2, std::ptr::from_ref(place).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (simd, place);
}

/// Whether the level has an instruction that multiplies and adds with one rounding. Constant
/// once `S` is known.
#[inline(always)]
fn has_fused_multiply_add<S: Simd>(simd: S) -> bool {
    let level = simd.level();
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return level.as_avx2().is_some();
    #[cfg(target_arch = "aarch64")]
    return level.as_neon().is_some();
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let _ = level;
        false
    }
}

/// a·b + c with one rounding, for the inside of [`exp`] and [`ln`] only.
///
/// Where the level has no such instruction: the product of two f32 is exact in f64, so the f64
/// sum is rounded once to 53 bits and then once more to 24. Rounding twice can differ from
/// rounding once (where the f64 sum falls on the midpoint of two f32); that it never does in
/// `exp` and `ln` is shown by their exhaustive tests, over every f32. A use elsewhere would
/// need the same proof.
#[inline(always)]
fn fused_multiply_add<S: Simd>(simd: S, a: f32x16<S>, b: f32x16<S>, c: f32x16<S>) -> f32x16<S> {
    if has_fused_multiply_add(simd) {
        a.mul_add_precise(b, c)
    } else {
        let (a_low, a_high) = a.widen();
        let (b_low, b_high) = b.widen();
        let (c_low, c_high) = c.widen();
        (a_low * b_low + c_low).narrow(a_high * b_high + c_high)
    }
}

/// Evaluates an `#[inline(always)]` closure written with [`fused_multiply_add`]: in line where that is one instruction,
/// else by a call.
///
/// Done in f64, `exp` and `ln` are a thousand instructions, which some kernels would hold several times over, and the
/// crate would take minutes to compile. The call costs a tenth of them.
#[inline(always)]
fn in_line_if_short<S: Simd, R>(simd: S, function: impl FnOnce() -> R) -> R {
    #[inline(never)]
    fn by_a_call<S: Simd, R>(simd: S, function: impl FnOnce() -> R) -> R {
        // Out of the kernel, it has to be said again which instructions may be used.
        simd.vectorize(function)
    }
    if has_fused_multiply_add(simd) { function() } else { by_a_call(simd, function) }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn the_detected_level_is_the_first_available_one() {
        let levels = Level::available();
        assert_eq!(levels[0].name(), Level::detect().name());
    }

    #[test]
    fn every_available_level_is_found_by_its_name() {
        for level in Level::available() {
            let found = Level::from_name(level.name()).map(Level::name);
            assert_eq!(found, Some(level.name()));
        }
        assert!(Level::from_name("").is_none());
        assert!(Level::from_name("avx1024").is_none());
    }

    #[test]
    fn a_kernel_runs_at_the_level_it_was_sent_to() {
        for level in Level::available() {
            let ran = dispatch!(level, simd => super::name(super::Simd::level(simd)));
            assert_eq!(ran, level.name());
        }
    }
}
