//! A function's variant, its NumPy name, the types that it is made for and its documentation, side by side.

use crate::dtype::{DType, Kind};

/// For which kinds of types a function has a loop, and what becomes of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loops(u8);

impl Loops {
    pub const BOOL: Loops = Loops(1);
    pub const INTEGER: Loops = Loops(2);
    pub const FLOAT: Loops = Loops(4);
    pub const COMPLEX: Loops = Loops(8);
    /// `bool` is taken as `int8`.
    pub const BOOL_AS_INT8: Loops = Loops(16);
    /// Integers and `bool` become `float64`, however short they are.
    pub const INTEGER_AS_DOUBLE: Loops = Loops(32);
    /// Everything becomes `float64` or `complex128`.
    pub const WIDEST: Loops = Loops(64);

    pub const INEXACT: Loops = Self::FLOAT.and(Self::COMPLEX);
    pub const REAL: Loops = Self::INTEGER.and(Self::FLOAT);
    pub const NUMBER: Loops = Self::REAL.and(Self::COMPLEX);
    pub const ALL: Loops = Self::BOOL.and(Self::NUMBER);

    pub const fn and(self, other: Loops) -> Loops {
        Loops(self.0 | other.0)
    }

    pub const fn has(self, other: Loops) -> bool {
        self.0 & other.0 == other.0
    }

    /// The type to which arguments of these types are cast: the first loop, from narrow to wide, that holds them all.
    pub fn resolve(self, inputs: &[DType]) -> Option<DType> {
        let common = inputs.iter().copied().reduce(DType::promote)?;
        let float = || match inputs.iter().map(|d| d.float()).reduce(DType::promote) {
            _ if self.has(Loops::INTEGER_AS_DOUBLE) => Some(DType::Float64),
            float if self.has(Loops::FLOAT) => float,
            _ => None,
        };
        let own = match common.kind() {
            Kind::Bool if self.has(Loops::BOOL) => Some(common),
            Kind::Bool if self.has(Loops::BOOL_AS_INT8) => Some(DType::Int8),
            Kind::Bool if self.has(Loops::INTEGER) => None,
            Kind::Bool => float(),
            Kind::Signed | Kind::Unsigned if self.has(Loops::INTEGER) => Some(common),
            Kind::Signed | Kind::Unsigned => float(),
            Kind::Float => self.has(Loops::FLOAT).then_some(common),
            Kind::Complex => self.has(Loops::COMPLEX).then_some(common),
        };
        let widest = |own: DType| if own.is_complex() { DType::Complex128 } else { DType::Float64 };
        if self.has(Loops::WIDEST) { own.map(widest) } else { own }
    }
}

/// The type in which a function answers, from that of its loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The loop's.
    Same,
    /// `bool`.
    Truth,
    /// The type of the parts of complex numbers; for others the loop's.
    Part,
    /// `uint8`.
    Count,
    /// `int32`.
    Exponent,
}

impl Answer {
    pub const fn dtype(self, of_loop: DType) -> DType {
        match self {
            Answer::Same => of_loop,
            Answer::Truth => DType::Bool,
            Answer::Part => of_loop.real(),
            Answer::Count => DType::UInt8,
            Answer::Exponent => DType::Int32,
        }
    }
}

/// Defines an enum of functions with NumPy's names, each as `Variant = "name": loops => answer`.
macro_rules! functions {
    ($(#[$meta:meta])* $type:ident {
        $($(#[$doc:meta])* $variant:ident = $name:literal: $first:ident $(| $more:ident)* => $answer:ident,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $type { $($(#[$doc])* $variant,)* }

        impl $type {
            /// All functions.
            pub const ALL: &[$type] = &[$($type::$variant),*];

            /// NumPy's name.
            pub const fn name(&self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }

            const fn loops(self) -> Loops {
                match self { $($type::$variant => Loops::$first$(.and(Loops::$more))*,)* }
            }

            const fn answer(self) -> Answer {
                match self { $($type::$variant => Answer::$answer,)* }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Error;

            /// Parses NumPy's name.
            fn from_str(name: &str) -> $crate::Result<$type> {
                $type::ALL.iter().copied().find(|f| f.name() == name).ok_or_else(|| {
                    $crate::Error::value(format!("there is no function named {name:?}"))
                })
            }
        }
    };
}

pub(crate) use functions;
