//! A function's variant, its NumPy name and its documentation, side by side.

/// Defines an enum of functions with NumPy's names.
macro_rules! functions {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
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
