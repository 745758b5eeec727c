//! Between interleaved pixels, a row of all classes each, and planes of blocks.

use crate::simd::{Simd, SimdBase, f32x4, f32x16};
use crate::tile::planes::Element;
use crate::tile::{BLOCK, Block};

/// The pixels, and the classes, that are turned at a time.
///
/// Departure 13: 4 × 4 values in registers, class by class. One value after the other takes 0.35 to 0.55 ns each, so 0.08; 8 × 8
/// values take 0.14 (AVX-512) or 0.19 (AVX2), 16 × 16 values 0.18 or 0.40, and the pixels in the outer loop 0.15.
const SIDE: usize = 4;

/// The rows that are turned before the next ones, so that they stay in the L1 cache for all groups of classes.
const ROW_BYTES: usize = 24 << 10;

/// The pixels of those, in whole blocks.
fn pixels_at_a_time<T>(classes: usize) -> usize {
    (ROW_BYTES / (size_of::<T>() * classes * BLOCK)).max(1) * BLOCK
}

/// Copies rows into planes, each of `planes.len() / classes` blocks.
#[inline(never)]
pub(crate) fn load_rows<S: Simd, T: Element>(simd: S, rows: &[T], classes: usize, planes: &mut [Block]) {
    // Out of the caller, which would hold it many times over, it has to be said again which instructions may be used.
    simd.vectorize(
        #[inline(always)]
        || {
            let pixels = pixels_at_a_time::<T>(classes);
            for (part, rows) in rows.chunks(pixels * classes).enumerate() {
                load_part(simd, rows, classes, part * pixels / BLOCK, planes);
            }
        },
    );
}

/// Copies rows into planes, from this block on.
#[inline(always)]
fn load_part<S: Simd, T: Element>(simd: S, rows: &[T], classes: usize, from: usize, planes: &mut [Block]) {
    let quad = if matches!(classes, 2 | 4) { BLOCK } else { SIDE } * classes;
    let (quads, tail) = rows.split_at(rows.len() / quad * quad);
    match classes {
        1 => load_group::<S, T, 1>(simd, quads, classes, 0, from, planes),
        2 => load_pairs(simd, quads, from, planes),
        3 => load_group::<S, T, 3>(simd, quads, classes, 0, from, planes),
        4 => load_fours(simd, quads, from, planes),
        _ => {
            for first in (0..=classes - SIDE).step_by(SIDE) {
                load_group::<S, T, SIDE>(simd, quads, classes, first, from, planes);
            }
            // The last four: some of them a second time.
            if !classes.is_multiple_of(SIDE) {
                load_group::<S, T, SIDE>(simd, quads, classes, classes - SIDE, from, planes);
            }
        }
    }
    let (plane, done) = (planes.len() / classes, from * BLOCK + quads.len() / classes);
    let flat = planes.as_flattened_mut();
    for (pixel, row) in tail.chunks_exact(classes).enumerate() {
        for (class, &value) in row.iter().enumerate() {
            flat[class * plane * BLOCK + done + pixel] = value.to_f32();
        }
    }
}

/// `rows = merge(rows, planes)`: what [`load_rows`] does, the other way.
#[inline(always)]
pub(crate) fn store_rows<S: Simd, T: Copy + Default>(
    simd: S,
    planes: &[Block],
    rows: &mut [T],
    classes: usize,
    merge: impl Fn(T, f32) -> T + Copy,
) {
    let pixels = pixels_at_a_time::<T>(classes);
    for (part, rows) in rows.chunks_mut(pixels * classes).enumerate() {
        store_part(simd, planes, part * pixels / BLOCK, rows, classes, merge);
    }
}

