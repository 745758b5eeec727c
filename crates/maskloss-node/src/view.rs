//! Typed arrays of JavaScript, borrowed for the time of one call. All the unsafe code of the project is in this file.
//!
//! Why it is sound: a native call holds the JavaScript thread, so that nothing can detach, shrink or free a buffer before it
//! returns; lengths come from the engine, never from a property; an array that is written is compared with every array that is
//! read before its memory is borrowed. What remains is a `SharedArrayBuffer` that another thread writes meanwhile: the values are
//! then unspecified, and the kernels index nothing by them unchecked.

use std::ptr::{null_mut, slice_from_raw_parts, slice_from_raw_parts_mut};

use maskloss::{Floats, FloatsMut, Labels, Planes};
use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};

/// A typed array: where it lies, how long it is, and of what.
pub struct View {
    kind: sys::napi_typedarray_type,
    data: *mut std::ffi::c_void,
    len: usize,
}

impl TypeName for View {
    fn type_name() -> &'static str {
        "TypedArray"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for View {}

impl FromNapiValue for View {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let (mut kind, mut len, mut data) = (0, 0, null_mut());
        // SAFETY: env and value are those of the running call; the out-pointers are to locals; null asks for nothing.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                value,
                &raw mut kind,
                &raw mut len,
                &raw mut data,
                null_mut(),
                null_mut(),
            )
        };
        if status != sys::Status::napi_ok {
            return Err(refused("a typed array"));
        }
        let view = Self { kind, data, len };
        // V8 aligns its own memory; an external buffer of another addon may lie anywhere.
        if (data as usize).is_multiple_of(view.element_size()) { Ok(view) } else { Err(refused("aligned memory")) }
    }
}

/// An `ArrayBuffer` of numbers: a third of what looking at a typed array costs, which asks for each element type in turn.
pub struct Numbers(View);

impl TypeName for Numbers {
    fn type_name() -> &'static str {
        "ArrayBuffer"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Numbers {}

impl FromNapiValue for Numbers {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let (mut data, mut bytes) = (null_mut(), 0);
        // SAFETY: env and value are those of the running call; the out-pointers are to locals.
        let status = unsafe { sys::napi_get_arraybuffer_info(env, value, &raw mut data, &raw mut bytes) };
        if status != sys::Status::napi_ok || !(data as usize).is_multiple_of(size_of::<f64>()) {
            return Err(refused("an ArrayBuffer of numbers"));
        }
        Ok(Self(View { kind: kind::F64, data, len: bytes / size_of::<f64>() }))
    }
}

impl Numbers {
    /// The numbers as an array like any other.
    pub fn view(self) -> View {
        self.0
    }
}

/// What `napi_get_typedarray_info` says of the elements. One place knows the numbers.
mod kind {
    pub const I8: i32 = 0;
    pub const U8: i32 = 1;
    pub const U8_CLAMPED: i32 = 2;
    pub const I16: i32 = 3;
    pub const U16: i32 = 4;
    pub const I32: i32 = 5;
    pub const U32: i32 = 6;
    pub const F32: i32 = 7;
    pub const F64: i32 = 8;
    pub const I64: i32 = 9;
    pub const U64: i32 = 10;
}

fn refused(what: &str) -> Error {
    Error::new(Status::InvalidArg, format!("Expected {what}"))
}

impl View {
    /// The elements, as a type that the caller has matched `kind` with.
    fn slice<T>(&self) -> &[T] {
        if self.len == 0 || self.data.is_null() {
            return &[];
        }
        // SAFETY: V8 gives `len` elements at `data`, aligned for their type, alive and unmoved while the call holds the
        // JavaScript thread; `kind` was matched with T by the caller; mutable borrows overlap none (`disjoint`).
        unsafe { &*slice_from_raw_parts(self.data.cast::<T>(), self.len) }
    }

    /// The same, to write to.
    fn slice_mut<T>(&mut self) -> &mut [T] {
        if self.len == 0 || self.data.is_null() {
            return &mut [];
        }
        // SAFETY: as in `slice`; every other view of the call was found disjoint from this one before it is borrowed.
        unsafe { &mut *slice_from_raw_parts_mut(self.data.cast::<T>(), self.len) }
    }

    fn element_size(&self) -> usize {
        match self.kind {
            kind::I8 | kind::U8 | kind::U8_CLAMPED => 1,
            kind::I16 | kind::U16 => 2,
            kind::I32 | kind::U32 | kind::F32 => 4,
            _ => 8,
        }
    }

    fn byte_range(&self) -> std::ops::Range<usize> {
        let start = self.data as usize;
        start..start.saturating_add(self.len.saturating_mul(self.element_size()))
    }

    /// Whether the two share no byte.
    pub fn disjoint(&self, other: &Self) -> bool {
        let (a, b) = (self.byte_range(), other.byte_range());
        a.is_empty() || b.is_empty() || a.end <= b.start || b.end <= a.start
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// A prediction or pixel weights.
    pub fn floats(&self) -> Result<Floats<'_>> {
        match self.kind {
            kind::F32 => Ok(Floats::F32(self.slice())),
            kind::F64 => Ok(Floats::F64(self.slice())),
            _ => Err(refused("a Float32Array or a Float64Array")),
        }
    }

    /// A gradient.
    pub fn floats_mut(&mut self) -> Result<FloatsMut<'_>> {
        match self.kind {
            kind::F32 => Ok(FloatsMut::F32(self.slice_mut())),
            kind::F64 => Ok(FloatsMut::F64(self.slice_mut())),
            _ => Err(refused("a Float32Array or a Float64Array")),
        }
    }

    /// Numbers.
    pub fn numbers(&self) -> Result<&[f64]> {
        if self.kind == kind::F64 { Ok(self.slice()) } else { Err(refused("a Float64Array")) }
    }

    /// Numbers to write to.
    pub fn numbers_mut(&mut self) -> Result<&mut [f64]> {
        if self.kind == kind::F64 { Ok(self.slice_mut()) } else { Err(refused("a Float64Array")) }
    }

    /// Labels.
    pub fn labels(&self) -> Result<Labels<'_>> {
        Ok(match self.kind {
            kind::I8 => Labels::I8(self.slice()),
            kind::U8 | kind::U8_CLAMPED => Labels::U8(self.slice()),
            kind::I16 => Labels::I16(self.slice()),
            kind::U16 => Labels::U16(self.slice()),
            kind::I32 => Labels::I32(self.slice()),
            kind::U32 => Labels::U32(self.slice()),
            kind::F32 => Labels::F32(self.slice()),
            kind::F64 => Labels::F64(self.slice()),
            kind::I64 => Labels::I64(self.slice()),
            kind::U64 => Labels::U64(self.slice()),
            _ => return Err(refused("a typed array of labels")),
        })
    }

    /// A target with a plane for each class.
    pub fn planes(&self) -> Result<Planes<'_>> {
        Ok(match self.kind {
            kind::U8 | kind::U8_CLAMPED => Planes::U8(self.slice()),
            kind::F32 => Planes::F32(self.slice()),
            kind::F64 => Planes::F64(self.slice()),
            _ => return Err(refused("a Uint8Array, a Float32Array or a Float64Array")),
        })
    }
}
