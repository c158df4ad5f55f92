//! Generates the client and server of our control service from plain Rust messages, so that nobody needs `protoc`.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let method = |name: &str, route: &str, input: &str, output: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(format!("crate::protocol::{input}"))
            .output_type(format!("crate::protocol::{output}"))
            .codec_path("tonic_prost::ProstCodec")
    };
    let control = Service::builder()
        .name("Control")
        .package("phalanx")
        .method(method("attach", "Attach", "Beat", "Command").client_streaming().server_streaming().build())
        .method(method("session", "Session", "Hello", "Update").server_streaming().build())
        .method(method("describe", "Describe", "Empty", "Json").build())
        .method(method("failed", "Failed", "Empty", "Json").build())
        .method(method("observe", "Observe", "View", "Json").build())
        .method(method("report", "Report", "Report", "Empty").build())
        .method(method("scattered", "Scattered", "Scattered", "Empty").build())
        .method(method("save", "Save", "JobName", "Saved").build())
        .method(method("own", "Own", "JobName", "Empty").build())
        .method(method("cancel", "Cancel", "JobName", "Empty").build())
        .method(method("release", "Release", "Freed", "Empty").build())
        .method(method("gang", "Gang", "GangRequest", "GangPlaces").server_streaming().build())
        .method(method("retire", "Retire", "Workers", "Empty").build())
        .method(method("needs_nothing", "NeedsNothing", "Workers", "Empty").build())
        .method(method("token", "Token", "TokenRequest", "Json").build())
        .method(method("goodbye", "Goodbye", "JobName", "Empty").build())
        .build();
    Builder::new().compile(&[control]);
}