/// The same of planes from a block on.
#[inline(always)]
fn store_part<S: Simd, T: Copy + Default>(
    simd: S,
    planes: &[Block],
    from: usize,
    rows: &mut [T],
    classes: usize,
    merge: impl Fn(T, f32) -> T + Copy,
) {
    let quad = if classes == 4 { BLOCK } else { SIDE } * classes;
    let (quads, tail) = rows.split_at_mut(rows.len() / quad * quad);
    match classes {
        1 => store_group::<S, T, 1, 1>(simd, planes, from, quads, classes, 0, merge),
        2 => store_pairs(simd, planes, from, quads, merge),
        3 => store_group::<S, T, 3, 3>(simd, planes, from, quads, classes, 0, merge),
        4 => store_fours(simd, planes, from, quads, merge),
        _ => {
            for first in (0..=classes - SIDE).step_by(SIDE) {
                store_group::<S, T, SIDE, SIDE>(simd, planes, from, quads, classes, first, merge);
            }
            let last = classes - SIDE;
            match classes % SIDE {
                0 => {}
                1 => store_group::<S, T, SIDE, 1>(simd, planes, from, quads, classes, last, merge),
                2 => store_group::<S, T, SIDE, 2>(simd, planes, from, quads, classes, last, merge),
                _ => store_group::<S, T, SIDE, 3>(simd, planes, from, quads, classes, last, merge),
            }
        }
    }
    let (plane, done) = (planes.len() / classes, from * BLOCK + quads.len() / classes);
    let flat = planes.as_flattened();
    for (pixel, row) in tail.chunks_exact_mut(classes).enumerate() {
        for (class, to) in row.iter_mut().enumerate() {
            *to = merge(*to, flat[class * plane * BLOCK + done + pixel]);
        }
    }
}

/// W classes from the first one on, of whole quads of pixels.
#[inline(always)]
fn load_group<S: Simd, T: Element, const W: usize>(
    simd: S,
    quads: &[T],
    classes: usize,
    first: usize,
    from: usize,
    planes: &mut [Block],
) {
    let count = quads.len() / (SIDE * classes);
    let plane = planes.len() / classes;
    let mut rest = planes[first * plane..].chunks_exact_mut(plane);
    let mut planes: [&mut [[f32; SIDE]]; W] = std::array::from_fn(|_| {
        &mut rest.next().unwrap_or_default()[from..].as_flattened_mut().as_chunks_mut().0[..count]
    });
    for (index, quad) in quads.chunks_exact(SIDE * classes).enumerate() {
        let row = |pixel: usize| &quad[pixel * classes + first..][..W];
        let turned = T::turn(simd, [row(0), row(1), row(2), row(3)]);
        for (plane, turned) in planes.iter_mut().zip(turned) {
            plane[index] = turned;
        }
    }
}

/// The last NEW of W classes.
#[inline(always)]
fn store_group<S: Simd, T: Copy + Default, const W: usize, const NEW: usize>(
    simd: S,
    planes: &[Block],
    from: usize,
    quads: &mut [T],
    classes: usize,
    first: usize,
    merge: impl Fn(T, f32) -> T + Copy,
) {
    let count = quads.len() / (SIDE * classes);
    let plane = planes.len() / classes;
    let mut rest = planes[first * plane..].chunks_exact(plane);
    let planes: [&[[f32; SIDE]]; W] =
        std::array::from_fn(|_| &rest.next().unwrap_or_default()[from..].as_flattened().as_chunks().0[..count]);
    for (index, quad) in quads.chunks_exact_mut(SIDE * classes).enumerate() {
        // All rows before the first write: the checks of their bounds then leave the loop.
        let (low, high) = quad.split_at_mut(2 * classes);
        let (a, b) = low.split_at_mut(classes);
        let (c, d) = high.split_at_mut(classes);
        let rows = [&mut a[first..][..W], &mut b[first..][..W], &mut c[first..][..W], &mut d[first..][..W]];
        let column = |class: usize| if class < W { planes[class][index] } else { [0.0; SIDE] };
        let turned = transpose(simd, [column(0), column(1), column(2), column(3)]);
        for (row, values) in rows.into_iter().zip(turned) {
            let old = padded(row, |old| old);
            let mut merged = merge_four(old, values, merge);
            merged[..W - NEW].copy_from_slice(&old[..W - NEW]);
            row.copy_from_slice(&merged[..W]);
        }
    }
}

