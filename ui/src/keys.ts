// What the keyboard does. One list for each screen: the window obeys it, and the sheet shows it.
//
// Letters go with Ctrl, or ⌘ on a Mac, so that nothing happens by a letter alone (WCAG 2.1, 2.1.4). What has no button
// at the moment has no key either.
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

/** The screen that is open; at home, the stage, or what it looks like. */
export type Place = SessionState['stage']['kind'] | 'welcome' | 'redeeming' | Exclude<Screen, 'home'>;

/** What the person can do now besides. */
export interface Offers {
  /** The sign-in page can be opened again. */
  again: boolean;
  /** Another way back can be tried. */
  anotherWay: boolean;
}

const { profiles, addProfile, signIn, waiting, signedIn, welcome } = words;

const PROFILES: Key = { combo: 'mod+p', label: profiles.title, does: 'profiles' };
const SETTINGS: Key = { combo: 'mod+,', label: words.settings.title, does: 'settings' };
const DIAGNOSTICS: Key = { combo: 'mod+shift+d', label: words.diagnostics.title, does: 'diagnostics' };
const BACK: Key = { combo: 'Escape', label: profiles.back };
const REFRESH: Key = { combo: 'mod+r', label: signedIn.refresh, does: { name: 'refresh' } };
const CANCEL: Key = { combo: 'Escape', label: waiting.cancel, does: { name: 'cancel_sign_in' } };
const ELSEWHERE = [PROFILES, SETTINGS, DIAGNOSTICS];

/** In which a token can be copied besides as it is, in their order on the screen. */
export const FORMS = ['header', 'curl', 'shell', 'id'] as const;

const SIGN_IN: Key[] = [
  { combo: 'Enter', label: signIn.submit },
  { combo: 'mod+b', label: signIn.browser, does: { name: 'continue_in_browser' } },
  ...ELSEWHERE,
];

const again: Key = { combo: 'mod+o', label: waiting.again, does: { name: 'open_again' } };
const anotherWay: Key = { combo: 'mod+t', label: waiting.anotherWay, does: { name: 'try_another_way' } };

const KEYS: Record<Place, Key[]> = {
  starting: [],
  welcome: [
    { combo: 'mod+n', label: welcome.connect, does: 'add' },
    { combo: 'mod+l', label: welcome.tryHere, does: { name: 'use_profile', profile: 'local' } },
    SETTINGS,
    DIAGNOSTICS,
  ],
  unknown: SIGN_IN,
  signed_out: SIGN_IN,
  signing_in: [
    { combo: 'mod+v', label: waiting.paste, does: { name: 'paste_return_address' } },
    again,
    { combo: 'mod+c', label: waiting.copy, does: { name: 'copy_sign_in_address' } },
    anotherWay,
    CANCEL,
    ...ELSEWHERE,
  ],
  // No Escape: the link is back, and is not to be thrown away in passing.
  redeeming: ELSEWHERE,
  signed_in: [
    { combo: 'mod+c', label: signedIn.copy, does: { name: 'copy_token', form: 'access' } },
    ...FORMS.map((form, at): Key => ({
      combo: `mod+${at + 1}`,
      label: words.keys.copyAs(signedIn.forms[form].title),
      does: { name: 'copy_token', form },
    })),
    { combo: 'mod+d', label: words.details.title, does: 'details' },
    REFRESH,
    { combo: 'mod+shift+o', label: signedIn.signOut, does: { name: 'sign_out' } },
    ...ELSEWHERE,
  ],
  profiles: [
    { combo: 'Enter', label: words.keys.choose },
    { combo: 'mod+n', label: profiles.add, does: 'add' },
    BACK,
  ],
  add: [{ combo: 'Enter', label: addProfile.submit }, BACK],
  added: [BACK],
  details: [REFRESH, SETTINGS, DIAGNOSTICS, BACK],
  settings: [DIAGNOSTICS, BACK],
  diagnostics: [SETTINGS, BACK],
};

export function keysOf(place: Place, offers: Offers = { again: true, anotherWay: true }): Key[] {
  return KEYS[place].filter((key) => (key !== again || offers.again) && (key !== anotherWay || offers.anotherWay));
}

/** Whether this press is that key, on any keyboard. */
export function isPress(combo: string, event: KeyboardEvent, isMac: boolean): boolean {
  const parts = combo.split('+');
  const key = parts.at(-1) ?? '';
  const [mod, other] = isMac ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  return (
    !event.isComposing &&
    isOn(key, event) &&
    mod === parts.includes('mod') &&
    event.shiftKey === parts.includes('shift') &&
    !event.altKey &&
    !other
  );
}

/** By what is printed on it. By where it is, where that is none of our letters, or a digit that needs Shift there. */
function isOn(key: string, event: KeyboardEvent): boolean {
  if (event.key.toLowerCase() === key.toLowerCase()) {
    return true;
  }
  const isForeign = /^[^\x00-\x7f]$/.test(event.key);
  return /^\d$/.test(key) ? event.code === `Digit${key}` : isForeign && event.code === `Key${key.toUpperCase()}`;
}

/** Whether this press opens the sheet. A question mark that is typed into a field does not. */
export function isForSheet(event: KeyboardEvent): boolean {
  const typing =
    event.target instanceof HTMLElement &&
    event.target.matches('input:not([type="radio"], [type="checkbox"]), select, textarea');
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
  return plain && (event.key === 'F1' || (event.key === '?' && !typing));
}

/** Whether this computer has a Mac's keyboard. */
export const isMac = (): boolean => navigator.userAgent.includes('Mac');

/** The key as it is printed on the keyboard. */
export function written(combo: string, isMac: boolean): string {
  const names: Record<string, string> = isMac
    ? { mod: '⌘', shift: '⇧', escape: 'esc', enter: '↩' }
    : { mod: 'Ctrl', shift: 'Shift', escape: 'Esc', enter: 'Enter' };
  const parts = combo.split('+').map((part) => names[part.toLowerCase()] ?? part.toUpperCase());
  return parts.join(isMac ? '' : '+');
}
