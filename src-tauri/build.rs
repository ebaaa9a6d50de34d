//! Names our commands, so that the page may call these and nothing else.

fn main() {
    let commands = tauri_build::AppManifest::new().commands(&[
        "account_picture",
        "add_profile",
        "cancel_sign_in",
        "change_setting",
        "check_up",
        "continue_in_browser",
        "copy_sign_in_address",
        "copy_token",
        "open_again",
        "open_outbox",
        "paste_return_address",
        "profiles",
        "refresh",
        "remove_profile",
        "reveal_token",
        "session_state",
        "settings",
        "sign_in",
        "sign_out",
        "sign_out_in_browser",
        "token_details",
        "try_again",
        "try_another_way",
        "use_profile",
        "watch_session",
    ]);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands))
        .expect("the configuration and the capability name only what exists");
}
