//! The least that a Tauri program can be: a window of the app's size, with a page of one colour.
//!
//! `cargo xtask bench` measures the app against it: what both pay is the platform's, what the app pays beyond it is
//! ours. It is built in the same profile with the same features of Tauri. Like the app when asked to, it says on
//! standard error when it reaches the stages of its start, so that the two can be laid side by side.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use tauri::{
    WebviewUrl, WebviewWindowBuilder,
    webview::{PageLoadEvent, PageLoadPayload},
};

fn main() {
    reached("main");
    tauri::Builder::default()
        .setup(|app| {
            reached("set-up");
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("Bare window")
                .inner_size(420.0, 640.0)
                .on_page_load(|_, page: PageLoadPayload<'_>| match page.event() {
                    PageLoadEvent::Started => reached("page-started"),
                    PageLoadEvent::Finished => reached("page-loaded"),
                })
                .build()?;
            reached("window");
            Ok(())
        })
        .run(tauri::generate_context!())
        .expect("a bare window opens");
}

/// One line for the bench, which looks at its clock when it comes.
fn reached(stage: &str) {
    eprintln!("stages: {stage}");
}
