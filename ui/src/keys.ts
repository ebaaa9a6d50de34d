// What the keyboard does. One table for each screen: the window obeys it, and the sheet shows it.
//
// Letters go with Ctrl, or ⌘ on a Mac, so that nothing happens by a letter alone (WCAG 2.1, 2.1.4).
import type { SessionState, Verb } from './host/host';
import type { Screen } from './screens.svelte';
import { words } from './words';

export interface Key {
  /** `mod+c`, `Escape`, … */
  combo: string;
  label: string;
  /** A verb of the program, or a screen to go to. Absent where the screen itself, or what has the focus, does it. */
  does?: Verb | Exclude<Screen, 'home'>;
}

/** The screen that is open; at home, the stage. */
export type Place = SessionState['stage']['kind'] | Exclude<Screen, 'home'>;

const { profiles, addProfile, signIn, waiting, signedIn } = words;

const PROFILES: Key = { combo: 'mod+p', label: profiles.title, does: 'profiles' };
const SETTINGS: Key = { combo: 'mod+,', label: words.settings.title, does: 'settings' };
const DIAGNOSTICS: Key = { combo: 'mod+shift+d', label: words.diagnostics.title, does: 'diagnostics' };
const BACK: Key = { combo: 'Escape', label: profiles.back };
const SIGN_IN: Key[] = [
  { combo: 'Enter', label: signIn.submit },
  { combo: 'mod+b', label: signIn.browser, does: { name: 'continue_in_browser' } },
  PROFILES,
  SETTINGS,
  DIAGNOSTICS,
];

const KEYS: Record<Place, Key[]> = {
  starting: [],
  unknown: SIGN_IN,
  signed_out: SIGN_IN,
  signing_in: [
    { combo: 'mod+v', label: waiting.paste },
    { combo: 'mod+o', label: waiting.again, does: { name: 'open_again' } },
    { combo: 'mod+c', label: waiting.copy, does: { name: 'copy_sign_in_address' } },
    { combo: 'mod+t', label: waiting.anotherWay, does: { name: 'try_another_way' } },
    { combo: 'Escape', label: waiting.cancel },
    PROFILES,
    SETTINGS,
    DIAGNOSTICS,
  ],
  signed_in: [
    { combo: 'mod+c', label: signedIn.copy, does: { name: 'copy_token', form: 'access' } },
    { combo: 'mod+1', label: words.keys.copyHeader, does: { name: 'copy_token', form: 'header' } },
    { combo: 'mod+2', label: words.keys.copyCurl, does: { name: 'copy_token', form: 'curl' } },
    { combo: 'mod+3', label: words.keys.copyShell, does: { name: 'copy_token', form: 'shell' } },
    { combo: 'mod+4', label: words.keys.copyIdToken, does: { name: 'copy_token', form: 'id' } },
    { combo: 'mod+d', label: words.details.title, does: 'details' },
    { combo: 'mod+r', label: signedIn.refresh, does: { name: 'refresh' } },
    { combo: 'mod+shift+o', label: signedIn.signOut, does: { name: 'sign_out' } },
    PROFILES,
    SETTINGS,
    DIAGNOSTICS,
  ],
  profiles: [
    { combo: 'Enter', label: words.keys.choose },
    { combo: 'mod+n', label: profiles.add, does: 'add' },
    BACK,
  ],
  add: [{ combo: 'Enter', label: addProfile.submit }, BACK],
  added: [BACK],
  details: [{ combo: 'mod+r', label: signedIn.refresh, does: { name: 'refresh' } }, BACK],
  settings: [BACK],
  diagnostics: [BACK],
};

export const keysOf = (place: Place): Key[] => KEYS[place];

/** Whether this press is that key. */
export function isPress(combo: string, event: KeyboardEvent): boolean {
  const parts = combo.split('+');
  const key = parts.at(-1) ?? '';
  const mod = event.ctrlKey || event.metaKey;
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    mod === parts.includes('mod') &&
    event.shiftKey === parts.includes('shift') &&
    !event.altKey
  );
}

/** Whether this press opens the sheet. A question mark that is typed into a field does not. */
export function isForSheet(event: KeyboardEvent): boolean {
  const typing = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  return plain && (event.key === 'F1' || (event.key === '?' && !typing));
}

/** The key as it is printed on the keyboard. */
export function written(combo: string, isMac: boolean): string {
  const names: Record<string, string> = isMac
    ? { mod: '⌘', shift: '⇧', escape: 'esc', enter: '↩' }
    : { mod: 'Ctrl', shift: 'Shift', escape: 'Esc', enter: 'Enter' };
  const parts = combo.split('+').map((part) => names[part.toLowerCase()] ?? part.toUpperCase());
  return parts.join(isMac ? '' : '+');
}
