//! The page's verbs. Each hands a wish to the [`Desk`] and gives back what came of it, through [`page`](crate::page): of what
//! the person may see, only what they asked for.

#![expect(
    clippy::needless_pass_by_value,
    reason = "commands take what was deserialised for them"
)]

use tauri::{AppHandle, State, ipc::Channel};

use crate::{
    desk::Desk,
    page::{Answer, Refused, Revealed, Told, revealed, told},
    window,
    wire::{
        Added, CopyForm, DetailsView, FindingView, NewProfile, ProfileList, SessionState,
        SettingChange, SettingsView, TokenKind,
    },
};

type Done = Answer<()>;

#[tauri::command]
pub fn session_state(desk: State<'_, Desk>) -> Told<SessionState> {
    Told(desk.state())
}

#[tauri::command]
pub fn watch_session(desk: State<'_, Desk>, channel: Channel<Told<SessionState>>) {
    desk.watch(channel);
}

#[tauri::command]
pub async fn sign_in(desk: State<'_, Desk>, identifier: String) -> Done {
    told(desk.sign_in(Some(&identifier)).await)
}

#[tauri::command]
pub async fn continue_in_browser(desk: State<'_, Desk>) -> Done {
    told(desk.sign_in(None).await)
}

#[tauri::command]
pub async fn open_again(desk: State<'_, Desk>) -> Done {
    told(desk.open_again().await)
}

#[tauri::command]
pub async fn open_outbox(desk: State<'_, Desk>) -> Done {
    told(desk.open_outbox().await)
}

#[tauri::command]
pub async fn try_another_way(desk: State<'_, Desk>) -> Done {
    told(desk.try_another_way().await)
}

#[tauri::command]
pub async fn copy_sign_in_address(desk: State<'_, Desk>) -> Done {
    told(desk.copy_sign_in_address().await)
}

#[tauri::command]
pub async fn paste_return_address(desk: State<'_, Desk>) -> Done {
    told(desk.paste_return_address().await)
}

#[tauri::command]
pub async fn try_again(desk: State<'_, Desk>) -> Done {
    told(desk.try_again().await)
}

#[tauri::command]
pub async fn cancel_sign_in(desk: State<'_, Desk>) -> Done {
    told(desk.cancel_sign_in().await)
}

#[tauri::command]
pub async fn copy_token(desk: State<'_, Desk>, form: CopyForm) -> Done {
    told(desk.copy_token(form).await)
}

#[tauri::command]
pub async fn refresh(desk: State<'_, Desk>) -> Done {
    told(desk.refresh().await)
}

#[tauri::command]
pub async fn sign_out(desk: State<'_, Desk>) -> Done {
    told(desk.sign_out().await)
}

#[tauri::command]
pub async fn sign_out_in_browser(desk: State<'_, Desk>) -> Done {
    told(desk.sign_out_in_browser().await)
}

#[tauri::command]
pub fn account_picture(desk: State<'_, Desk>) -> Told<Option<String>> {
    Told(desk.account_picture())
}

#[tauri::command]
pub fn profiles(desk: State<'_, Desk>) -> Answer<ProfileList> {
    told(desk.profiles())
}

#[tauri::command]
pub async fn use_profile(desk: State<'_, Desk>, profile: String) -> Done {
    told(desk.use_profile(&profile).await)
}

#[tauri::command]
pub async fn add_profile(desk: State<'_, Desk>, profile: NewProfile) -> Answer<Added> {
    told(desk.add_profile(&profile).await)
}

#[tauri::command]
pub async fn remove_profile(desk: State<'_, Desk>, profile: String) -> Done {
    told(desk.remove_profile(&profile).await)
}

#[tauri::command]
pub async fn token_details(desk: State<'_, Desk>) -> Answer<DetailsView> {
    told(desk.token_details().await)
}

#[tauri::command]
pub async fn check_up(desk: State<'_, Desk>, mend: bool) -> Answer<Vec<FindingView>> {
    told(if mend {
        desk.mend().await
    } else {
        desk.check_up().await
    })
}

#[tauri::command]
pub async fn reveal_token(desk: State<'_, Desk>, token: TokenKind) -> Result<Revealed, Refused> {
    revealed(desk.reveal_token(token).await)
}

#[tauri::command]
pub fn settings(desk: State<'_, Desk>) -> Answer<SettingsView> {
    told(desk.settings())
}

#[tauri::command]
pub async fn change_setting(app: AppHandle, desk: State<'_, Desk>, change: SettingChange) -> Done {
    let changed = desk.change_setting(change);
    if let Ok(settings) = &changed {
        window::wear(&app, settings.theme);
    }
    told(changed.map(drop))
}
