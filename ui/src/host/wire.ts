// Generated from the Rust types by `cargo xtask bindings`. Do not edit.

export type Reason = "invalid_identifier" | "browser_not_opened" | "offline" | "provider_broken" | "provider_refused" | "redirect_not_allowed" | "local_provider_not_started" | "link_malformed" | "link_foreign" | "sign_in_expired" | "sign_in_denied" | "code_refused" | "verification_failed" | "sign_in_needed" | "busy" | "keyring_waiting" | "keyring_unavailable" | "keyring_damaged" | "clock_wrong" | "loopback_not_opened" | "clipboard_failed" | "nothing_to_paste" | "link_handler_missing" | "config_invalid";

/** Something that went wrong, or that the person should know. `detail` is short, safe to show, and optional. */
export type Problem = { reason: Reason, detail: string | null, };

/** The whole of what the window shows. Sent at every change. */
export type SessionState = { profile: ProfileView, stage: Stage, notices: Array<Problem>, };

/** `trial`: the bundled local provider, for trying things out. `issuer`: the provider's base URL, "" until it is known. */
export type ProfileView = { name: string, issuer: string, trial: boolean, };

export type Stage = { "kind": "starting" } | { "kind": "signed_out", problem: Problem | null, } | { "kind": "signing_in", attempt: AttemptView, problem: Problem | null, } | { "kind": "signed_in", account: AccountView, token: TokenView, kept: boolean, refreshing: boolean, problem: Problem | null, };

/** `identifier` is null after "Continue in browser". Times are milliseconds since 1970. */
export type AttemptView = { identifier: string | null, step: AttemptStep, door: DoorKind, waits_until_ms: number, send_again_at_ms: number, another_way_at_ms: number, };

/** `redeeming`: the link came back and the code is being exchanged. */
export type AttemptStep = "waiting" | "redeeming";

export type DoorKind = "deep_link" | "loopback";

export type AccountView = { identifier: string, identifier_kind: IdentifierKind, subject: string, };

export type IdentifierKind = "email" | "phone" | "other";

/** `verified_by`: id of the key that the signature was checked with; null while it was not checked in this run. */
export type TokenView = { expires_at_ms: number, lifetime_ms: number, verified_by: string | null, };
