//! Where voxels lie in the room: the three methods of the NIfTI specification, the surest first.

use super::header::Header;
use crate::error::ReadError;

/// Voxel indices x, y, z into millimetres: `srow` if `sform_code > 0`, else the quaternion if
/// `qform_code > 0`, else the voxel sizes alone.
pub(super) fn affine(header: &Header) -> Result<[f64; 12], ReadError> {
    let (field, affine) = if header.sform_code > 0 {
        ("srow", header.srow)
    } else if header.qform_code > 0 {
        ("quatern", quaternion_affine(header))
    } else {
        let [x, y, z] = voxel_size(header);
        ("pixdim", [x, 0.0, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 0.0, z, 0.0])
    };
    match affine.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(ReadError::header(field, "finite numbers", value)),
        None => Ok(affine),
    }
}

/// The distances between voxels along the (up to three) axes of the room that the file has, last axis of
/// the file first, as the tensor has them.
pub(super) fn spacing(header: &Header) -> Option<Vec<f64>> {
    let rank = header.dims.len().min(3);
    let mut spacing: Vec<f64> = header.pixdim[1..=rank].iter().map(|size| size.abs()).collect();
    spacing.reverse();
    spacing.iter().all(|size| size.is_finite() && *size > 0.0).then_some(spacing)
}

/// Voxel sizes are lengths; one that is not given counts as 1.
fn voxel_size(header: &Header) -> [f64; 3] {
    std::array::from_fn(|axis| match header.pixdim[1 + axis].abs() {
        0.0 => 1.0,
        size => size,
    })
}

/// Rotation by the unit quaternion `a + bi + cj + dk`, of which the file gives b, c, d and a ≥ 0 follows;
/// times the voxel sizes, the third negated where `pixdim[0]` is negative; and the offsets.
fn quaternion_affine(header: &Header) -> [f64; 12] {
    let [b, c, d, offset_x, offset_y, offset_z] = header.qform;
    let square = b * b + c * c + d * d;
    // 1 − square is a²; rounding in the file can bring it to nearly zero or just below, a half turn.
    let (a, norm) = match 1.0 - square {
        rest if rest < header.quaternion_tolerance => (0.0, square),
        rest => (rest.sqrt(), 1.0),
    };
    let s = 2.0 / norm;
    let [x, y, mut z] = voxel_size(header);
    if header.pixdim[0] < 0.0 {
        z = -z;
    }
    [
        (1.0 - s * (c * c + d * d)) * x,
        s * (b * c - a * d) * y,
        s * (b * d + a * c) * z,
        offset_x,
        s * (b * c + a * d) * x,
        (1.0 - s * (b * b + d * d)) * y,
        s * (c * d - a * b) * z,
        offset_y,
        s * (b * d - a * c) * x,
        s * (c * d + a * b) * y,
        (1.0 - s * (b * b + c * c)) * z,
        offset_z,
    ]
}
