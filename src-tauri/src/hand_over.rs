//! A second start, at its cheapest: hands its arguments to the instance that runs, and ends.
//!
//! The single-instance plugin does the same, but only once the window system is up, and then ends the process under
//! the threads that it has. Asking the session bus first takes a few milliseconds, and a link reaches the window
//! sooner. When nobody answers, the start goes on as if this had not been tried.

use zbus::blocking::Connection;

/// Whether a running instance took `arguments` over, in the plugin's own words.
pub fn to_running_instance(identifier: &str, arguments: &[String]) -> bool {
    let name = format!("{identifier}.SingleInstance");
    let path = format!("/{}", name.replace('.', "/").replace('-', "_"));
    let folder = std::env::current_dir().unwrap_or_default();
    let call = || {
        Connection::session()?.call_method(
            Some(name.as_str()),
            path.as_str(),
            Some("org.SingleInstance.DBus"),
            "ExecuteCallback",
            &(arguments, folder.to_string_lossy().as_ref()),
        )
    };
    call().is_ok()
}