/// Departure 14: where there are two classes and no other, a vector of rows is two pixels. Halves what 4 × 2 values take.
#[inline(always)]
fn load_pairs<S: Simd, T: Element>(simd: S, quads: &[T], from: usize, planes: &mut [Block]) {
    let (first, second) = planes.split_at_mut(planes.len() / 2);
    let planes = first[from..].iter_mut().zip(&mut second[from..]);
    for ([low, high], (first, second)) in quads.as_chunks().0.as_chunks().0.iter().zip(planes) {
        let (even, odd) = convert_block(simd, low).deinterleave(convert_block(simd, high));
        (*first, *second) = (even.to_array(), odd.to_array());
    }
}

/// The same of four classes and no other: a vector of rows is four pixels.
#[inline(always)]
fn load_fours<S: Simd, T: Element>(simd: S, quads: &[T], from: usize, planes: &mut [Block]) {
    let plane = planes.len() / 4;
    let mut planes = planes.chunks_exact_mut(plane);
    let mut planes: [&mut [Block]; 4] = std::array::from_fn(|_| &mut planes.next().unwrap_or_default()[from..]);
    for (block, [a, b, c, d]) in quads.as_chunks().0.as_chunks().0.iter().enumerate() {
        let (even_low, odd_low) = convert_block(simd, a).deinterleave(convert_block(simd, b));
        let (even_high, odd_high) = convert_block(simd, c).deinterleave(convert_block(simd, d));
        let (first, third) = even_low.deinterleave(even_high);
        let (second, fourth) = odd_low.deinterleave(odd_high);
        for (plane, turned) in planes.iter_mut().zip([first, second, third, fourth]) {
            plane[block] = turned.to_array();
        }
    }
}

#[inline(always)]
fn convert_block<S: Simd, T: Element>(simd: S, row: &[T; BLOCK]) -> f32x16<S> {
    let mut converted = [0.0; BLOCK];
    for (to, value) in converted.iter_mut().zip(row) {
        *to = value.to_f32();
    }
    f32x16::load_array(simd, converted)
}

#[inline(always)]
fn store_pairs<S: Simd, T: Copy>(
    simd: S,
    planes: &[Block],
    from: usize,
    quads: &mut [T],
    merge: impl Fn(T, f32) -> T + Copy,
) {
    let (first, second) = planes.split_at(planes.len() / 2);
    let planes = first[from..].as_flattened().as_chunks().0.iter().zip(second[from..].as_flattened().as_chunks().0);
    for ([low, high], (first, second)) in quads.as_chunks_mut::<SIDE>().0.as_chunks_mut().0.iter_mut().zip(planes) {
        let (first, second) = (f32x4::load_array_ref(simd, first), f32x4::load_array_ref(simd, second));
        let (even, odd) = first.interleave(second);
        *low = merge_four(*low, even.to_array(), merge);
        *high = merge_four(*high, odd.to_array(), merge);
    }
}

#[inline(always)]
fn store_fours<S: Simd, T: Copy>(
    simd: S,
    planes: &[Block],
    from: usize,
    quads: &mut [T],
    merge: impl Fn(T, f32) -> T + Copy,
) {
    let mut planes = planes.chunks_exact(planes.len() / 4);
    let planes: [&[Block]; 4] = std::array::from_fn(|_| &planes.next().unwrap_or_default()[from..]);
    for (block, rows) in quads.as_chunks_mut::<BLOCK>().0.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let plane = |class: usize| f32x16::load_array_ref(simd, &planes[class][block]);
        let (even_low, even_high) = plane(0).interleave(plane(2));
        let (odd_low, odd_high) = plane(1).interleave(plane(3));
        let (a, b) = even_low.interleave(odd_low);
        let (c, d) = even_high.interleave(odd_high);
        for (row, values) in rows.iter_mut().zip([a, b, c, d]) {
            for (to, value) in row.iter_mut().zip(values.to_array()) {
                *to = merge(*to, value);
            }
        }
    }
}

/// Four at once, so that the compiler makes one vector of them.
#[inline(always)]
fn merge_four<T>([a, b, c, d]: [T; SIDE], [p, q, r, s]: [f32; SIDE], merge: impl Fn(T, f32) -> T) -> [T; SIDE] {
    [merge(a, p), merge(b, q), merge(c, r), merge(d, s)]
}

