//! Fortran order (first axis fastest) into C order (last axis fastest).

use crate::error::ReadError;
use crate::source::reserve;

/// A tile of this many elements each way fits the first-level cache, read side and written side.
const TILE: usize = 32;

/// Turns the bytes of an array of the given shape; `size` is that of an element.
pub(super) fn to_c_order(data: Vec<u8>, shape: &[u64], size: usize) -> Result<Vec<u8>, ReadError> {
    // Axes of length 1 do not move anything; with one axis left both orders are the same.
    let axes: Vec<usize> = shape.iter().filter(|&&length| length != 1).map(|&length| length as usize).collect();
    if axes.len() < 2 || data.is_empty() {
        return Ok(data);
    }
    let mut turned = reserve(data.len() as u64)?;
    turned.resize(data.len(), 0);
    match size {
        1 => turn::<1>(&data, &mut turned, &axes),
        2 => turn::<2>(&data, &mut turned, &axes),
        4 => turn::<4>(&data, &mut turned, &axes),
        _ => turn::<8>(&data, &mut turned, &axes),
    }
    Ok(turned)
}

/// For every index of the middle axes: transpose, tile by tile, the matrix of the first axis (fastest in
/// `from`) and the last (fastest in `to`).
fn turn<const N: usize>(from: &[u8], to: &mut [u8], axes: &[usize]) {
    let (from, to) = (from.as_chunks::<N>().0, to.as_chunks_mut::<N>().0);
    let (first, last) = (axes[0], axes[axes.len() - 1]);
    let middle = &axes[1..axes.len() - 1];
    // The distance between neighbours along the last axis in `from`, along the first in `to`.
    let (from_stride, to_stride) = (from.len() / last, to.len() / first);
    let mut index = vec![0; middle.len()];
    loop {
        let (from_start, to_start) = starts(&index, middle, first, last);
        for row in (0..first).step_by(TILE) {
            for column in (0..last).step_by(TILE) {
                for i in row..first.min(row + TILE) {
                    for j in column..last.min(column + TILE) {
                        to[to_start + i * to_stride + j] = from[from_start + i + j * from_stride];
                    }
                }
            }
        }
        let Some(axis) = (0..middle.len()).rev().find(|&axis| index[axis] + 1 < middle[axis]) else {
            return;
        };
        index[axis] += 1;
        index[axis + 1..].fill(0);
    }
}

/// Where a middle index begins: in Fortran order counted from the first axis, in C order from the last.
fn starts(index: &[usize], middle: &[usize], first: usize, last: usize) -> (usize, usize) {
    let (mut from, mut stride) = (0, first);
    for (i, length) in index.iter().zip(middle) {
        from += i * stride;
        stride *= length;
    }
    let (mut to, mut stride) = (0, last);
    for (i, length) in index.iter().zip(middle).rev() {
        to += i * stride;
        stride *= length;
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every element says where it belongs: its number in C order.
    fn check<const N: usize>(shape: &[u64]) {
        let count: u64 = shape.iter().product();
        let mut fortran = vec![[0; N]; count as usize];
        for number in 0..count {
            let (mut rest, mut place) = (number, 0);
            for (axis, &length) in shape.iter().enumerate().rev() {
                place += rest % length * shape[..axis].iter().product::<u64>();
                rest /= length;
            }
            fortran[place as usize].copy_from_slice(&number.to_le_bytes()[..N]);
        }
        let turned = to_c_order(fortran.concat(), shape, N).unwrap();
        let expected: Vec<u8> = (0..count).flat_map(|number| number.to_le_bytes()[..N].to_vec()).collect();
        assert_eq!(turned, expected, "{shape:?} of {N} bytes");
    }

    #[test]
    fn every_element_arrives() {
        for shape in
            [&[][..], &[5], &[2, 3], &[33, 70], &[1, 4, 1, 3], &[3, 4, 5], &[2, 3, 4, 35], &[2, 2, 2, 2, 3], &[0, 4]]
        {
            check::<1>(shape);
            check::<2>(shape);
            check::<4>(shape);
            check::<8>(shape);
        }
    }
}
