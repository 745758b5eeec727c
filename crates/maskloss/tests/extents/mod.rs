//! The extents that tests draw: samples, classes, pixels.

use proptest::prelude::*;

pub fn extents() -> impl Strategy<Value = (usize, usize, usize)> {
    let pixels = prop_oneof![
        3 => 1..68_usize,
        2 => (1..300_usize).prop_map(|blocks| 16 * blocks),
        1 => 4090..4104_usize,
        1 => 8190..8200_usize,
        1 => 16_384..20_000_usize,
    ];
    (1..4_usize, prop_oneof![4 => 2..8_usize, 1 => 17..20_usize], pixels)
}
