// The door to Rust: the only file of the page that knows Tauri.
//
// State comes through a channel and not as events, because an event can be heard by whoever listens, and the
// deep-link plugin emits raw return links as events. The page has no permission to listen to any.
import { Channel, invoke } from '@tauri-apps/api/core';

import type { Added, DetailsView, FindingView, Host, ProfileList, SessionState, SettingsView, Trouble, Verb } from './host';

export const tauriHost: Host = {
  async watch(receive) {
    await ask('watch_session', { channel: new Channel<SessionState>(receive) });
  },

  sessionState() {
    return ask<SessionState>('session_state');
  },

  async perform({ name, ...details }: Verb) {
    await ask(name, details);
  },

  accountPicture() {
    return ask<string | null>('account_picture');
  },

  details() {
    return ask<DetailsView>('token_details');
  },

  reveal(token) {
    return ask<string>('reveal_token', { token });
  },

  settings() {
    return ask<SettingsView>('settings');
  },

  async changeSetting(change) {
    await ask('change_setting', { change });
  },

  checkUp() {
    return ask<FindingView[]>('check_up', { mend: false });
  },

  mend() {
    return ask<FindingView[]>('check_up', { mend: true });
  },

  profiles() {
    return ask<ProfileList>('profiles');
  },

  async useProfile(profile) {
    await ask('use_profile', { profile });
  },

  addProfile(profile) {
    return ask<Added>('add_profile', { profile });
  },

  async removeProfile(profile) {
    await ask('remove_profile', { profile });
  },
};

async function ask<Answer>(command: string, details: Record<string, unknown> = {}): Promise<Answer> {
  try {
    return await invoke<Answer>(command, details);
  } catch (rejection) {
    throw asTrouble(rejection);
  }
}

/** Commands reject with a `Problem`; Tauri itself rejects with a string, for example for an unknown command. */
function asTrouble(rejection: unknown): Trouble {
  if (typeof rejection === 'object' && rejection !== null && 'reason' in rejection) {
    return rejection as Trouble;
  }
  return { reason: 'unexpected', detail: typeof rejection === 'string' ? rejection : null };
}