/// The values of a row, converted, and zeros behind them.
#[inline(always)]
pub(crate) fn padded<T: Copy, U: Copy + Default>(row: &[T], convert: impl Fn(T) -> U) -> [U; SIDE] {
    let mut padded = [U::default(); SIDE];
    for (to, &value) in padded.iter_mut().zip(row) {
        *to = convert(value);
    }
    padded
}

/// Rows to columns.
#[inline(always)]
pub(crate) fn transpose<S: Simd>(simd: S, rows: [[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    let [a, b, c, d] = rows;
    let (a, b) = (f32x4::load_array(simd, a), f32x4::load_array(simd, b));
    let (c, d) = (f32x4::load_array(simd, c), f32x4::load_array(simd, d));
    let (even_low, even_high) = a.interleave(c);
    let (odd_low, odd_high) = b.interleave(d);
    let (first, second) = even_low.interleave(odd_low);
    let (third, fourth) = even_high.interleave(odd_high);
    [first.to_array(), second.to_array(), third.to_array(), fourth.to_array()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, dispatch};

    fn check_loading<T: Element>(level: Level, classes: usize, pixels: usize, make: fn(usize) -> T) {
        let rows: Vec<T> = (0..classes * pixels).map(make).collect();
        let blocks = pixels.div_ceil(BLOCK);
        let untouched = -7.0;
        let mut planes = vec![[untouched; BLOCK]; classes * blocks];
        dispatch!(level, simd => load_rows(simd, &rows, classes, &mut planes));
        for (at, &value) in planes.as_flattened().iter().enumerate() {
            let (class, pixel) = (at / (blocks * BLOCK), at % (blocks * BLOCK));
            let wanted = if pixel < pixels { rows[pixel * classes + class].to_f32() } else { untouched };
            assert_eq!(
                value.to_bits(),
                wanted.to_bits(),
                "class {class} of {classes}, pixel {pixel} of {pixels} at {}",
                level.name()
            );
        }
    }

    fn check_storing(level: Level, classes: usize, pixels: usize) {
        let blocks = pixels.div_ceil(BLOCK);
        let planes: Vec<Block> =
            (0..classes * blocks).map(|b| std::array::from_fn(|i| (b * BLOCK + i) as f32)).collect();
        let old: Vec<f64> = (0..classes * pixels).map(|i| 0.5 * i as f64).collect();
        let mut rows = old.clone();
        let merge = |old: f64, value: f32| 3.0 * old + f64::from(value);
        dispatch!(level, simd => store_rows(simd, &planes, &mut rows, classes, merge));
        for (at, (&found, &old)) in rows.iter().zip(&old).enumerate() {
            let (pixel, class) = (at / classes, at % classes);
            let value = planes.as_flattened()[class * blocks * BLOCK + pixel];
            let place = format!("class {class} of {classes}, pixel {pixel} of {pixels} at {}", level.name());
            assert_eq!(found, merge(old, value), "{place}");
        }
    }

    #[test]
    fn every_value_comes_to_its_place_at_every_level() {
        for level in Level::available() {
            for classes in (1..=40).chain([64, 150]) {
                for pixels in (1..=21).chain([31, 32, 33, 48, 61]) {
                    check_loading(level, classes, pixels, |i| i as f32 - 0.25);
                    check_loading(level, classes, pixels, |i| i as f64 - 0.25);
                    check_loading(level, classes, pixels, |i| (i * 37 % 251) as u8);
                    check_storing(level, classes, pixels);
                }
            }
        }
    }

    #[test]
    fn values_are_moved_bit_by_bit() {
        let odd = [f32::NAN.to_bits(), 0x7f80_0001, 0xffc1_2345, 1, 0x8000_0000, f32::INFINITY.to_bits()];
        for level in Level::available() {
            for classes in 2..=6 {
                let rows: Vec<f32> = (0..classes * 35).map(|i| f32::from_bits(odd[i % odd.len()])).collect();
                let mut planes = vec![[0.0; BLOCK]; classes * 3];
                dispatch!(level, simd => load_rows(simd, &rows, classes, &mut planes));
                let mut back = vec![0.0_f32; rows.len()];
                dispatch!(level, simd => store_rows(simd, &planes, &mut back, classes, |_, value| value));
                let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&back), bits(&rows), "{classes} classes at {}", level.name());
            }
        }
    }
}
