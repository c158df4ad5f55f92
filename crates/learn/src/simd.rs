//! Runs a loop with the widest vector instructions that the processor has.
//!
//! The compiler never contracts, reorders or reassociates floating-point operations on its own, and the loops here use
//! no fused multiply-add, so bits do not depend on the processor; only time does. (`chunk` has the same few lines; they
//! are not part of its interface.)

/// A loop. Mark `run`, and all that it calls, `#[inline(always)]`: only what is inlined gets the instructions.
pub trait Kernel {
    fn run(self);
}

/// Runs the kernel, which is compiled once for every x86-64 processor and once more for AVX2.
#[inline(always)]
pub fn run<K: Kernel>(kernel: K) {
    pulp::Arch::new().dispatch(Wide(kernel));
}

struct Wide<K>(K);

impl<K: Kernel> pulp::WithSimd for Wide<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        self.0.run();
    }
}
